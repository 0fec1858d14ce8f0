"""Columns beside the flow table: what is known of each flow by slot, and the joins that records need."""

from __future__ import annotations

import numpy as np

from sensor.coverage.ledger import CoverageLedger, Lane
from sensor.coverage.ledger_kernels import NOBODY, STAYS
from sensor.line.assign import FROM_PLACES, FROM_REGISTRY, Assignment, LineBook
from sensor.line.assign_kernels import BOTH, DST, NEITHER, SRC, UNSURE

OUTBOUND = np.array([0, 1, STAYS, NOBODY, NOBODY], np.uint8)  # direction that goes out, by domestic end
END_WORDS = {SRC: "src", DST: "dst", BOTH: "both", NEITHER: "none", UNSURE: "unknown"}


class Beside:
    """By slot: coverage lane, outbound direction, content entry, domestic end, destination and where it is known from."""

    def __init__(self, slots: int, book: LineBook, ledger: CoverageLedger) -> None:
        self.book, self.ledger = book, ledger
        self.lane_of = np.zeros(slots, np.int32)
        self.outbound_of = np.full(slots, NOBODY, np.uint8)
        self.content_of = np.full(slots, -1, np.int32)
        self.end_of = np.full(slots, UNSURE, np.uint8)
        self.source_of = np.zeros(slots, np.uint8)
        self.source_words = [""] * 3
        self.source_words[FROM_REGISTRY], self.source_words[FROM_PLACES] = "registry", book.places.source
        self._lanes = np.full((len(book.lines) + 1, len(book.places.codes)), -1, np.int32)  # by line (the last: none) and destination

    def meet(self, slots: np.ndarray, given: Assignment) -> None:
        """Note what is known of new flows."""
        lanes = self._lanes[given.line, given.destination]
        for i in np.flatnonzero(lanes < 0).tolist():
            lanes[i] = self._lane(int(given.line[i]), int(given.destination[i]))
        self.lane_of[slots] = lanes
        self.end_of[slots], self.source_of[slots] = given.domestic_end, given.source
        self.outbound_of[slots] = OUTBOUND[given.domestic_end]
        self.content_of[slots] = -1

    def _lane(self, line: int, destination: int) -> int:
        if self._lanes[line, destination] < 0:
            known = self.book.lines[line] if line >= 0 else None
            lane = Lane(known.id if known else "", known.holder.usci if known else "", self.book.places.codes[destination])
            self._lanes[line, destination] = self.ledger.lane(lane)
        return int(self._lanes[line, destination])
