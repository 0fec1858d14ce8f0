"""A holder's distinct persons of one year, by destination, between bounds, out of the subject ledger's sketches.

PI: tokens that stand for their record's person (the strongest identifier), where no sensitive identifier of the record does.
Sensitive PI: every token of a sensitive kind that names a person, because a bank card beside a phone number is still one person's
sensitive PI. How counts become bounds: pipeline/ledger/sketch.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.incident.gather import Queries
from pipeline.incident.seen import Persons
from pipeline.ledger.sketch import bound_persons
from pipeline.schema.codes import Level, Tier

# Kinds of sensitive values that name no person: they count in findings, not in persons.
IMPERSONAL = ("private_key", "access_key", "coordinates")

YEAR = f"""
SELECT destination, level, signature, uniqCombined64Merge(17)(persons) AS persons_seen, grouping(destination) AS everywhere
FROM subject_ledger
WHERE year = {{year:UInt16}} AND holder = {{holder:String}} AND tier >= {int(Tier.MEDIUM)}
  AND ((level = '{Level.PI}' AND principal) OR level = '{Level.SENSITIVE}')
GROUP BY GROUPING SETS ((destination, level, signature), (level, signature))
"""


def count_year(store: Queries) -> Callable[[int, str], Mapping[str | None, Persons]]:
    """What the correlator asks: (year, USCI) → persons by destination, and under None in all."""
    return lambda year, holder: read_year(store, year, holder)


def read_year(store: Queries, year: int, holder: str) -> dict[str | None, Persons]:
    """Persons by destination, and under None in all (persons of two destinations do not add up)."""
    kinds: dict[str | None, dict[str, list[int]]] = {}
    for row in store.query(YEAR, {"year": year, "holder": holder}).to_pylist():
        level, signature = _text(row["level"]), _text(row["signature"])
        if signature not in IMPERSONAL:
            place = None if row["everywhere"] else _text(row["destination"])
            kinds.setdefault(place, {}).setdefault(level, []).append(int(row["persons_seen"]))
    return {place: Persons(*(bound_persons(levels.get(level, [])) for level in ("pi", "sensitive"))) for place, levels in kinds.items()}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
