"""The forwarder: outbox files → Kafka, beside the sensor. A batch is deleted when the broker has acknowledged it, and never before.

Killed between any two lines it sends again what was not deleted; ingest knows it by its identity.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from prometheus_client import Counter, Gauge

from pipeline.bus.budget import TOO_LARGE, GivingUp, read_all
from pipeline.bus.connect import BusError, explain
from pipeline.bus.link import Link
from pipeline.bus.message import to_headers, to_key
from pipeline.bus.settings import BusSettings, ForwarderSettings
from pipeline.bus.spool import KEPT_LOG_OCTETS, KEPT_OCTETS, KEPT_PAGES, Spool
from pipeline.bus.topics import BODY_OCTETS, topic_name
from pipeline.schema.outbox import SUFFIX, look_at_disk

log = logging.getLogger(__name__)
LAG = Gauge("forwarder_lag_batches", "batches in the outbox that the broker has not acknowledged")
DISK = Gauge("forwarder_outbox_octets", "what the outbox files take on the disk")
OLDEST = Gauge("forwarder_oldest_unsent_seconds", "age of the oldest batch in the outbox; 0 where there is none")
UP = Gauge("forwarder_connected", "1 while the broker acknowledges, or nothing waits for it")
SENT = Counter("forwarder_sent_total", "batches that the broker acknowledged", ["record"])
SENT_OCTETS = Counter("forwarder_sent_octets_total", "octets of them", ["record"])
UNREAD = Counter("forwarder_unread_total", "times an outbox file could not be read or written")

FIRST = ("findings", "subjects", "coverage", "sensor_reports")  # each before the next, and all before flows
AT_ONCE = 8               # batches of one file, then it is the next one's turn
TICK_S = 0.1              # how soon a new batch is seen
LOOK_EVERY_S = 1.0        # new files, disk, metrics
BACKOFF_S = (0.5, 30.0)   # between two attempts to connect
STALLED_S = 120.0         # nothing acknowledged for so long: connect anew
FAREWELL_S = 5.0          # for what is on its way when told to stop


class Flying(NamedTuple):
    """A batch on its way."""

    future: Any
    spool: Spool
    number: int
    record: str
    octets: int


class Forwarder:
    """One reader of all outbox files of a data directory; the caller sees to it that it is the only one."""

    def __init__(self, data: Path, bus: BusSettings, settings: ForwarderSettings) -> None:
        self.folder = data / "outbox"
        self.bus = bus
        self._budget = settings.disk_mebibytes << 20
        self._window = settings.window_mebibytes << 20
        self._giving_up = GivingUp(time.time_ns())
        self._spools: dict[Path, Spool] = {}
        self._unreadable: set[Path] = set()
        self._link: Link | None = None
        self._flying: list[Flying] = []
        self._sent_up_to: dict[tuple[Path, str], int] = {}  # by file and record: the last batch handed to the link
        self._backoff_s, self._connect_at, self._look_at = BACKOFF_S[0], 0.0, 0.0
        self._moved_at = self._trouble_since = 0.0
        self.trouble = ""  # why nothing is sent

    def run(self, stopping: Callable[[], bool], once: bool = False, limit_s: float = float("inf")) -> bool:
        """Until `stopping`, or `once` until the outbox is empty; whether it is. No longer than `limit_s`."""
        until = time.monotonic() + limit_s
        empty = False
        while not stopping() and time.monotonic() < until and not (once and empty):
            busy = self.step(time.monotonic())
            empty = once and not busy and self._is_empty()
            if not empty:
                self._wait(0.0 if busy else TICK_S)
        self.close()
        return empty

    def step(self, now: float) -> bool:
        """Take in what was acknowledged, keep within the disk, send what fits; whether anything was sent. `now` is monotonic, s."""
        self._harvest(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            self._open_new()
            self._keep_within()
            self._measure()
        if self._link is None and now >= self._connect_at:
            self._connect(now)
        if self._link is None:
            return False
        if self._flying and now - self._moved_at > STALLED_S:
            self._lose_link(BusError(f"nothing acknowledged for {STALLED_S:.0f} s"), now)
            return False
        return self._fill()

    def close(self) -> None:
        """Wait a little for what is on its way, and leave the rest for the next time."""
        if self._link is not None:
            self._link.close(FAREWELL_S)
            self._harvest(time.monotonic())
        self._link, self._flying = None, []
        self._measure()
        for spool in self._spools.values():
            spool.close()
        self._spools.clear()

    def _wait(self, seconds: float) -> None:
        if self._link is None:
            time.sleep(seconds or TICK_S)
        elif self._link.moved.wait(seconds):
            self._link.moved.clear()

    def _is_empty(self) -> bool:
        """Nothing is left; an outbox that cannot be read may hold something."""
        try:
            return not self._flying and not self._unreadable and not any(spool.count() for spool in self._spools.values())
        except sqlite3.DatabaseError:
            return False

    def _readable(self) -> list[Spool]:
        return [spool for path, spool in self._spools.items() if path not in self._unreadable]

    def _open_new(self) -> None:
        self._unreadable.clear()  # each has its chance again
        for path in sorted(self.folder.glob(f"*{SUFFIX}")):
            if path not in self._spools and path.stat().st_size:  # an empty one is just being made
                try:
                    self._spools[path] = Spool(path)
                except sqlite3.DatabaseError as error:
                    self._pass_over(path, error)

    def _pass_over(self, path: Path, error: Exception) -> None:
        UNREAD.inc()
        self._unreadable.add(path)
        log.warning("outbox %s cannot be used now: %s", path.name, error)

    def _keep_within(self) -> None:
        spools, flying = self._readable(), {(one.spool.path, one.number) for one in self._flying}
        if not spools:
            return
        disk = look_at_disk(self.folder)
        if disk.free < disk.spared + len(spools) * KEPT_OCTETS:  # no room for what files keep; logs first, for pages go by them
            self._each(spools, lambda spool: spool.return_log(0))
            kept = (0, 0)
        else:
            kept = (KEPT_PAGES, KEPT_LOG_OCTETS)
        try:
            if self._giving_up.keep_within(spools, min(self._budget, disk.total - 2 * disk.spared), flying, time.time_ns()):
                return
        except sqlite3.DatabaseError as error:
            self._note_refused(f"the outbox cannot be kept within its budget now: {error}")
        # Pages of a backlog would be moved, only to be free soon.
        self._each(spools, lambda spool: spool.return_space(*kept) if spool.count() <= AT_ONCE else None)

    def _each(self, spools: list[Spool], give: Callable[[Spool], None]) -> None:
        """Have each file give space back."""
        refused: list[str] = []
        for spool in spools:
            try:
                give(spool)
            except sqlite3.DatabaseError as error:
                refused.append(f"{spool.path.name}: {error}")
        if refused:
            self._note_refused(f"{len(refused)} outbox files cannot give space back now, the first is {refused[0]}")

    def _note_refused(self, text: str) -> None:
        UNREAD.inc()
        log.warning("%s", text)

    def _measure(self) -> None:
        batches, octets, oldest_ns = read_all(list(self._spools.values()))
        LAG.set(batches)
        DISK.set(octets)
        OLDEST.set(0.0 if oldest_ns is None else max(0.0, (time.time_ns() - oldest_ns) / 1e9))
        UP.set(self._link is not None and not (self._flying and time.monotonic() - self._moved_at > 10 * LOOK_EVERY_S))

    def _connect(self, now: float) -> None:
        try:
            self._link = Link(self.bus, [topic_name(self.bus, record) for record in (*FIRST, "flows")])
        except BusError as error:
            self._note_trouble(str(error), now)
            return
        self._moved_at = now
        self._sent_up_to.clear()
        if self._is_empty():
            self._end_trouble(now)

    def _end_trouble(self, now: float) -> None:
        """Only where something was acknowledged, or nothing waits: who lets us in need not take what we have."""
        if self.trouble:
            log.warning("the bus takes records again after %.0f s", now - self._trouble_since)
            self.trouble = ""

    def _note_trouble(self, text: str, now: float) -> None:
        """Say it when it begins and when it changes its nature; try again later and later."""
        if not self.trouble:
            self._trouble_since = now
        if text.split(":")[0] != self.trouble.split(":")[0]:
            log.warning("%s; records stay in the outbox, trying again", text)
        self.trouble = text
        self._connect_at = time.monotonic() + self._backoff_s
        self._backoff_s = min(self._backoff_s * 2, BACKOFF_S[1])

    def _lose_link(self, error: Exception, now: float) -> None:
        """End the link; what was not acknowledged is sent again over the next one, from the first on."""
        assert self._link is not None
        self._link.close()
        link, self._link = self._link, None
        self._forget_acknowledged(now)
        self._flying = []
        text = str(error) if isinstance(error, BusError) else explain(link.broken or error, "", self.bus)
        self._note_trouble(text, now)

    def _harvest(self, now: float) -> None:
        self._forget_acknowledged(now)
        if self._link is not None and self._link.broken is not None:
            self._lose_link(self._link.broken, now)

    def _forget_acknowledged(self, now: float) -> None:
        done = [one for one in self._flying if one.future.is_done and one.future.succeeded()]
        for spool in {one.spool for one in done}:
            mine = [one for one in done if one.spool is spool]
            try:
                spool.forget([one.number for one in mine])
            except sqlite3.DatabaseError as error:  # still flying: forgotten the next time
                self._pass_over(spool.path, error)
                done = [one for one in done if one.spool is not spool]
                continue
            for one in mine:
                SENT.labels(one.record).inc()
                SENT_OCTETS.labels(one.record).inc(one.octets)
        if done:
            gone = {(one.spool.path, one.number) for one in done}
            self._flying = [one for one in self._flying if (one.spool.path, one.number) not in gone]
            self._moved_at, self._backoff_s = now, BACKOFF_S[0]
            self._end_trouble(now)

    def _fill(self) -> bool:
        """Hand over what the window takes: flows into what the others leave of it, so that those never wait for a window of flows."""
        sent = False
        for record in (*FIRST, "flows"):
            room = self._window if record == "flows" else 2 * self._window
            more = True
            while more and self._link is not None and self._link.broken is None:
                more = False
                for spool in self._readable():
                    if self._octets_flying() >= room:
                        return sent
                    more |= self._hand_over(spool, record)
                sent |= more
        return sent

    def _octets_flying(self) -> int:
        return sum(one.octets for one in self._flying)

    def _hand_over(self, spool: Spool, record: str) -> bool:
        """The next batches of one file; whether there were any."""
        assert self._link is not None
        place = (spool.path, record)
        numbers: list[int] = []
        try:
            numbers = spool.pending(record, self._sent_up_to.get(place, 0), AT_ONCE)
            for number in numbers:
                row = spool.read(number)
                if row is None:  # given up meanwhile
                    self._sent_up_to[place] = number
                    continue
                if len(row.body) > BODY_OCTETS:
                    log.error("%s: a batch of %s with %d octets can never be sent: given up", spool.path.name, record, len(row.body))
                    self._giving_up.give_up(spool, [row], TOO_LARGE, time.time_ns())
                    continue
                headers = to_headers(row.identity, row.sequence, row.rows, row.made_ns)
                future = self._link.send(topic_name(self.bus, record), to_key(row.identity), row.body, headers)
                if future is None:
                    break
                if not self._flying:
                    self._moved_at = time.monotonic()
                self._flying.append(Flying(future, spool, number, record, len(row.body)))
                self._sent_up_to[place] = number
        except sqlite3.DatabaseError as error:
            self._pass_over(spool.path, error)
        return bool(numbers)
