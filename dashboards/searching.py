"""Searches that may be slow: few at once an account, each known by what it does and since when, all of a page stopped together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pipeline.search.run import Search
from pipeline.store.server import StoreAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.desk import Desk

R = TypeVar("R")
AT_ONCE = 2  # of one account: a page with many facets leaves room for other people's


class NoAnswerError(Exception):
    """The store gave none; `why` is cancelled, too_wide (it gave up) or away."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(eq=False)
class Doing:
    """One search under way: `what` is a key of words, `share` how much of the period it has been through, where that is known."""

    what: str
    search: Search
    since_s: float
    share: float | None = None
    asked: bool = False


@dataclass(eq=False)
class Searching:
    """The searches of one view of a page; `account` is who looks at it."""

    desk: Desk
    account: str
    doing: list[Doing] = field(default_factory=list)
    cancelled: bool = False
    why: str = ""  # the last search without an answer had none; empty while all have one

    async def ask(self, what: str, search: Search, question: Callable[[Doing], R]) -> R:
        """The answer to `question`, which asks `search` and may tell its progress; NoAnswerError where there is none."""
        with self._known(Doing(what, search, time.monotonic())) as doing:
            async with self.desk.turns(self.account), self.desk.room:
                if self.cancelled:
                    raise self._none("cancelled")
                doing.asked = True
                try:
                    return await self.desk.ask(question, doing)
                except RuntimeError as error:
                    raise self._none(self._why_of(error)) from error

    @contextmanager
    def _known(self, doing: Doing) -> Iterator[Doing]:
        self.doing.append(doing)
        try:
            yield doing
        finally:
            self.doing.remove(doing)

    def _none(self, why: str) -> NoAnswerError:
        self.why = why
        return NoAnswerError(why)

    def _why_of(self, error: RuntimeError) -> str:
        if self.cancelled:
            return "cancelled"
        if isinstance(error, StoreAwayError) or "the store is closed" in str(error):
            return "away"
        if "TIMEOUT_EXCEEDED" in str(error) or "MEMORY_LIMIT_EXCEEDED" in str(error):
            return "too_wide"
        raise error  # our mistake

    async def cancel(self) -> None:
        """Stop what runs and what waits. A question may be between two queries, so it is told until it is gone."""
        self.cancelled = True
        while running := [doing for doing in self.doing if doing.asked]:
            for doing in running:
                await asyncio.to_thread(doing.search.cancel)  # not in the desk's pool, whose threads the searches may all hold
            await asyncio.sleep(0.1)
