"""Distinct persons of each holder in one year: the ledger's bounds, PI and sensitive PI apart, and what they oblige to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from pipeline.incident.persons import IMPERSONAL
from pipeline.ledger.obligations import Bounds, Facts, Obligation, oblige
from pipeline.ledger.pack import load_pack
from pipeline.ledger.sketch import bound_persons
from pipeline.registry.models import Holder
from pipeline.schema.codes import Tier
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk


class HolderYear(NamedTuple):
    """One holder's year."""

    holder: str
    pi: Bounds
    sensitive: Bounds
    obligation: Obligation

    @property
    def crossed(self) -> bool:
        """Whether the lower bounds alone ask for an assessment."""
        return self.obligation.duty == "assessment"

    @property
    def may_cross(self) -> bool:
        """Whether only the upper bounds do."""
        return self.obligation.possible == "assessment" and not self.crossed


class Part(NamedTuple):
    """Persons of one part of a holder's year, by destination, signature or line; parts do not add up to the whole."""

    name: str
    pi: Bounds
    sensitive: Bounds


# The same persons as pipeline.incident.persons counts, so that alerts and ledger agree.
PERSONS = f"((level = 'pi' AND principal) OR level = 'sensitive') AND signature NOT IN {IMPERSONAL}"
PARTS = ("destination", "signature", "line")


def count_persons(desk: Desk, year: int, column: str, holder: str = "") -> list[Part]:
    """Bounds by `holder` or one of PARTS: over kinds of identifiers the largest count from below, their sum from above."""
    if column not in (*PARTS, "holder"):
        raise KeyError(column)
    rows = desk.rows(
        f"SELECT {column} AS name, level, signature AS kind, uniqCombined64Merge(17)(persons) AS persons FROM subject_ledger "
        f"WHERE year = {{year:UInt16}} AND tier >= {int(Tier.MEDIUM)} AND {PERSONS} "
        "AND ({holder:String} = '' OR holder = {holder:String}) GROUP BY name, level, kind",
        {"year": year, "holder": holder},
    )

    def bound(name: str, level: str) -> Bounds:
        return bound_persons(int(row["persons"]) for row in rows if row["name"] == name and row["level"] == level)

    return [Part(name, bound(name, "pi"), bound(name, "sensitive")) for name in sorted({row["name"] for row in rows})]


def holder_years(desk: Desk, year: int) -> list[HolderYear]:
    """All holders with counts, the nearest to a threshold first."""
    with reading(desk.engine) as db:
        known = {holder.usci: holder for holder in db.scalars(select(Holder))}
    found = []
    for part in count_persons(desk, year, "holder"):
        holder = known.get(part.name)
        facts = Facts(part.pi, part.sensitive, ciio=bool(holder and holder.ciio), ftz=bool(holder and holder.ftz))
        found.append(HolderYear(part.name, part.pi, part.sensitive, oblige(facts, load_pack())))
    return sorted(found, key=lambda year: (-year.sensitive.upper, -year.pi.upper))
