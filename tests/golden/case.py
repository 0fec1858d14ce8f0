"""What a golden case is, and how its packets are made: conversations of the demonstration, put on any link layer."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from tests.conftest import ROOT

sys.path.append(str(ROOT / "deploy" / "demo"))
from conversation import Ends, Turn, converse, datagram  # noqa: E402
from people import make_persons  # noqa: E402

START_S = 1_795_417_200.0  # 2026-11-23 07:00 UTC
HERE, THERE = "10.1.0.5", "203.0.113.9"  # domestic, foreign by the lines below
ETHERNET = 1

HOLDER = 'holder = { name = "甲", usci = "91350100M000100Y43" }\n'
BASIS = 'legal_basis = { kind = "authority", reference = "golden", from = 2026-01-01, until = 2026-12-31 }\ninspection = "content"\n'
ENDS = 'domestic = ["10.1.0.0/16", "2001:db8:1::/48"]\nforeign = ["203.0.113.0/24", "2001:db8:2::/48"]\n'
LINE = f'[[line]]\nid = "L"\nfar = "SG"\nany = true\n{ENDS}{HOLDER}{BASIS}'


class Case(NamedTuple):
    """One capture and the registry it is replayed under."""

    packets: Callable[[], Iterable[Packet]]  # the same each time
    lines: str = LINE
    link: int = ETHERNET


def talk(*said: bytes, src: str = HERE, dst: str = THERE, dport: int = 80, segment: int = 1400, at_s: float = 0.0) -> list[Packet]:
    """One TCP conversation over plain Ethernet; `src` opens it, and the ends take turns to speak."""
    ends = Ends(1, src, 40_000 + int(at_s) % 1000, dst, dport)
    turns = [Turn(i % 2 == 0, data) for i, data in enumerate(said)]
    return [untag(frame) for frame in converse(ends, turns, START_S + at_s, random.Random(7), segment)]


def ask(*said: bytes, src: str = HERE, dst: str = THERE, dport: int = 53) -> list[Packet]:
    """Datagrams, the ends in turns."""
    ends = Ends(1, src, 40_000, dst, dport)
    return [untag(datagram(ends, i % 2 == 0, data, START_S + i * 0.03)) for i, data in enumerate(said)]


def untag(frame: Packet) -> Packet:
    """Without the VLAN tag that the demonstration's frames have."""
    return relink(frame, lambda ip: Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / ip)


def relink(frame: Packet, wrap: Callable[[Packet], Packet]) -> Packet:
    """The frame's IP packet in other layers, at the same moment."""
    packet = wrap(frame[IP].copy())
    packet.time = frame.time
    return packet


def on_link(frames: list[Packet], wrap: Callable[[Packet], Packet]) -> Iterator[Packet]:
    """All frames in other layers."""
    return (relink(frame, wrap) for frame in frames)


def post(body: bytes, kind: str = "application/json", more: str = "") -> bytes:
    """One HTTP request with a body."""
    head = f"POST /v1/sync HTTP/1.1\r\nHost: api.example.net\r\nUser-Agent: sync/2\r\nContent-Type: {kind}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def persons_json(n: int = 2, ascii_only: bool = False) -> bytes:
    """Made-up persons, always the same."""
    rows = [{"name": p.name, "id_no": p.resident_id, "mobile": p.mobile} for p in make_persons(n, 11)]
    return json.dumps(rows, ensure_ascii=ascii_only).encode()


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
