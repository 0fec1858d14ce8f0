"""The coverage ledger of one worker: octets by line, destination, direction and reason, drained by the minute."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.schema.codes import BESIDE_THE_WIRE, Reason

# The first four stand where the kernels expect them.
REASONS = ("wire", Reason.HEADERS, Reason.SKIPPED_POLICY, Reason.NOT_OUTBOUND, Reason.INSPECTED, Reason.ENCRYPTED, Reason.UNDECODABLE,
           Reason.TRUNCATED, Reason.DUPLICATE, Reason.MISSED, Reason.SHED, Reason.KERNEL_LOST)
COLUMN = {reason: i for i, reason in enumerate(REASONS)}
DIRECTIONS = ("out", "in", "other")


class Lane(NamedTuple):
    """What coverage is kept apart by: a line (or none) and a destination."""

    line: str
    holder: str
    destination: str


class CoverageLedger:
    """Octets and packets by lane, direction and reason since the last drain."""

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self.lines: list[str] = []  # of each lane, and so on
        self.holders: list[str] = []
        self.destinations: list[str] = []
        self._index: dict[Lane, int] = {}
        self.octets = np.zeros((0, len(DIRECTIONS), len(REASONS)), np.int64)
        self.packets = np.zeros_like(self.octets)
        self.lane(Lane("", "", ""))  # lane 0: what belongs to no flow

    def lane(self, lane: Lane) -> int:
        """The index of `lane`, made when new."""
        index = self._index.get(lane)
        if index is None:
            index = self._index[lane] = len(self.lanes)
            self.lanes.append(lane)
            self.lines.append(lane.line)
            self.holders.append(lane.holder)
            self.destinations.append(lane.destination)
            if index >= len(self.octets):
                more = np.zeros((max(16, index), *self.octets.shape[1:]), np.int64)
                self.octets, self.packets = np.concatenate((self.octets, more)), np.concatenate((self.packets, more))
        return index

    def add(self, lanes: np.ndarray, direction: int, reason: str, octets: np.ndarray) -> None:
        """Add `octets` (n,) of `reason` to `lanes` (n,), which may repeat."""
        np.add.at(self.octets[:, direction, COLUMN[reason]], lanes, octets)

    def unexplained(self) -> int:
        """Octets on the wire less those with a reason; 0 once every stream has been flushed."""
        beside = [COLUMN[reason] for reason in BESIDE_THE_WIRE if reason in COLUMN]
        sums = self.octets.sum(axis=(0, 1))
        return int(2 * sums[COLUMN["wire"]] - sums.sum() + sums[beside].sum())

    def drain(self) -> dict[str, object]:
        """The non-zero entries as columns of the coverage record (without minute), and start again from zero."""
        lane, way, reason = np.nonzero(self.octets | self.packets)
        columns: dict[str, object] = {
            "line": [self.lanes[i].line for i in lane],
            "holder": [self.lanes[i].holder for i in lane],
            "destination": [self.lanes[i].destination for i in lane],
            "direction": [DIRECTIONS[i] for i in way],
            "reason": [str(REASONS[i]) for i in reason],
            "octets": self.octets[lane, way, reason],
            "packets": self.packets[lane, way, reason],
        }
        self.octets[:] = 0
        self.packets[:] = 0
        return columns
