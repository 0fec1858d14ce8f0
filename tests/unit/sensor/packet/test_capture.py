"""Capture files of every form the sensor reads, whole and damaged."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from sensor.packet.batch import new_packets
from sensor.packet.capture import CaptureFile, open_capture

PACKETS = [(1_700_000_000_123_456_000 + k * 1_000_001_000, bytes([k]) * (60 + k)) for k in range(5)]


def pcap(order: str, nanos: bool, link: int = 1) -> bytes:
    out = struct.pack(order + "IHHIIII", 0xA1B23C4D if nanos else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    for ts, data in PACKETS:
        out += struct.pack(order + "IIII", ts // 10**9, ts % 10**9 // (1 if nanos else 1000), len(data), len(data) + 7) + data
    return out


def block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def pcapng(order: str) -> bytes:
    """Two interfaces with clocks of their own, an option, an unknown block, and packets of all three kinds."""
    name = struct.pack(order + "HH", 2, 4) + b"eth7"
    resolution = struct.pack(order + "HHB3x", 9, 1, 9)
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(order, 1, struct.pack(order + "HHI", 1, 0, 0) + name + resolution + struct.pack(order + "I", 0))
    out += block(order, 1, struct.pack(order + "HHI", 101, 0, 0))
    out += block(order, 0x0BAD, b"unknown")
    for k, (ts, data) in enumerate(PACKETS):
        ticks = ts if k % 2 == 0 else ts // 1000
        out += block(order, 6, struct.pack(order + "IIIII", k % 2, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) + 7) + data)
    return out


def read_all(path: Path, capacity: int = 2) -> tuple[list[tuple[int, bytes, int, int]], CaptureFile]:
    source, packets, found = open_capture(path), new_packets(capacity), []
    while not source.finished:
        buf, n = source.read(packets)
        for i in range(n):
            start = int(packets.start[i])
            data = buf[start : start + packets.caplen[i]].tobytes()
            found.append((int(packets.ts_ns[i]), data, int(packets.wirelen[i]), int(packets.link[i])))
    source.close()
    return found, source


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanos", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_pcap(tmp_path: Path, order: str, nanos: bool, packed: bool) -> None:
    path = tmp_path / "a.pcap"
    octets = pcap(order, nanos)
    path.write_bytes(gzip.compress(octets) if packed else octets)
    found, source = read_all(path)
    assert [(ts, data) for ts, data, _, _ in found] == PACKETS
    assert [wire for _, _, wire, _ in found] == [len(data) + 7 for _, data in PACKETS]
    assert source.problem is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(pcapng(order))
    found, source = read_all(path)
    assert [(ts, data) for ts, data, _, _ in found] == PACKETS
    assert [link for *_, link in found] == [1, 101, 1, 101, 1]
    assert source.interfaces == ["eth7", ""]


def test_cut_at_every_octet_gives_what_is_whole(tmp_path: Path) -> None:
    for octets in (pcap("<", False), pcapng("<")):
        path = tmp_path / "cut"
        for stop in range(28, len(octets), 13):
            path.write_bytes(octets[:stop])
            found, source = read_all(path, 8)
            assert [(ts, data) for ts, data, _, _ in found] == PACKETS[: len(found)]
            assert len(found) == len(PACKETS) or source.problem is None or "byte" in source.problem


def test_absurd_length_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    octets = bytearray(pcap("<", False))
    octets[24 + 8 : 24 + 12] = b"\xff\xff\xff\x7f"
    path.write_bytes(octets)
    found, source = read_all(path)
    assert found == [] and source.problem is not None and source.problem.endswith("absurd length at byte 24")


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "text.pcap"
    path.write_text("no capture at all, but long enough to hold a header")
    with pytest.raises(ValueError, match="text.pcap: neither pcap nor pcapng"):
        open_capture(path)


def test_damaged_gzip_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap.gz"
    path.write_bytes(gzip.compress(pcap("<", False), mtime=0)[:-20])
    found, source = read_all(path, 8)
    assert source.problem is not None and "gzip damaged" in source.problem
    assert [(ts, data) for ts, data, _, _ in found] == PACKETS[: len(found)]


def test_digest_is_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pcap("<", False))
    (tmp_path / "b").write_bytes(pcap("<", False))
    (tmp_path / "c").write_bytes(pcap("<", True))
    digests = [open_capture(tmp_path / name).digest for name in "abc"]
    assert digests[0] == digests[1] != digests[2]
    assert np.all([len(d) == 16 for d in digests])
