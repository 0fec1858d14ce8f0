"""When findings are correlated: the days that new ones fall on soon, all of them now and then; nothing where only flows came.

A new finding changes alerts of its own day, and by the persons of its holder's year also those of other days. The day is judged as soon as
it is seen to have changed; everything is judged again while findings or persons come and once after, at its own pace. Which days changed
is told by the number of their findings, not by a clock: a capture of last year that is replayed today changes days of last year.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboards.pace import Pace
from pipeline.incident.correlate import Correlator
from pipeline.schema import FINDING, SUBJECT
from pipeline.supervision.number import BEIJING

if TYPE_CHECKING:
    from pipeline.store.store import Store

SETTLES_S = 60.0  # on a cluster another replica may have the rows later than the mark that says they are there
# Rows are written before their marks. The table's merges take lines away, but neither the newest of them nor any maker's last sequence.
MARKS = f"""
SELECT record, max(newest) AS newest, sum(last) AS sequences FROM (
    SELECT record, max(ingested) AS newest, max(sequence) AS last FROM batches
    WHERE record IN ('{FINDING.name}', '{SUBJECT.name}') GROUP BY record, sensor, worker, epoch
) GROUP BY record ORDER BY record
"""
DAYS = "SELECT toString(toDate(first, 'Asia/Shanghai')) AS day, count() AS findings FROM findings GROUP BY day"


class Correlating:
    """Asked every second; what a run that failed should have done is done by the next."""

    def __init__(self, store: Store, correlator: Correlator, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._correlator, self._clock = store, correlator, clock
        self._whole, self._some = Pace(clock), Pace(clock)
        self._marks: list[dict[str, Any]] | None = None
        self._days: dict[str, int] = {}
        self._settled_s = 0.0
        self._is_owed = True  # what the store held before us was perhaps never correlated

    def run(self, now: datetime) -> int:
        """How many alerts are new or changed."""
        marks = self._store.query(MARKS).to_pylist()
        if marks != self._marks:
            self._marks, self._is_owed = marks, True
            self._settled_s = self._clock() + SETTLES_S
        if not self._is_owed:
            return 0
        days = {row["day"]: int(row["findings"]) for row in self._store.query(DAYS).to_pylist()}
        if self._whole.is_due():
            is_last = self._clock() >= self._settled_s
            with self._whole.turn():
                done = self._correlator.run_once(now)
            self._is_owed = not is_last
        elif (changed := sorted(day for day in days if days[day] > self._days.get(day, 0))) and self._some.is_due():
            with self._some.turn():
                done = self._correlator.run_once(now, datetime.fromisoformat(changed[0]).replace(tzinfo=BEIJING))
        else:
            return 0
        self._days = days
        return done.alerts_new + done.alerts_changed
