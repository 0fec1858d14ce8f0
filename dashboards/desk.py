"""The one desk of the process: store, supervision, settings, and the bounded pool in which both are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sqlalchemy import Engine

from dashboards.last_answers import LastAnswers
from dashboards.searching import AT_ONCE, Searching
from dashboards.settings import DashboardsSettings
from dashboards.summary import NOTHING_YET, Summary

if TYPE_CHECKING:
    from pipeline.store.store import Store

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Desk:
    """What every page is given."""

    data: Path
    settings: DashboardsSettings
    store: Store
    engine: Engine
    summary: Summary = NOTHING_YET
    pool: ThreadPoolExecutor = field(init=False)
    room: asyncio.Semaphore = field(init=False)  # for searches: they leave a thread to questions that are quick
    views: dict[str, Searching] = field(default_factory=dict)  # by the client whose page they are
    last: LastAnswers = field(default_factory=LastAnswers)  # to flow searches
    _turns: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.settings.store_threads, thread_name_prefix="desk")
        self.room = asyncio.Semaphore(max(1, self.settings.store_threads - 1))

    def turns(self, account: str) -> asyncio.Semaphore:
        """Where the searches of one account take turns."""
        return self._turns.setdefault(account, asyncio.Semaphore(AT_ONCE))

    def searching(self, view: str, account: str) -> Searching:
        """The searches of one view of a page; of a view that is not this account's, new ones."""
        found = self.views.get(view)
        return found if found is not None and found.account == account else Searching(self, account)

    async def ask(self, question: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
        """Run a blocking question in the pool: one slow query never stalls another person's page."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(question, *args, **more))

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer of the store, a dict a row; call it inside `ask`."""
        rows: list[dict[str, Any]] = self.store.query(sql, parameters or {}).to_pylist()
        return rows
