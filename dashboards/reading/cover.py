"""Coverage: where the octets went, in total, by line and over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.reading.period import Period
from dashboards.summary import Cover
from pipeline.schema.codes import BESIDE_THE_WIRE

if TYPE_CHECKING:
    from dashboards.desk import Desk

# Of payload sent out: every reason that is not headers, a repeat or the other direction.
PART = {
    "inspected": "inspected",
    "encrypted": "encrypted",
    "undecodable": "other",
    "truncated": "other",
    "skipped_policy": "other",
    "missed": "lost",
    "shed": "lost",
    "kernel_lost": "lost",
}
_WHERE = "minute >= fromUnixTimestamp64Nano({from_ns:Int64}) AND minute < fromUnixTimestamp64Nano({to_ns:Int64})"


def add_up(reasons: Iterable[tuple[str, int]]) -> Cover:
    """The parts of (reason, octets) pairs."""
    parts = dict.fromkeys(("inspected", "encrypted", "other", "lost"), 0)
    for reason, octets in reasons:
        if reason in PART:
            parts[PART[reason]] += int(octets)
    return Cover(**parts)


def cover(desk: Desk, period: Period, line: str = "", holder: str = "") -> Cover:
    """What of the payload sent out was inspected; of one line or holder where named."""
    rows = desk.rows(
        f"SELECT reason, sum(octets) AS octets FROM coverage WHERE direction = 'out' AND {_WHERE} "
        "AND ({line:String} = '' OR line = {line:String}) AND ({holder:String} = '' OR holder = {holder:String}) GROUP BY reason",
        {**period.parameters, "line": line, "holder": holder},
    )
    return add_up((row["reason"], row["octets"]) for row in rows)


def cover_by(desk: Desk, period: Period, column: str) -> dict[str, Cover]:
    """Coverage by `line` or `holder`."""
    if column not in ("line", "holder"):
        raise KeyError(column)
    rows = desk.rows(
        f"SELECT {column} AS name, reason, sum(octets) AS octets FROM coverage WHERE direction = 'out' AND {_WHERE} GROUP BY name, reason",
        period.parameters,
    )
    return {
        name: add_up((row["reason"], row["octets"]) for row in rows if row["name"] == name)
        for name in sorted({row["name"] for row in rows})
    }


def cover_over_time(desk: Desk, period: Period, step_s: int) -> dict[int, Cover]:
    """Coverage by step, keyed by the step's start in seconds."""
    rows = desk.rows(
        "SELECT intDiv(toUnixTimestamp(minute), {step:Int64}) * {step:Int64} AS at, reason, sum(octets) AS octets "
        f"FROM coverage WHERE direction = 'out' AND {_WHERE} GROUP BY at, reason",
        {**period.parameters, "step": step_s},
    )
    return {at: add_up((row["reason"], row["octets"]) for row in rows if row["at"] == at) for at in sorted({row["at"] for row in rows})}


class Balance(NamedTuple):
    """Octets on the wire and where they went, all directions; `unexplained` must be 0."""

    wire: int
    reasons: Mapping[str, int]
    unexplained: int


def balance(desk: Desk, period: Period, line: str = "") -> Balance:
    """The whole ledger of the period. What stands beside the wire is not in the sum."""
    rows: list[dict[str, Any]] = desk.rows(
        f"SELECT reason, sum(octets) AS octets FROM coverage WHERE {_WHERE} AND ({{line:String}} = '' OR line = "
        f"{{line:String}}) GROUP BY reason",
        {**period.parameters, "line": line},
    )
    reasons = {row["reason"]: int(row["octets"]) for row in rows}
    wire = reasons.pop("wire", 0)
    on_wire = sum(octets for reason, octets in reasons.items() if reason not in BESIDE_THE_WIRE)
    return Balance(wire, reasons, wire - on_wire)
