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
    """What to do every second, each giving how much it did; all of it blocks, and runs in threads."""

    ingest: Callable[[], int]
    correlate: Callable[[datetime], int]
    deliver: Callable[[datetime], int]


async def keep_working(desk: Desk, work: Work) -> None:
    """Until cancelled. A round that fails is logged, shown in the top bar, and tried again a second later."""
    stale = True  # what the store held before us was perhaps never correlated
    while True:
        began = time.monotonic()
        try:
            rows = await asyncio.to_thread(work.ingest)
            if rows or stale:
                await asyncio.to_thread(work.correlate, datetime.now(UTC))
                desk.summary = await asyncio.to_thread(take_snapshot, desk, bool(rows))
            stale = False
        except Exception as error:  # noqa: BLE001 - the pages must outlive a store that is away
            log.exception("background round failed")
            desk.summary, stale = replace(desk.summary, trouble=type(error).__name__), True
        await asyncio.sleep(max(0.05, EVERY_S - (time.monotonic() - began)))


async def keep_delivering(work: Work) -> None:
    """Until cancelled; apart from the rest, because a mail server may take its time."""
    while True:
        try:
            await asyncio.to_thread(work.deliver, datetime.now(UTC))
        except Exception:  # noqa: BLE001 - what was queued stays queued
            log.exception("delivery failed")
        await asyncio.sleep(EVERY_S)


def take_snapshot(desk: Desk, arrived: bool) -> Summary:
    """What the frame shows, read anew."""
    reached = desk.rows(
        "SELECT toUnixTimestamp64Nano(max(flows.last)) AS last_ns, toUnixTimestamp64Milli(max(ingested)) AS came_ms FROM flows"
    )[0]
    before, data_to = desk.summary, max(int(reached["last_ns"]), 0)
    came_ns = time.time_ns() if arrived else int(reached["came_ms"]) * 1_000_000
    alerts, critical, incidents = waiting(desk.engine)
    fresh = Summary(
        before.version + 1,
        data_to,
        max(came_ns, before.arrived_ns) if data_to else 0,
        open_alerts=alerts,
        open_critical=critical,
        open_incidents=incidents,
    )
    return replace(fresh, cover=cover(desk, period_of({}, fresh)))
