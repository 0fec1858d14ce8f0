"""A wire for tests: segments and datagrams in, what the streams hand on out; and the plain twin of TCP's order."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from detectors.units import FIRST, GAP, LAST, PAD
from sensor.flow.columns import new_touch
from sensor.frame.columns import new_frames
from sensor.stream.columns import CARRY_DROPPED, FREE_HELD, FREE_WINDOWS, OCTET_REASONS, SLOT
from sensor.stream.engine import StreamEngine

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MS = 1_000_000
OUT, BACK = 0, 1  # ways of a flow


class Segment(NamedTuple):
    """One packet: `data` stands at `at` octets behind the initial sequence number."""

    way: int
    at: int
    data: bytes = b""
    flags: int = ACK
    ack: int = 0          # octets of the other way that are acknowledged
    snapped: int = 0      # octets at the end that were on the wire and not captured
    ts_ns: int = 0
    ports: tuple[int, int] = (40000, 9999)
    proto: int = 6
    fragment: int = 0
    flow: int = 0


@dataclass
class Message:
    """What was shown of one message."""

    data: bytes = b""
    way: int = 0
    media: int = 0
    coding: int = 0
    charset: int = 0
    gap: bool = False
    first: bool = False
    last: bool = False
    carried: bool = True  # whether each unit's carried octets were the end of those before


@dataclass
class Wire:
    """Flows with both their directions, and the little engine that orders them."""

    outbound: int = OUT
    proto: int = 6
    port: int = 9999
    isn: tuple[int, int] = (1000, 5000)
    capacity: int = 700
    windows: int = 700
    pieces: int = 64
    verdict: int = 0
    flows: int = 1
    relieved: int = 0  # times that directions had to give windows up
    messages: dict[int, Message] = field(default_factory=dict)
    events: list[tuple[int, int, bytes]] = field(default_factory=list)  # way, Proto, octets

    def __post_init__(self) -> None:
        n = self.flows
        self.engine = StreamEngine(entries=n, windows=self.windows, pieces=self.pieces, capacity=self.capacity)
        self.content_of = self.engine.open(
            np.arange(n), np.full(n, self.outbound, np.uint8), np.full(n, self.proto, np.uint8), np.full(n, self.port, np.uint16)
        )

    def send(self, segments: list[Segment]) -> None:
        """Through the engine as one batch."""
        n = len(segments)
        frames, touch, times = new_frames(max(n, 1)), new_touch(max(n, 1)), np.zeros(max(n, 1), np.int64)
        buf = np.frombuffer(b"".join(s.data for s in segments) + bytes(PAD), np.uint8).copy()
        start = 0
        for i, s in enumerate(segments):
            frame, length = frames[i], len(s.data)
            frame["payload"], frame["payload_len"], frame["payload_wire"] = start, length, length + s.snapped
            frame["tcp_seq"] = (self.isn[s.way] + 1 + s.at - bool(s.flags & SYN)) & 0xFFFFFFFF
            frame["tcp_ack"] = (self.isn[1 - s.way] + 1 + s.ack) & 0xFFFFFFFF
            frame["tcp_flags"], frame["proto"], frame["fragment"] = s.flags, s.proto, s.fragment
            frame["sport"], frame["dport"] = s.ports
            touch.slot[i], touch.direction[i], times[i] = s.flow, s.way, s.ts_ns
            start += length
        row = 0
        while row < n:
            done = self.engine.order(buf, frames, times, touch, self.content_of, row, n)
            if done < n:
                had = self.look()
                if done == row and not had:
                    self.relieved += 1
                    assert self.relieved <= 100, "nothing was given up"
                    self.flush(forget=True)
            row = done

    def flush(self, forget: bool = False, now_ns: int = 0) -> None:
        """As at the end of a minute."""
        at = 0
        while at >= 0:
            at = self.engine.flush(at, forget, now_ns)
            self.look()

    def close(self) -> None:
        """The flows are over."""
        at = 0
        while at < self.flows:
            at = self.engine.close(self.content_of, at)
            self.look()

    def look(self) -> bool:
        """Take what is ready; whether there was anything."""
        events, pool = self.engine.events(), self.engine.streams.pool
        for e in events:
            self.events.append((int(e["direction"]) & 1, int(e["proto"]), pool[int(e["start"]) : int(e["stop"])].tobytes()))
        had = len(events) > 0
        self.engine.settle_events()
        units, n = self.engine.units()
        rows = self.engine.unit_rows()["direction"].copy()
        for i in range(n):
            self.show(units, i, int(rows[i]) & 1)
        self.engine.settle_units(np.full(n, self.verdict, np.uint8))
        return had or n > 0

    def show(self, units, i: int, way: int) -> None:  # type: ignore[no-untyped-def]
        """One unit, as the detectors would see it."""
        message = self.messages.setdefault(int(units.stream[i]), Message(way=way))
        data = units.buf[int(units.start[i]) : int(units.stop[i])].tobytes()
        carried, flags = int(units.carried[i]), int(units.flags[i])
        message.carried &= message.data.endswith(data[:carried])
        message.data += data[carried:]
        message.media, message.coding, message.charset = int(units.media[i]), int(units.coding[i]), int(units.charset[i])
        message.gap |= bool(flags & GAP)
        message.first |= bool(flags & FIRST)
        assert not message.last, "a unit behind the last one"
        message.last |= bool(flags & LAST)

    def octets(self, way: int, flow: int = 0) -> dict[str, int]:
        """Octets by reason, zeros left out."""
        counted = self.engine.streams.directions["octets"][int(self.content_of[flow]) * 2 + way]
        return {reason: int(n) for reason, n in zip(OCTET_REASONS, counted, strict=True) if n}

    def shown(self, way: int = OUT) -> list[bytes]:
        """Octets of each message of one way, in order."""
        return [m.data for _, m in sorted(self.messages.items()) if m.way == way and m.data]

    def check(self) -> None:
        """After `close`: all octets have a reason, all windows and pieces are free again, all messages ended."""
        for flow, way in itertools.product(range(self.flows), (OUT, BACK)):
            direction = self.engine.streams.directions[int(self.content_of[flow]) * 2 + way]
            octets = self.octets(way, flow)
            assert sum(octets.values()) - octets.get("missed", 0) == int(direction["payload"]), octets
            assert min(octets.values(), default=0) >= 0, octets
        control, slots, held = self.engine.streams.control, self.engine.streams.slots, self.engine.streams.held
        datagrams = int((slots[:, 1] > 0).sum())
        assert datagrams <= 1, "only the datagrams' window is held"
        assert control[FREE_WINDOWS] + datagrams == len(slots)
        free, piece = 0, int(control[FREE_HELD])
        while piece >= 0:
            free, piece = free + 1, int(held["next"][piece])
        assert free == len(held)
        assert all(m.first and (m.last or control[CARRY_DROPPED]) and m.carried for m in self.messages.values())
        assert SLOT * len(slots) <= len(self.engine.streams.pool)


def segments_of(data: bytes, cuts: list[int], way: int = OUT, **rest: int) -> list[Segment]:
    """`data` cut at `cuts`, in order."""
    edges = [0, *sorted({c % max(1, len(data)) for c in cuts} - {0}), len(data)]
    return [Segment(way, a, data[a:b], **rest) for a, b in zip(edges[:-1], edges[1:], strict=True)]  # type: ignore[arg-type]


def first_copies(segments: list[Segment]) -> dict[int, int]:
    """The plain twin: octet by place, the first copy that came counts."""
    seen: dict[int, int] = {}
    for s in segments:
        for i, octet in enumerate(s.data):
            seen.setdefault(s.at + i, octet)
    return seen


def runs_of(seen: dict[int, int]) -> list[bytes]:
    """What lies together, in order."""
    runs: list[bytearray] = []
    last = None
    for place in sorted(seen):
        if last is None or place != last + 1:
            runs.append(bytearray())
        runs[-1].append(seen[place])
        last = place
    return [bytes(r) for r in runs]
