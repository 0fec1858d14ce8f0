"""The time a search is bounded by: two moments, from what a person writes and what the store has."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.search.values import NS, read_length, read_moment, write_moment
from pipeline.store.store import Store

DAY_NS = 86_400 * NS


class Period(NamedTuple):
    """First packets from `since_ns` on and before `until_ns`."""

    since_ns: int
    until_ns: int

    def __str__(self) -> str:
        return f"{write_moment(self.since_ns)} … {write_moment(self.until_ns)}"


def stored_period(store: Store) -> Period | None:
    """From the store's first flow to its last; None when it has none."""
    row = store.query(
        "SELECT count() AS n, toUnixTimestamp64Nano(min(flows.first)) AS oldest, "
        "toUnixTimestamp64Nano(max(flows.first)) AS newest FROM flows"
    ).to_pylist()[0]
    return Period(row["oldest"], row["newest"] + 1) if row["n"] else None


def read_period(since: str, until: str, now_ns: int, stored: Period) -> Period:
    """Each a moment or a length of time before now, cut to what is stored; ValueError names what is neither.

    Without `since` it is the last 24 hours that have flows, so that a capture of last year answers too.
    """
    end = min(_read(until, now_ns), stored.until_ns) if until else stored.until_ns
    begin = max(_read(since, now_ns), stored.since_ns) if since else end - DAY_NS
    return Period(begin, max(begin, end))


def _read(text: str, now_ns: int) -> int:
    try:
        return now_ns - read_length(text)
    except ValueError:
        pass
    try:
        return read_moment(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is neither a length of time (30d, 2h) nor a moment (2026-11-23, 2026-11-23T15:31)") from None
