"""Five wrong passwords for a name close it for a quarter of an hour; an unknown name behaves like a known one.

Kept in memory: a restart needs hands on the host, which is more than a password.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

TRIES = 5
CLOSED_FOR = timedelta(minutes=15)
NAMES_KEPT = 10_000


class Lockout:
    """Failures by name; the oldest names are forgotten beyond NAMES_KEPT."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def until(self, name: str, now: datetime) -> datetime | None:
        """When the name opens again; None if it is open."""
        failures, last = self._failures.get(name.lower(), (0, now))
        end = last + CLOSED_FOR
        return end if failures >= TRIES and now < end else None

    def fail(self, name: str, now: datetime) -> None:
        """One more wrong password; a quarter of an hour of quiet starts the count again."""
        failures, last = self._failures.pop(name.lower(), (0, now))
        self._failures[name.lower()] = (1 if now - last >= CLOSED_FOR else failures + 1, now)
        if len(self._failures) > NAMES_KEPT:
            self._failures.popitem(last=False)

    def clear(self, name: str) -> None:
        """The right password was given."""
        self._failures.pop(name.lower(), None)
