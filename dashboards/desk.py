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

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(self.settings.store_threads, thread_name_prefix="desk")

    async def ask(self, question: Callable[P, R], *args: P.args, **more: P.kwargs) -> R:
        """Run a blocking question in the pool: one slow query never stalls another person's page."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(question, *args, **more))

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[dict[str, Any]]:
        """The answer of the store, a dict a row; call it inside `ask`."""
        rows: list[dict[str, Any]] = self.store.query(sql, parameters or {}).to_pylist()
        return rows
