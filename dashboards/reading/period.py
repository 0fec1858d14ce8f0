"""Which stretch of time a page shows: what its URL says, else the Beijing day that the data reaches to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from dashboards.summary import Summary
from dashboards.words.moments import NS, beijing, day_start_ns, parse

DAY_NS = 86_400 * NS
LENGTHS = {"day": 1, "week": 7, "month": 31}


class Period(NamedTuple):
    """Half-open, in ns since 1970; `name` is day, week, month, year or own."""

    from_ns: int
    to_ns: int
    name: str

    @property
    def parameters(self) -> dict[str, object]:
        """For a query: {from_ns:Int64} and {to_ns:Int64}."""
        return {"from_ns": self.from_ns, "to_ns": self.to_ns}


def period_of(query: Mapping[str, str], summary: Summary) -> Period:
    """`?from=&to=` in Beijing time, or `?period=day|week|month|year` up to the last day with data; a moment that "
    "cannot be read is left out."""
    begin, end = parse(query.get("from", "")), parse(query.get("to", ""))
    last_day = beijing(summary.data_to_ns).date() if summary.data_to_ns else beijing(0).date()
    to_ns = day_start_ns(last_day + timedelta(days=1))
    if begin is not None or end is not None:
        return Period(begin or 0, end or to_ns, "own")
    name = query.get("period", "day")
    if name == "year":
        return Period(day_start_ns(last_day.replace(month=1, day=1)), to_ns, name)
    days = LENGTHS.get(name, 1)
    return Period(to_ns - days * DAY_NS, to_ns, name if name in LENGTHS else "day")
