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
from dashboards.pace import Pace
from dashboards.reading.cases import waiting
from dashboards.reading.cover import cover
from dashboards.reading.period import period_of
from dashboards.summary import Summary
from pipeline.search.period import stored_period
from pipeline.store.server import StoreAwayError

log = logging.getLogger("guankou.dashboards")
EVERY_S = 1.0
LATELY_NS = 60 * 10**9  # before the latest flow's beginning: few flows, which the table's order finds without reading the others
LAST = "toUnixTimestamp64Nano(max(flows.last)) AS last_ns"
CAME = "toUnixTimestamp64Milli(max(ingested)) AS came_ms"


class Work(NamedTuple):
    """What to do every second, each giving how much it did; all of it blocks, and runs in threads. Each sees for itself whether it must."""

    ingest: Callable[[], int]
    correlate: Callable[[datetime], int]
    deliver: Callable[[datetime], int]


class Trouble:
    """Says in the log when something that is done every second begins to fail, fails otherwise, and goes well again; not each time."""

    def __init__(self, what: str) -> None:
        self._what, self._said, self._since = what, "", 0.0

    def note(self, error: Exception) -> None:
        """It failed; call it where `error` is being handled."""
        text = f"{type(error).__name__}: {error}"
        if not self._said:
            self._since = time.monotonic()
        if text != self._said:
            # Where the store is away there is nothing to look for in our own lines.
            log.error("%s failed, and is tried again every second: %s", self._what, text, exc_info=not isinstance(error, StoreAwayError))
        self._said = text

    def ended(self) -> None:
        """It went well."""
        if self._said:
            log.warning("%s goes well again after %.0f s", self._what, time.monotonic() - self._since)
        self._said = ""


async def keep_working(desk: Desk, work: Work) -> None:
    """Until cancelled. A round that fails is logged, shown in the top bar, and tried again a second later."""
    pace, owed, trouble = Pace(), True, Trouble("background round")
    while True:
        began = time.monotonic()
        try:
            rows = await asyncio.to_thread(work.ingest)
            changed = await asyncio.to_thread(work.correlate, datetime.now(UTC))
            owed = owed or bool(rows or changed)
            if owed and pace.is_due():
                with pace.turn():
                    desk.summary = await asyncio.to_thread(take_snapshot, desk, bool(rows))
                owed = False
            elif rows or changed:
                desk.summary = await asyncio.to_thread(take_glance, desk, bool(rows))
            trouble.ended()
        except Exception as error:  # noqa: BLE001 - the pages must outlive a store that is away
            trouble.note(error)
            desk.summary = replace(desk.summary, trouble=type(error).__name__)
            pace, owed = Pace(), True
        await asyncio.sleep(max(0.05, EVERY_S - (time.monotonic() - began)))


async def keep_delivering(work: Work) -> None:
    """Until cancelled; apart from the rest, because a mail server may take its time."""
    trouble = Trouble("delivery")
    while True:
        try:
            await asyncio.to_thread(work.deliver, datetime.now(UTC))
            trouble.ended()
        except Exception as error:  # noqa: BLE001 - what was queued stays queued
            trouble.note(error)
        await asyncio.sleep(EVERY_S)


def take_snapshot(desk: Desk, arrived: bool) -> Summary:
    """What the frame shows, read anew; it may read a column of all flows, and one more where nothing has just arrived."""
    reached = desk.rows(f"SELECT {LAST} FROM flows")[0]
    before, data_to = desk.summary, max(int(reached["last_ns"]), 0)
    came_ns = time.time_ns() if arrived else int(desk.rows(f"SELECT {CAME} FROM flows")[0]["came_ms"]) * 1_000_000
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


def take_glance(desk: Desk, arrived: bool) -> Summary:
    """The snapshot, brought forward by what costs little: coverage stays as it was, and of flows the latest alone are looked at."""
    before, stored = desk.summary, stored_period(desk.store)
    lately: dict[str, object] = {"since_ns": stored.until_ns - LATELY_NS if stored else 0}
    reached = desk.rows(f"SELECT {LAST} FROM flows WHERE flows.first >= fromUnixTimestamp64Nano({{since_ns:Int64}})", lately)
    alerts, critical, incidents = waiting(desk.engine)
    return replace(
        before,
        version=before.version + 1,
        data_to_ns=max(int(reached[0]["last_ns"]), before.data_to_ns),
        arrived_ns=time.time_ns() if arrived and stored else before.arrived_ns,
        open_alerts=alerts,
        open_critical=critical,
        open_incidents=incidents,
    )
