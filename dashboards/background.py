"""The work behind the pages: batches into the store, findings into alerts, notices out, and the snapshot the frame shows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from dashboards.desk import Desk
from dashboards.reading.cases import waiting
from dashboards.reading.cover import cover
from dashboards.reading.period import period_of
from dashboards.summary import Summary

log = logging.getLogger("guankou.dashboards")
EVERY_S = 1.0


class Work(NamedTuple):
    """The rounds to run every second; each gives how much it did. They block, and run one after another in a thread of their own."""

    ingest: Callable[[], int]
    correlate: Callable[[datetime], int]
    deliver: Callable[[datetime], int]


async def keep_working(desk: Desk, work: Work) -> None:
    """Until cancelled. A round that fails is logged, shown in the top bar, and tried again a second later."""
    stale = True
    while True:
        began = time.monotonic()
        try:
            done, findings = await asyncio.to_thread(_round, work, stale)
            if done or stale:
                desk.summary = await asyncio.to_thread(take_snapshot, desk, bool(done))
            stale = False
        except Exception as error:  # noqa: BLE001 - the pages must outlive a store that is away
            log.exception("background round failed")
            desk.summary = replace(desk.summary, trouble=type(error).__name__)
            stale = True
        await asyncio.sleep(max(0.05, EVERY_S - (time.monotonic() - began)))


def _round(work: Work, stale: bool) -> tuple[int, int]:
    """Rows taken in, and alerts touched; correlation runs only when something came (or nobody knows)."""
    now = datetime.now(UTC)
    rows = work.ingest()
    touched = work.correlate(now) if rows or stale else 0
    return rows, touched + work.deliver(now)


def take_snapshot(desk: Desk, arrived: bool) -> Summary:
    """What the frame shows, read anew."""
    reached = desk.rows("SELECT greatest(max(toUnixTimestamp64Nano(last)), 0) AS last_ns, toUnixTimestamp64Milli(max(ingested)) AS came_ms FROM flows")[0]
    before = desk.summary
    now_ns = time.time_ns() if arrived else int(reached["came_ms"]) * 1_000_000
    data_to = max(int(reached["last_ns"]), 0)
    alerts, critical, incidents = waiting(desk.engine)
    fresh = Summary(before.version + 1, data_to, max(now_ns, before.arrived_ns) if data_to else 0, open_alerts=alerts, open_critical=critical, open_incidents=incidents)
    return replace(fresh, cover=cover(desk, period_of({}, fresh)))
