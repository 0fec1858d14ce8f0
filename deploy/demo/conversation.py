"""TCP and UDP conversations as scapy frames: handshake, segments, acknowledgements, loss and disorder."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Packet, Raw

MSS = 1400


class Ends(NamedTuple):
    """Who talks to whom on which VLAN; `src` opens."""

    vlan: int
    src: str
    sport: int
    dst: str
    dport: int


class Turn(NamedTuple):
    """What one end says before it listens again."""

    from_src: bool
    data: bytes


def converse(
    ends: Ends, turns: list[Turn], start_s: float, rng: random.Random, segment: int = MSS, disorder: float = 0.0
) -> Iterator[Packet]:
    """One whole TCP conversation; `disorder` is the share of segments that come late or twice."""
    seq = {True: rng.getrandbits(32), False: rng.getrandbits(32)}
    at = start_s
    yield _tcp(ends, True, seq[True], 0, "S", b"", at)
    at += 0.045
    yield _tcp(ends, False, seq[False], seq[True] + 1, "SA", b"", at)
    at += 0.0004
    seq = {side: number + 1 for side, number in seq.items()}
    yield _tcp(ends, True, seq[True], seq[False], "A", b"", at)
    for turn in turns:
        late: list[Packet] = []
        for begin in range(0, len(turn.data), segment):
            piece = turn.data[begin : begin + segment]
            at += rng.expovariate(2500)
            frame = _tcp(ends, turn.from_src, seq[turn.from_src] + begin, seq[not turn.from_src], "PA", piece, at)
            if rng.random() < disorder:
                late.append(frame)
                if rng.random() < 0.5:
                    yield frame  # this one comes twice
                continue
            yield frame
            for held in late:
                at += 0.0002
                held.time = at
                yield held
            late = []
        for held in late:
            at += 0.0002
            held.time = at
            yield held
        seq[turn.from_src] += len(turn.data)
        at += 0.02
        yield _tcp(ends, not turn.from_src, seq[not turn.from_src], seq[turn.from_src], "A", b"", at)
    yield _tcp(ends, True, seq[True], seq[False], "FA", b"", at + 0.01)
    yield _tcp(ends, False, seq[False], seq[True] + 1, "FA", b"", at + 0.05)
    yield _tcp(ends, True, seq[True] + 1, seq[False] + 1, "A", b"", at + 0.051)


def datagram(ends: Ends, from_src: bool, data: bytes, at_s: float) -> Packet:
    """One UDP datagram."""
    layer = UDP(sport=ends.sport, dport=ends.dport) if from_src else UDP(sport=ends.dport, dport=ends.sport)
    return _frame(ends, from_src, layer / Raw(data), at_s)


def _tcp(ends: Ends, from_src: bool, seq: int, ack: int, flags: str, data: bytes, at_s: float) -> Packet:
    sport, dport = (ends.sport, ends.dport) if from_src else (ends.dport, ends.sport)
    layer = TCP(sport=sport, dport=dport, seq=seq & 0xFFFFFFFF, ack=ack & 0xFFFFFFFF if "A" in flags else 0, flags=flags, window=65535)
    return _frame(ends, from_src, layer / Raw(data) if data else layer, at_s)


def _frame(ends: Ends, from_src: bool, layer: Packet, at_s: float) -> Packet:
    src, dst = (ends.src, ends.dst) if from_src else (ends.dst, ends.src)
    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / Dot1Q(vlan=ends.vlan) / IP(src=src, dst=dst, ttl=62) / layer
    frame.time = at_s
    return frame
