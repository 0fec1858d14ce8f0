"""What findings of one day say together: the group that becomes one alert."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from pipeline.ledger.obligations import Bounds


class Persons(NamedTuple):
    """Distinct persons, PI and sensitive PI apart."""

    pi: Bounds
    sensitive: Bounds


class Key(NamedTuple):
    """One alert's identity; `day` is Beijing's."""

    holder: str
    line: str
    destination: str
    evidence: str
    day: datetime.date

    @property
    def year(self) -> int:
        """The year whose counters it belongs to, Beijing time."""
        return self.day.year


class Kind(NamedTuple):
    """One signature within a group."""

    level: str     # pi, sensitive, important
    klass: str     # GB/T 35273 class
    tier: int
    values: int    # found
    subjects: int  # sum over findings of distinct values: an upper bound of distinct ones
    largest: int   # most distinct values within one finding: a lower bound


class Far(NamedTuple):
    """One far end seen: a server's name in clear (or "") and the two addresses of its flow."""

    server: str
    src: str
    dst: str


class Seen(NamedTuple):
    """The group itself."""

    key: Key
    kinds: dict[str, Kind]    # by signature
    ends: tuple[Far, ...]
    ends_cut: bool            # more ends than were kept
    findings: int
    partial: bool
    first: datetime.datetime
    last: datetime.datetime

    def of_level(self, level: str) -> dict[str, Kind]:
        """The signatures of one level."""
        return {name: kind for name, kind in self.kinds.items() if kind.level == level}

    def reach(self, level: str) -> Bounds:
        """Persons of this level by the findings alone: crude, but never less than true above and never more below."""
        kinds = self.of_level(level).values()
        return Bounds(max((k.largest for k in kinds), default=0), sum(k.subjects for k in kinds))

    def signatures(self) -> dict[str, Any]:
        """The kinds as the alert keeps them."""
        return {name: {"level": k.level, "class": k.klass, "tier": k.tier, "count": k.values, "subjects": k.subjects}
                for name, k in sorted(self.kinds.items())}


def narrow(inside: Bounds, outside_upper: int, ledger: Bounds) -> Bounds:
    """Bounds of a part of a holder's persons, from the part's own findings and the ledger's count of the whole.

    Whoever is in the whole and not in the rest is in the part, so the part has at least whole.lower - rest.upper persons.
    """
    upper = min(inside.upper, ledger.upper)
    lower = min(max(inside.lower, ledger.lower - outside_upper), upper)
    return Bounds(max(lower, 0), upper)
