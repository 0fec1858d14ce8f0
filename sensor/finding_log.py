"""Findings and subjects of the open span: batches of detector results add up here until they are reported."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.compile import Catalogue
from detectors.content.step import joined
from detectors.detector import Inspected
from detectors.finding import Finding, gather
from detectors.masks import Masks
from sensor.subject_log import SubjectLog

MOST_EXCERPTS = 3
MASK64 = (1 << 64) - 1


@dataclass(slots=True)
class OpenFinding:
    """One signature and tier in one direction of one flow."""

    first_ns: int
    last_ns: int
    count: int = 0
    tokens: list[np.ndarray] = field(default_factory=list)
    excerpts: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    path: tuple[str, ...] = ()


class FindingLog:
    """Open findings by (direction row, signature, tier); subjects as columns."""

    def __init__(self, catalogue: Catalogue, masks: Masks) -> None:
        self.catalogue, self.masks = catalogue, masks
        self.open: dict[tuple[int, int, int], OpenFinding] = {}
        self.ids, self.levels = [s.id for s in catalogue.signatures], [str(s.level) for s in catalogue.signatures]
        self._subjects = SubjectLog()
        self.hits = 0

    def add(self, inspected: Inspected, rows: np.ndarray, times: np.ndarray, lanes: np.ndarray) -> None:
        """Take one batch's hits in; direction row, packet time and coverage lane are by unit."""
        self.hits += inspected.n_hits
        known: dict[int, tuple[int, int, int]] = {}  # of each direction row: first and last time, lane
        for row, time_ns, lane in zip(rows.tolist(), times.tolist(), lanes.tolist(), strict=True):
            first_ns, last_ns, _ = known.get(row, (time_ns, time_ns, lane))
            known[row] = min(first_ns, time_ns), max(last_ns, time_ns), lane
        for finding in gather(inspected, rows, self.masks):
            first_ns, last_ns, lane = known[finding.group]
            self._add_finding(finding, first_ns, last_ns)
            if finding.tier >= 2:
                self._subjects.add(lane, finding.signature, finding.tier, inspected.key_epoch, first_ns, finding.principals, finding.tokens)

    def _add_finding(self, finding: Finding, first_ns: int, last_ns: int) -> None:
        key = (finding.group, finding.signature, finding.tier)
        found = self.open.get(key)
        if found is None:
            found = self.open[key] = OpenFinding(first_ns, last_ns, path=finding.path)
        found.last_ns = max(found.last_ns, last_ns)
        found.count += finding.hits
        found.tokens.append(finding.tokens)
        if finding.path != found.path:
            found.path = joined((found.path, finding.path))
        room = MOST_EXCERPTS - len(found.excerpts)
        if room > 0:
            found.excerpts += finding.excerpts[:room]
            found.offsets += finding.offsets[:room]

    def take(self, rows: set[int] | None = None) -> list[tuple[tuple[int, int, int], OpenFinding]]:
        """The open findings of these direction rows (all where None), which are then no longer open."""
        keys = [key for key in self.open if rows is None or key[0] in rows]
        return [(key, self.open.pop(key)) for key in keys]

    def take_subjects(self) -> dict[str, np.ndarray] | None:
        """Distinct (lane, signature, tier, principal, epoch, token), with the first time of each; None where there are none."""
        return self._subjects.take()


def number_finding(flow: int, signature: int, tier: int, first_ns: int) -> int:
    """finding_id: the same in every replay."""
    value = flow ^ (signature * 0x9E3779B97F4A7C15) ^ (tier * 0xBF58476D1CE4E5B9) ^ (first_ns * 0x94D049BB133111EB)
    value &= MASK64
    value = ((value ^ (value >> 31)) * 0xD6E8FEB86659FD93) & MASK64
    return value ^ (value >> 32)
