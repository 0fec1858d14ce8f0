"""The work behind the pages over a real store: when findings are correlated, of which days, and what the snapshot reads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboards import background
from dashboards.background import LATELY_NS, Trouble, Work, keep_working, take_glance, take_snapshot
from dashboards.correlating import SETTLES_S, Correlating
from dashboards.desk import Desk
from dashboards.pace import REST, Pace
from dashboards.settings import DashboardsSettings
from dashboards.summary import Summary
from pipeline.incident.correlate import Correlated, Correlator
from pipeline.incident.persons import count_year
from pipeline.ingest.body import Identity
from pipeline.ingest.marks import Marks
from pipeline.registry.load import load_registry
from pipeline.schema import COVERAGE, FINDING, FLOW, SUBJECT
from pipeline.store.server import StoreAwayError
from pipeline.store.store import ChdbStore
from tests.unit.pipeline.conftest import engine, put, put_findings, store
from tests.unit.pipeline.incident.test_incident_correlate import LINES, USCI

__all__ = ["engine", "put", "put_findings", "store"]
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
DAY = timedelta(days=1)


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Slow:
    """The correlator, taking `takes_s` of the clock's time; keeps since when it was asked to judge."""

    def __init__(self, correlator: Correlator, clock: Clock) -> None:
        self.correlator, self.clock = correlator, clock
        self.takes_s, self.fails = 0.0, False
        self.asked: list[str] = []

    def run_once(self, now: datetime, since: datetime | None = None) -> Correlated:
        self.asked.append(since.isoformat()[:10] if since else "all")
        self.clock.now_s += self.takes_s
        if self.fails:
            raise RuntimeError("away")
        return self.correlator.run_once(now, since)


class House:
    """Findings come, with the marks that ingest makes; `run` is one second's look."""

    def __init__(self, store: ChdbStore, engine: Engine, put_findings: Callable[..., None]) -> None:
        self.clock, self.put_findings, self._marks, self._sequence = Clock(), put_findings, Marks(store), 0
        self.correlator = Slow(Correlator(store, engine, count_year(store)), self.clock)
        self.correlating = Correlating(store, self.correlator, self.clock)  # type: ignore[arg-type]

    def find(self, at: datetime, persons: int = 3) -> None:
        self.put_findings(USCI, "resident_id", persons, at)
        for record in (FINDING, SUBJECT):
            self.mark(record.name)

    def mark(self, record: str) -> None:
        self._sequence += 1
        self._marks.note({Identity(record, "s", 0, 1): [self._sequence]}, f"{record}-{self._sequence}")

    def run(self) -> int:
        self.clock.now_s += 1
        return self.correlating.run(NOON)


@pytest.fixture
def house(store: ChdbStore, engine: Engine, put_findings: Callable[..., None], tmp_path: Path) -> House:  # noqa: F811
    lines, filed = tmp_path / "lines.toml", tmp_path / "permissions.toml"
    lines.write_text(LINES.format(usci=USCI), "utf-8")
    filed.write_text("", "utf-8")
    load_registry(engine, lines, filed, NOON)
    return House(store, engine, put_findings)


@pytest.fixture
def desk(store: ChdbStore, engine: Engine, tmp_path: Path) -> Iterator[Desk]:  # noqa: F811
    made = Desk(tmp_path, DashboardsSettings(), store, engine)
    yield made
    made.pool.shutdown()


def settle(house: House) -> None:
    """Until nothing is owed any more."""
    house.run()
    house.clock.now_s += SETTLES_S
    house.run()
    house.correlator.asked.clear()


def test_what_was_there_before_is_judged_at_the_start(house: House) -> None:
    house.find(NOON)
    assert house.run() == 1 and house.correlator.asked == ["all"]


def test_nothing_is_judged_where_only_flows_came(house: House) -> None:
    settle(house)
    house.mark(FLOW.name)
    house.mark(COVERAGE.name)
    assert [house.run(), house.run()] == [0, 0] and house.correlator.asked == []


def test_findings_and_persons_alone_are_judged(house: House) -> None:
    for record in (FINDING, SUBJECT):
        settle(house)
        house.mark(record.name)
        house.run()
        assert house.correlator.asked == ["all"]


def test_days_that_changed_are_judged_while_the_whole_rests(house: House) -> None:
    house.find(NOON - DAY)
    settle(house)
    house.correlator.takes_s = 1.0
    house.find(NOON)
    assert house.run() == 1
    house.find(NOON)
    house.find(NOON - 400 * DAY)
    assert house.run() == 2  # a day of last year's, from a capture replayed now, and all since
    assert house.run() == 0 and house.correlator.asked == ["all", "2025-10-19"]
    house.clock.now_s += REST
    house.run()
    assert house.correlator.asked == ["all", "2025-10-19", "all"]


def test_rows_that_are_seen_later_than_their_mark_are_judged(house: House) -> None:
    settle(house)
    house.mark(FINDING.name)
    assert house.run() == 0
    house.put_findings(USCI, "resident_id", 3, NOON)
    house.clock.now_s += SETTLES_S / 2
    assert house.run() == 1


def test_all_is_judged_once_more_when_nothing_more_came(house: House) -> None:
    house.find(NOON)
    house.run()
    house.clock.now_s += 2 * SETTLES_S
    house.run()
    house.run()
    assert house.correlator.asked == ["all", "all"]


def test_a_run_that_failed_is_made_up_for(house: House) -> None:
    settle(house)
    house.find(NOON)
    house.correlator.fails = True
    with pytest.raises(RuntimeError):
        house.run()
    house.clock.now_s += 2 * SETTLES_S
    house.correlator.fails = False
    assert house.run() == 1


def test_a_day_that_failed_is_made_up_for_while_the_whole_rests(house: House) -> None:
    settle(house)
    house.correlator.takes_s = 1.0
    house.find(NOON)
    house.run()
    house.find(NOON + DAY)
    house.correlator.fails = True
    with pytest.raises(RuntimeError):
        house.run()
    house.correlator.fails = False
    assert house.run() == 1 and house.correlator.asked == ["all", "2026-11-24", "2026-11-24"]


def test_a_pace_rests_by_how_long_the_turn_took() -> None:
    clock = Clock()
    pace = Pace(clock)
    with pace.turn():
        clock.now_s += 2
    assert not pace.is_due()
    clock.now_s += 2 * REST
    assert pace.is_due()
    with pytest.raises(ValueError, match="x"), pace.turn():
        clock.now_s += 2
        raise ValueError("x")
    assert pace.is_due()


def flow(number: int, first: datetime, lasts: timedelta) -> dict[str, Any]:
    return {"flow_id": number, "first": first, "last": first + lasts}


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def test_a_glance_sees_the_latest_flows_and_what_was_seen_before(desk: Desk, put: Callable[..., None]) -> None:  # noqa: F811
    assert take_glance(desk, True).data_to_ns == 0 and take_glance(desk, True).arrived_ns == 0
    put(FLOW, [flow(1, NOON, timedelta(minutes=5))])
    desk.summary = take_snapshot(desk, True)
    assert desk.summary.data_to_ns == ns(NOON + timedelta(minutes=5))
    put(FLOW, [flow(2, NOON + timedelta(minutes=1), timedelta(seconds=1))])
    glance = take_glance(desk, True)
    assert glance.data_to_ns == desk.summary.data_to_ns and glance.version == desk.summary.version + 1
    later = NOON + timedelta(minutes=9)
    put(FLOW, [flow(3, later, timedelta(seconds=1)), flow(4, later - timedelta(seconds=30), timedelta(minutes=2))])
    assert take_glance(desk, True).data_to_ns == ns(NOON + timedelta(minutes=10, seconds=30))
    put(FLOW, [flow(5, NOON - 400 * DAY, timedelta(seconds=1))])  # an old capture
    assert take_glance(desk, True).data_to_ns == ns(NOON + timedelta(minutes=10, seconds=30))


def test_a_glance_leaves_the_other_flows_unread(desk: Desk, put: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    put(FLOW, [flow(1, NOON, timedelta(hours=2)), flow(2, NOON + timedelta(hours=1), timedelta(0))])
    assert take_glance(desk, True).data_to_ns == ns(NOON + timedelta(hours=1))
    monkeypatch.setattr(background, "LATELY_NS", 100 * LATELY_NS)
    assert take_glance(desk, True).data_to_ns == ns(NOON + timedelta(hours=2))


def test_what_a_glance_left_out_is_read_when_nothing_more_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rounds with arrivals, then silence: between dear snapshots there are glances, and a snapshot comes last."""
    told: list[str] = []
    clock, rounds = Clock(), [1, 1, 1, *[0] * 8]
    pace = Pace(clock)

    def ingest() -> int:
        clock.now_s += 0.5
        if not rounds:
            raise asyncio.CancelledError
        return rounds.pop(0)

    def snapshot(desk: Desk, _arrived: bool) -> Summary:
        clock.now_s += 0.2
        told.append("snapshot")
        return desk.summary

    def glance(desk: Desk, _arrived: bool) -> Summary:
        told.append("glance")
        return desk.summary

    for name, value in {"EVERY_S": 0.0, "Pace": lambda: pace, "take_snapshot": snapshot, "take_glance": glance}.items():
        monkeypatch.setattr(background, name, value)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(keep_working(desk, Work(ingest, lambda _: 0, lambda _: 0)))
    assert told == ["snapshot", "glance", "glance", "snapshot"]


def test_after_trouble_all_is_read_again_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, told = Clock(), []
    rounds = [1, RuntimeError(), 0, asyncio.CancelledError()]

    def ingest() -> int:
        come = rounds.pop(0)
        told.append(desk.summary.trouble)
        if isinstance(come, BaseException):
            raise come
        return come

    def snapshot(desk: Desk, arrived: bool) -> Summary:
        clock.now_s += 1
        return take_snapshot(desk, arrived)

    for name, value in {"EVERY_S": 0.0, "Pace": lambda: Pace(clock), "take_snapshot": snapshot}.items():
        monkeypatch.setattr(background, name, value)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(keep_working(desk, Work(ingest, lambda _: 0, lambda _: 0)))
    assert told == ["", "", "RuntimeError", ""] and desk.summary.version == 2


def test_alerts_that_changed_are_in_the_snapshot_though_nothing_came(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = [0, 0, 0]
    versions: list[int] = []

    def correlate(_: datetime) -> int:
        versions.append(desk.summary.version)
        if not rounds:
            raise asyncio.CancelledError
        return rounds.pop(0) + len(versions) % 2

    monkeypatch.setattr(background, "EVERY_S", 0.0)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(keep_working(desk, Work(lambda: 0, correlate, lambda _: 0)))
    assert versions == [0, 1, 1, 2]


def test_trouble_that_lasts_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """Hours without a store wrote ten megabytes of tracebacks an hour."""
    trouble = Trouble("it")
    for error in (StoreAwayError("at 9000"), StoreAwayError("at 9000"), StoreAwayError("at 9001"), ValueError("x"), ValueError("x")):
        try:
            raise error
        except (StoreAwayError, ValueError) as raised:
            trouble.note(raised)
    trouble.ended()
    trouble.ended()
    assert [(one.levelname, one.getMessage().partition(":")[2].strip(), bool(one.exc_info)) for one in caplog.records] == [
        ("ERROR", "StoreAwayError: at 9000", False), ("ERROR", "StoreAwayError: at 9001", False), ("ERROR", "ValueError: x", True),
        ("WARNING", "", False),
    ]  # fmt: skip
