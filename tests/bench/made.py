"""Made packets as a source: so many flows, in batches made before the clock runs."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sensor.packet.batch import Packets

ETHERNET = bytes.fromhex("020000000002020000000001") + b"\x08\x00"
TEXT = b"GET / HTTP/1.1\r\n"
LENGTH = 14 + 20 + 20 + len(TEXT)
FIRST_NS = 1_795_651_200_000_000_000
GAP_NS = 500  # between two packets: two million a second
IP_AT, TCP_AT = 14, 34


def make_frames(flows: np.ndarray, first: int) -> np.ndarray:
    """Ethernet, IPv4, TCP and TEXT of flow number flows (n,) each: uint8 (n, LENGTH). first: the first one's place among all packets."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, LENGTH - 14, 0, 0x4000, 64, 6, 0, bytes(4), bytes((203, 0, 113, 9)))
    tcp = struct.pack("!HHIIBBHHH", 0, 80, 0, 0, 0x50, 0x18, 8192, 0, 0)
    frames = np.tile(np.frombuffer(ETHERNET + ip + tcp + TEXT, np.uint8), (len(flows), 1))

    def put(at: int, values: np.ndarray, kind: str) -> None:
        octets = np.ascontiguousarray(values.astype(kind)).view(np.uint8).reshape(len(flows), -1)
        frames[:, at : at + octets.shape[1]] = octets

    put(IP_AT + 12, 0x0A000000 + flows, ">u4")  # 10.0.0.0/8: a source a flow
    put(TCP_AT, 1024 + flows % 60_000, ">u2")
    put(TCP_AT + 4, (first + np.arange(len(flows))) * len(TEXT), ">u4")
    return frames


class MadePackets:
    """Batches one after another, and again from the first when `turns` is more than one; see `sensor.packet.batch.Source`."""

    def __init__(self, flows: np.ndarray, batch: int, turns: int = 1) -> None:
        """flows: the flow number of every packet, int64 (n,)."""
        self.interfaces, self.digest, self.drops, self.problem = ["made"], "made", 0, None
        self._batches = [np.append(make_frames(flows[at : at + batch], at).reshape(-1), np.zeros(256, np.uint8))
                         for at in range(0, len(flows), batch)]
        self._rows = [len(flows[at : at + batch]) for at in range(0, len(flows), batch)]
        self._left, self._taken = turns * len(self._batches), 0
        self.size = self._left

    @property
    def finished(self) -> bool:
        """All turns are over."""
        return self._left == 0

    @property
    def position(self) -> int:
        """Batches read."""
        return self.size - self._left

    def read(self, packets: Packets, wait_s: float = 0.0) -> tuple[np.ndarray, int]:  # noqa: ARG002 - never waits
        """The next batch."""
        index = self.position % len(self._batches)
        n = self._rows[index]
        packets.start[:n] = np.arange(n) * LENGTH
        packets.caplen[:n] = packets.wirelen[:n] = LENGTH
        packets.ts_ns[:n] = FIRST_NS + (self._taken + np.arange(n)) * GAP_NS
        packets.link[:n], packets.iface[:n], packets.vlan_tci[:n] = 1, 0, -1
        self._left, self._taken = self._left - 1, self._taken + n
        return self._batches[index], n

    def close(self) -> None:
        """Nothing is open."""


def each_flow(n: int) -> np.ndarray:
    """One packet of each of `n` flows, in a fixed disorder: int64 (n,)."""
    return np.random.default_rng(1).permutation(n)


def any_flow(n: int, packets: int) -> np.ndarray:
    """`packets` packets, each of any of `n` flows: int64 (packets,)."""
    return np.random.default_rng(2).integers(0, n, packets)


def write_pcap(path: Path, flows: np.ndarray) -> None:
    """The same packets as a capture file."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for head, frames in _chunks(flows):
            file.write(np.concatenate((head, frames), axis=1).tobytes())


def _chunks(flows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Record headers, uint8 (n, 16), and packets."""
    for at in range(0, len(flows), 1 << 16):
        part = flows[at : at + (1 << 16)]
        times = FIRST_NS + (at + np.arange(len(part), dtype=np.int64)) * GAP_NS
        head = np.full((len(part), 4), LENGTH, "<u4")
        head[:, 0], head[:, 1] = times // 10**9, times % 10**9
        yield head.view(np.uint8), make_frames(part, at)
