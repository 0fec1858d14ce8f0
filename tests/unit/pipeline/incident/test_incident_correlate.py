"""Findings in a real store, permissions in a real database: alerts and incidents that a second run leaves as they are."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from pipeline.incident.cases import (
    StepError,
    add_note,
    assign,
    assign_alert,
    find_alert,
    find_incident,
    list_alerts,
    list_incidents,
    mark_false,
    open_incident,
    transition,
    triage,
)
from pipeline.incident.clocks import clocks, nearest
from pipeline.incident.correlate import Correlated, Correlator
from pipeline.incident.models import Alert, Incident, IncidentEvent
from pipeline.incident.persons import count_year, read_year
from pipeline.ledger.obligations import Bounds
from pipeline.registry.load import load_registry
from pipeline.store.store import ChdbStore
from pipeline.supervision.engine import reading, writing

USCI, OTHER = "91350100M000100Y43", "91110105MA02HLPH72"
NOON = datetime.datetime(2026, 11, 23, 4, tzinfo=datetime.UTC)
NOW = NOON + datetime.timedelta(minutes=5)
DONE = {"cause": "a", "remedy": "b", "persons_told": "c", "report": "d", "evidence": "e"}
LINES = """
[[line]]
id = "L-1"
holder = {{ name = "某公司", name_en = "Some Co", usci = "{usci}" }}
far = "SG"
domestic = ["10.21.0.0/16"]
"""
FILED = """
[[permission]]
number = "P-1"
kind = "contract"
holder = "{usci}"
destinations = ["SG"]
categories = ["mobile"]
persons = {{ sensitive = 500 }}
from = 2026-01-01
"""


@pytest.fixture
def correlator(engine: Engine, store: ChdbStore, tmp_path: Path) -> Correlator:
    file(engine, tmp_path, None)
    return Correlator(store, engine, count_year(store))


def file(engine: Engine, folder: Path, permissions: str | None) -> None:
    lines = folder / "lines.toml"
    lines.write_text(LINES.format(usci=USCI), "utf-8")
    filed = folder / "permissions.toml"
    filed.write_text((permissions or "").format(usci=USCI), "utf-8")
    load_registry(engine, lines, filed, NOON)


def snapshot(engine: Engine) -> list[Any]:
    """Every row of alerts, incidents and events."""
    with engine.connect() as connection:
        return [connection.execute(select(model.__table__)).all() for model in (Alert, Incident, IncidentEvent)]


def test_one_alert_and_one_incident_and_the_second_run_changes_nothing(
    engine: Engine, correlator: Correlator, put_findings: Callable[..., None]
) -> None:
    put_findings(USCI, "resident_id", 300, NOON)
    put_findings(USCI, "resident_id", 300, NOON + datetime.timedelta(seconds=9), start=200)  # 100 of them again
    put_findings(USCI, "mobile", 300, NOON, level="pi", principal=False)
    assert correlator.run_once(NOW) == Correlated(1, 0, 1, 0)
    with reading(engine) as session:
        (alert,) = list_alerts(session)
        (incident,) = list_incidents(session)
    assert (alert.number, incident.number) == ("A-20261123-0001", "I-20261123-0001")
    assert (alert.verdict, alert.level, alert.article_en, alert.state) == ("none", 2, "CAC Order 16 Art. 8", "incident")
    assert (alert.sensitive_lower, alert.sensitive_upper, alert.pi_upper) == (500, 500, 0)
    assert alert.signatures["resident_id"] == {"level": "sensitive", "class": "身份", "tier": 3, "count": 600, "subjects": 600}
    assert (alert.servers, alert.addresses) == (["dms.example.net"], ["10.121.3.18"])
    assert (incident.sensitive_lower, incident.state, incident.learned_at) == (500, "new", NOW)
    before = snapshot(engine)
    assert correlator.run_once(NOW + datetime.timedelta(hours=1)) == Correlated(0, 0, 0, 0)
    assert correlator.run_once(NOW + datetime.timedelta(hours=1), since=NOON) == Correlated(0, 0, 0, 0)
    assert snapshot(engine) == before


def test_a_holders_year_is_counted_once_a_run(
    engine: Engine, store: ChdbStore, tmp_path: Path, put_findings: Callable[..., None]
) -> None:
    file(engine, tmp_path, None)
    for day in range(4):  # four alerts of one year
        put_findings(USCI, "resident_id", 10, NOON - datetime.timedelta(days=day))
    count, asked = count_year(store), []

    def counting(year: int, holder: str) -> Any:
        asked.append((year, holder))
        return count(year, holder)

    assert Correlator(store, engine, counting).run_once(NOW).alerts_new == 4
    assert asked == [(2026, USCI)]
    put_findings(OTHER, "resident_id", 10, NOON - datetime.timedelta(days=1))
    Correlator(store, engine, counting).run_once(NOW, since=NOON)
    assert asked == [(2026, USCI)] * 2  # the other's is of another day


def test_more_findings_extend(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 10, NOON)
    correlator.run_once(NOW)
    put_findings(USCI, "resident_id", 20, NOON + datetime.timedelta(hours=1), start=10)   # the same day
    put_findings(USCI, "resident_id", 40, NOON + datetime.timedelta(days=1), start=30)    # the next
    assert correlator.run_once(NOW + datetime.timedelta(days=1)) == Correlated(1, 1, 0, 0)
    with reading(engine) as session:
        (incident,) = list_incidents(session)
        assert [a.day.day for a in incident.alerts] == [23, 24]
        assert [(e.kind, e.after) for e in incident.events] == [("opened", "A-20261123-0001"), ("extended", "A-20261124-0001")]
        assert (incident.sensitive_lower, incident.sensitive_upper) == (70, 70)
        # Of the year's 70, the other day holds 40 at most, so this day has 30 at least.
        assert (incident.alerts[0].sensitive_lower, incident.alerts[0].sensitive_upper) == (30, 30)


def test_beijing_midnight_parts_the_days(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 1, datetime.datetime(2026, 11, 23, 15, 59, 59, tzinfo=datetime.UTC))
    put_findings(USCI, "resident_id", 1, datetime.datetime(2026, 11, 23, 16, tzinfo=datetime.UTC), start=1)
    correlator.run_once(NOW)
    with reading(engine) as session:
        assert sorted(a.day.day for a in list_alerts(session)) == [23, 24]


@pytest.mark.parametrize("other", [
    {"tier": 1}, {"evidence": "inferred"}, {"destination": "CN"}, {"destination": ""}, {"level": "other"}, {"holder": ""},
])
def test_what_never_alerts(engine: Engine, correlator: Correlator, put_findings: Callable[..., None], other: dict[str, Any]) -> None:
    put_findings(other.pop("holder", USCI), "resident_id", 3, NOON, **other)
    assert correlator.run_once(NOW) == Correlated(0, 0, 0, 0)
    assert snapshot(engine) == [[], [], []]


def test_a_holder_that_the_registry_does_not_know_is_counted(correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(OTHER, "resident_id", 3, NOON)
    assert correlator.run_once(NOW) == Correlated(0, 0, 0, 1)


def test_permitted_data_is_settled_without_incident(
    engine: Engine, correlator: Correlator, put_findings: Callable[..., None], tmp_path: Path
) -> None:
    file(engine, tmp_path, FILED)
    put_findings(USCI, "mobile", 300, NOON, level="pi")
    assert correlator.run_once(NOW) == Correlated(1, 0, 0, 0)
    with reading(engine) as session:
        (alert,) = list_alerts(session)
    assert (alert.verdict, alert.level, alert.state, alert.incident_id) == ("permit", 1, "triaged", None)


def test_a_category_beyond_its_permission(
    engine: Engine, correlator: Correlator, put_findings: Callable[..., None], tmp_path: Path
) -> None:
    file(engine, tmp_path, FILED)
    put_findings(USCI, "mobile", 300, NOON, level="pi")
    correlator.run_once(NOW)
    put_findings(USCI, "bank_card", 160, NOON, principal=False, **{"class": "财产"})
    assert correlator.run_once(NOW) == Correlated(0, 1, 1, 0)
    with reading(engine) as session:
        (alert,) = list_alerts(session)
    (over,) = [f for f in alert.comparison if f["within"] is False]
    assert (alert.verdict, over["field"], over["exceeding"]) == ("beyond", "categories", ["bank_card"])
    assert (alert.sensitive_lower, alert.pi_lower) == (160, 300)


def test_important_candidates_wait_for_a_person(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "marking", 2, NOON, level="important")
    assert correlator.run_once(NOW) == Correlated(1, 0, 0, 0)
    with reading(engine) as session:
        (alert,) = list_alerts(session)
    assert (alert.verdict, alert.article_en, alert.state) == ("pending", "CAC Order 16 Art. 2", "new")
    incident = open_incident(engine, alert.number, "reg1", NOW)
    assert (incident.state, incident.level, incident.verdict) == ("new", 3, "pending")
    before = snapshot(engine)
    correlator.run_once(NOW)
    assert snapshot(engine) == before


def test_the_life_cycle_and_its_reasons(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 3, NOON)
    correlator.run_once(NOW)
    number = "I-20261123-0001"
    with pytest.raises(StepError, match="not to 'disposal'"):
        transition(engine, number, "disposal", "why", "reg1", NOW)
    with pytest.raises(StepError, match="reason"):
        transition(engine, number, "review", "  ", "reg1", NOW)
    assign(engine, number, "reg2", "reg1", NOW)
    add_note(engine, number, "rang them", "reg2", NOW)
    for to in ("review", "awaiting", "disposal"):
        transition(engine, number, to, f"to {to}", "reg2", NOW)
    with pytest.raises(StepError, match="missing report, evidence"):
        transition(engine, number, "closed", "done", "reg2", NOW, {**DONE, "report": "", "evidence": " "})
    transition(engine, number, "closed", "done", "reg2", NOW, DONE)
    with reading(engine) as session:
        incident = find_incident(session, number)
        assert incident is not None
        assert (incident.state, incident.closed_at, incident.open_key, incident.close_out) == ("closed", NOW, None, DONE)
        moves = [(e.before, e.after, e.reason, e.actor) for e in incident.events if e.kind == "moved"]
    assert moves == [("new", "review", "to review", "reg2"), ("review", "awaiting", "to awaiting", "reg2"),
                     ("awaiting", "disposal", "to disposal", "reg2"), ("disposal", "closed", "done", "reg2")]
    with pytest.raises(LookupError):
        transition(engine, "I-20261123-9999", "review", "x", "reg1", NOW)


def test_after_closing_new_findings_open_a_new_incident(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 3, NOON)
    correlator.run_once(NOW)
    transition(engine, "I-20261123-0001", "review", "r", "reg1", NOW)
    transition(engine, "I-20261123-0001", "closed", "r", "reg1", NOW, DONE)
    assert correlator.run_once(NOW) == Correlated(0, 0, 0, 0)  # the closed case is not opened by what it knew
    put_findings(USCI, "resident_id", 3, NOON, start=3)
    assert correlator.run_once(NOW) == Correlated(0, 1, 1, 0)
    with pytest.raises(StepError, match="I-20261123-0002 is already open"):
        transition(engine, "I-20261123-0001", "review", "again", "reg1", NOW)


def test_false_findings(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 3, NOON)
    put_findings(USCI, "resident_id", 5, NOON + datetime.timedelta(days=1), start=3)
    correlator.run_once(NOW)
    with pytest.raises(StepError):
        mark_false(engine, "A-20261123-0001", "", "reg1", NOW)
    mark_false(engine, "A-20261123-0001", "test data", "reg1", NOW)
    with reading(engine) as session:
        alert, incident = find_alert(session, "A-20261123-0001"), find_incident(session, "I-20261123-0001")
        assert alert is not None and incident is not None
        assert (alert.state, alert.state_reason) == ("false", "reg1: test data")
        assert incident.first == NOON + datetime.timedelta(days=1)
        assert "false finding: test data" in [e.reason for e in incident.events]
    correlator.run_once(NOW)
    with reading(engine) as session:
        assert [a.state for a in list_alerts(session, states=["false"])] == ["false"]


def test_triage_and_assignment_of_alerts(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "marking", 2, NOON, level="important")
    correlator.run_once(NOW)
    assert assign_alert(engine, "A-20261123-0001", "reg1").assignee == "reg1"
    assert triage(engine, "A-20261123-0001", "an exam paper", "reg1", NOW).state == "triaged"
    correlator.run_once(NOW)
    with reading(engine) as session:
        assert [a.state for a in list_alerts(session, levels=[3])] == ["triaged"]
        assert list_alerts(session, levels=[4]) == [] and list_alerts(session, line="L-2") == []
    with pytest.raises(LookupError):
        triage(engine, "A-20261123-0009", "x", "reg1", NOW)


def test_clocks(engine: Engine, correlator: Correlator, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 1_000, NOON)
    correlator.run_once(NOW)
    number = "I-20261123-0001"

    def read(ciio: bool = False) -> dict[str, Any]:
        with reading(engine) as session:
            incident = find_incident(session, number)
            assert incident is not None
            return {clock.key: clock for clock in clocks(incident, ciio, NOW)}

    first = read()
    assert first["review_3"].running and first["review_3"].due == NOW + datetime.timedelta(hours=4) and first["review_3"].house
    assert "review_2" not in first
    report = first["report_operator"]
    assert (report.running, report.due) == (False, None)
    assert "needs 1,000,000 persons, this has 1,000" in report.why_en and "1,000,000" in report.why_zh
    assert "does not apply" in first["report_ciio"].why_en
    assert first["notify_pipl57"].why_en == "no notice has reached the holder yet"
    assert not first["answer"].running

    with writing(engine) as session:
        incident = find_incident(session, number)
        assert incident is not None
        incident.holder_told_at, incident.pi_lower, incident.pi_upper = NOW, 999_999, 1_000_000
    assert "it may" in read()["report_operator"].why_en and read()["notify_pipl57"].due == NOW
    with writing(engine) as session:
        incident = find_incident(session, number)
        assert incident is not None
        incident.pi_lower = 1_000_000
    assert read()["report_operator"].due == NOW + datetime.timedelta(hours=4)
    assert read(ciio=True)["report_ciio"].due == NOW + datetime.timedelta(hours=1)
    assert not read(ciio=True)["report_operator"].running

    later = NOW + datetime.timedelta(minutes=30)
    transition(engine, number, "review", "r", "reg1", later)
    transition(engine, number, "awaiting", "asked", "reg1", later)
    after = read()
    assert (after["review_3"].running, after["review_3"].met) == (False, later)
    assert after["answer"].running and after["answer"].start == later
    assert nearest(list(after.values())) is not None
    transition(engine, number, "disposal", "answered", "reg1", later)
    assert read()["answer"].met == later


def test_persons_by_destination_do_not_add_up(store: ChdbStore, put_findings: Callable[..., None]) -> None:
    put_findings(USCI, "resident_id", 100, NOON)
    put_findings(USCI, "resident_id", 100, NOON, destination="DE", start=50)
    put_findings(USCI, "passport", 30, NOON)
    put_findings(USCI, "private_key", 9, NOON)
    put_findings(USCI, "resident_id", 7, NOON, tier=1, start=900)
    put_findings(USCI, "resident_id", 5, datetime.datetime(2025, 12, 31, 15, tzinfo=datetime.UTC))
    put_findings(USCI, "resident_id", 1, datetime.datetime(2025, 12, 31, 16, tzinfo=datetime.UTC))  # 2026 in Beijing
    found = read_year(store, 2026, USCI)
    assert found["SG"].sensitive == Bounds(100, 130)
    assert found["DE"].sensitive == Bounds(100, 100)
    assert found[None].sensitive == Bounds(150, 180)
    assert read_year(store, 2025, USCI)[None].sensitive == Bounds(5, 5)
