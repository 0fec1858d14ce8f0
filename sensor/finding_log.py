"""Findings and subjects of the open span: batches of detector results add up here until they are reported."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.compile import Catalogue
from detectors.content.step import joined, words_of
from detectors.detector import Inspected
from detectors.finding import gather_columns
from detectors.masks import Masks
from sensor.subject_log import SubjectLog, whose_are

MOST_EXCERPTS = 3
NEVER = np.iinfo(np.int64).max
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

    def add(self, tokens: np.ndarray, excerpts: list[str], offsets: list[int]) -> None:
        """Distinct tokens of one batch, and excerpts to show as far as there is room."""
        self.tokens.append(tokens)
        room = MOST_EXCERPTS - len(self.excerpts)
        if room > 0:
            self.excerpts += excerpts[:room]
            self.offsets += offsets[:room]


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
        found = gather_columns(inspected, rows, self.masks)
        groups, of_group = found.groups, found.groups.group
        first, last, lane = np.full(len(found.names), NEVER), np.zeros(len(found.names), np.int64), np.zeros(len(found.names), np.int64)
        np.minimum.at(first, found.dense, times)
        np.maximum.at(last, found.dense, times)
        lane[found.dense] = lanes
        keys = zip(found.names[of_group].tolist(), groups.signature.tolist(), groups.tier.tolist(), strict=True)
        told = zip(first[of_group].tolist(), last[of_group].tolist(), groups.hits.tolist(), groups.path.tolist(), strict=True)
        tokens = np.split(found.tokens, found.starts[1:-1])
        for key, (first_ns, last_ns, hits, path), own, excerpts, offsets in zip(
            keys, told, tokens, found.excerpts, found.offsets, strict=True
        ):
            self._add_finding(key, first_ns, last_ns, hits, words_of(path)).add(own, excerpts, offsets)
        strong = groups.tier >= 2
        whose = whose_are(lane[of_group], groups.signature, groups.tier, inspected.key_epoch)
        self._subjects.add(whose, first[of_group], strong, found.starts, found.principals, found.tokens)

    def _add_finding(self, key: tuple[int, int, int], first_ns: int, last_ns: int, hits: int, path: tuple[str, ...]) -> OpenFinding:
        found = self.open.get(key)
        if found is None:
            found = self.open[key] = OpenFinding(first_ns, last_ns, path=path)
        found.last_ns = max(found.last_ns, last_ns)
        found.count += hits
        if path != found.path:
            found.path = joined((found.path, path))
        return found

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
