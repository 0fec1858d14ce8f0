"""The last answers to flow searches, for when the store is away: a few of them, in this process, each with the moment it is from.

Whoever may open flow search may see every flow, so an answer is kept by its question, not by who asked; only that page shows them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

MOST = 50
KEPT_ROWS = 100


class Answer(NamedTuple):
    """Rows as the store gave them, moments in ns."""

    at_ns: int
    rows: Sequence[Mapping[str, Any]]


class LastAnswers:
    """At most `most`; the one given longest ago goes first. For the event loop alone."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[Hashable, Answer] = {}

    def keep(self, question: Hashable, rows: Sequence[Mapping[str, Any]], at_ns: int) -> None:
        """The answer to `question` from now on."""
        self._kept.pop(question, None)
        self._kept[question] = Answer(at_ns, rows)
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def find(self, question: Hashable) -> Answer | None:
        """The last answer to it, if it is still kept."""
        return self._kept.get(question)
