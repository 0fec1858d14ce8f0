"""Windows handed to workers: all packets of a capture, each once, in order, with their frames, octets and interfaces."""

from __future__ import annotations

import gzip
import random
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from sensor.frame.columns import new_frames
from sensor.frame.decode_kernels import decode_frames
from sensor.packet.batch import Source, new_packets
from sensor.packet.capture import WINDOW, open_capture
from sensor.packet.paced import Paced
from sensor.packet.shared import SLOTS, Filler, Ring, SharedFeed
from sensor.shares import FORK

SECRETS = np.arange(1, 9, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
Seen = tuple[int, bytes, str, str]  # time, octets, frame, interface


def frame(n: int, length: int) -> bytes:
    """An Ethernet frame with a UDP datagram of its own number."""
    packet = struct.pack(">HHHHI", 1000, 2000, 12 + length, 0, n) + bytes([n & 0xFF]) * length
    head = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(packet), 0, 0, 64, 17, 0, 0x0A000000 + n % 97, 0xCB007100 + n % 31)
    return bytes(12) + b"\x08\x00" + head + packet


def pcap(frames: list[bytes]) -> bytes:
    records = [struct.pack("<IIII", 1_700_000_000 + i, 0, len(f), len(f)) + f for i, f in enumerate(frames)]
    return struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records)


def block(kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(frames: list[bytes]) -> bytes:
    """An interface begins every few packets; in the middle lies a block larger than the window."""
    out, interfaces = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))], 0
    for i, octets in enumerate(frames):
        if i % (len(frames) // 5) == 0:
            name = f"eth{interfaces}接口".encode()
            out.append(block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 2, len(name)) + name + bytes(-len(name) % 4 + 4)))
            interfaces += 1
        if i == len(frames) // 2:
            out.append(block(0x0BAD, bytes(WINDOW + WINDOW // 2)))
        ticks = (1_700_000_000 + i) * 1_000_000
        out.append(block(6, struct.pack("<IIIII", interfaces - 1, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets)) + octets))
    return b"".join(out)


def alone(path: Path) -> list[Seen]:
    source, packets, frames, found = open_capture(path), new_packets(), new_frames(), []
    while not source.finished:
        buf, n = source.read(packets)
        decode_frames(buf, packets, n, frames)
        for i in range(n):
            start = int(packets.start[i])
            frame = frames[i : i + 1].copy()
            frame["payload"] -= start
            octets = buf[start : start + packets.caplen[i]].tobytes()
            found.append((int(packets.ts_ns[i]), octets, str(frame.tolist()), source.interfaces[packets.iface[i]]))
    source.close()
    return found


def take_all(feed: SharedFeed, found: list[Seen], most: int) -> None:
    while not feed.finished:
        buf, packets, frames, n = feed.take(most)
        assert n <= most
        for i in range(n):
            start = int(packets.start[i])
            frame = frames[i : i + 1].copy()
            frame["payload"] -= start
            octets = buf[start : start + packets.caplen[i]].tobytes()
            found.append((int(packets.ts_ns[i]), octets, str(frame.tolist()), feed.interfaces[packets.iface[i]]))


def shared(source: Source, most: int, shares: int = 2) -> list[list[Seen]]:
    ring = Ring(FORK, shares)
    filler, found = Filler(ring, source, SECRETS), [list[Seen]() for _ in range(shares)]
    threads = [threading.Thread(target=take_all, args=(SharedFeed(ring, k), found[k], most), daemon=True) for k in range(shares)]
    for thread in threads:
        thread.start()
    while not source.finished:
        filler.fill(lambda share: ring.free[share].acquire(timeout=30))
    filler.end()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    source.close()
    return found


@pytest.mark.jit_only  # tens of thousands of packets
@pytest.mark.parametrize("form", ["pcap", "pcap.gz", "pcapng"])
def test_all_of_a_capture_comes_once_and_in_order(tmp_path: Path, form: str) -> None:
    chosen = random.Random(7)
    frames = [frame(n, chosen.choice([0, 1, 30, 400, 1400])) for n in range(60_000)]  # several turns of the ring
    octets = pcapng(frames) if form == "pcapng" else pcap(frames)
    assert len(octets) > (SLOTS + 2) * WINDOW
    path = tmp_path / form
    path.write_bytes(gzip.compress(octets, 1) if form == "pcap.gz" else octets)
    want = alone(path)
    found = shared(open_capture(path), most=1000)
    assert len(want) == 60_000
    for part in found:
        assert len(part) > 20_000
        times = {seen[0] for seen in part}
        assert part == [seen for seen in want if seen[0] in times]
    assert sum(map(len, found)) == len(want)


def test_packets_smaller_than_a_window_holds_rows_for(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([frame(n, 0)[: 14 + n % 3] for n in range(300)]))
    assert sorted(sum(shared(open_capture(path), most=7), [])) == sorted(alone(path))


def test_a_cut_capture_gives_what_is_whole_and_its_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([frame(n, 10) for n in range(50)])[:-5])
    source = open_capture(path)
    assert len(sum(shared(source, most=100), [])) == 49
    assert source.problem is not None and "cut short" in source.problem


def test_a_paced_capture_comes_through_windows_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([frame(n, 10) for n in range(20)]))
    now = [0.0]
    source = Paced(open_capture(path), clock=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    assert sorted(sum(shared(source, most=100), [])) == sorted(alone(path))


def test_a_worker_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([frame(n, 10) for n in range(200)]))
    ring, source = Ring(FORK, 2), open_capture(path)
    filler = Filler(ring, source, SECRETS)
    while not source.finished:
        filler.fill(lambda share: share == 0 and ring.free[0].acquire(timeout=1))
    filler.end()
    found: list[Seen] = []
    take_all(SharedFeed(ring, 0), found, 1000)
    assert 50 < len(found) < 150
