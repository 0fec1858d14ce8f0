"""What a packet costs among ten thousand and among a million flows: decode, flow table, clock hand and coverage, all flows known before."""

from __future__ import annotations

import time
from typing import Any

from detectors.tokens import FixedKeys
from sensor.line.assign import LineBook
from sensor.line.places import Places
from sensor.line.registry import Registry
from sensor.packet.batch import Source
from sensor.settings import SensorSettings
from sensor.stream.engine import StreamEngine
from sensor.worker import Worker
from tests.accuracy.replay import EveryFlow, MemoryOutbox, catalogue, measuring_registry
from tests.bench.made import MadePackets, any_flow, each_flow

FEW, MANY = 10_000, 1_000_000
# Flows, and the table's room: few in a table of their own size, then in the large one, where each of their lines is on a page of its own.
CASES = ((FEW, 1 << 14), (FEW, 1 << 21), (MANY, 1 << 21))
BATCH = 8192
BATCHES = 64
TURNS = 6


def new_worker(source: Source, flows: int, content: bool, entries: int = 1 << 12, batch: int = BATCH) -> Worker:
    """A worker that keeps its records to itself; without content it is on no line, so that only heads are looked at."""
    book = EveryFlow(measuring_registry(), Places(), source.interfaces) if content else LineBook(Registry(), Places(), source.interfaces)
    settings = SensorSettings(flows=flows, batch_packets=batch)
    engine = StreamEngine(entries=entries, windows=1 << 11, pieces=1 << 11, capacity=1 << 13)
    return Worker(source, book, catalogue(), FixedKeys(), MemoryOutbox(), settings, "made", engine=engine)


def fill(worker: Worker, flows: int, batch: int = BATCH) -> None:
    """Let `worker` meet so many flows."""
    worker.source = MadePackets(each_flow(flows), batch)
    while not worker.source.finished:
        worker.step(0.0)


class Case:
    """A worker that knows `flows` flows, in a table with room for `room`, and the packets of a turn."""

    def __init__(self, flows: int, room: int) -> None:
        self.flows, self.source = flows, MadePackets(any_flow(flows, BATCH * BATCHES), BATCH, TURNS)
        self.worker = new_worker(self.source, room, content=False)
        fill(self.worker, flows)
        self.worker.source = self.source

    def turn(self) -> float:
        """ns of CPU a packet over one turn."""
        begun = time.thread_time_ns()
        for _ in range(BATCHES):
            self.worker.step(0.0)
        took = (time.thread_time_ns() - begun) / (BATCH * BATCHES)
        assert self.worker.flows.active == self.flows
        return took


def measure() -> dict[str, Any]:
    """ns a packet, and ratios; the cases take turns, and the fastest turn of each counts."""
    cases = [Case(flows, room) for flows, room in CASES]
    turns = [[case.turn() for case in cases] for _ in range(TURNS)]
    fastest = [min(took) for took in zip(*turns, strict=True)]
    small, few, many = fastest
    return {"cases": [{"flows": flows, "room": room, "ns_a_packet": ns} for (flows, room), ns in zip(CASES, fastest, strict=True)],
            "ratio": many / small, "ratio_same_table": many / few, "more_ns": many - small}


def show(result: dict[str, Any]) -> None:
    """A line a case."""
    for case in result["cases"]:
        print(f"a packet among {case['flows']:9,} flows, table for {case['room']:9,}: {case['ns_a_packet']:.0f} ns")
    print(f"many to few: {result['more_ns']:+.0f} ns, ratio {result['ratio']:.2f}; in the same table {result['ratio_same_table']:.2f}")
