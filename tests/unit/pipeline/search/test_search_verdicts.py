"""Verdicts of flows on a real store: those of the alerts in the supervision database, whichever way they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.incident.models import Alert
from pipeline.schema import FLOW, Record
from pipeline.search.complete import complete
from pipeline.search.fields import BY_NAME, VERDICTS
from pipeline.search.language import parse
from pipeline.search.period import DAY_NS, Period
from pipeline.search.run import HOUR_NS, Search, new_search
from pipeline.search.verdicts import no_verdicts, read_verdicts
from pipeline.store.store import ChdbStore, open_store
from pipeline.supervision.engine import open_engine, upgrade, writing

Put = Callable[[Record, list[dict[str, Any]]], None]
BEGIN = datetime(2026, 11, 22, 16, tzinfo=UTC)  # midnight in Beijing
BEGIN_NS = int(BEGIN.timestamp()) * 10**9
DAYS = Period(BEGIN_NS, BEGIN_NS + 2 * DAY_NS)
COLUMNS = ("holder", "line", "destination", "hours", "findings", "inspected", "lasts_h", "verdict")
FLOWS = [
    ("H1", "L-1", "SG", 1, 3, 500, 0, "none"),
    ("H1", "L-1", "SG", 30, 3, 500, 0, "permit"),    # the same on the next day
    ("H1", "L-1", "DE", 2, 1, 500, 0, "pending"),    # found, and no alert yet
    ("H1", "L|1", "SG", 3, 1, 500, 0, "beyond"),
    ("H2", "L-2", "SG", 4, 9, 200, 0, "exempt"),     # found in the part that was seen
    ("H2", "L-2", "SG", 23, 2, 500, 2, "exempt"),
    ("H3", "L-3", "SG", 23, 2, 500, 2, "pending"),   # ends on the next day, whose alert it may be
    ("H1", "L-1", "SG", 5, 0, 200, 0, "unseen"),
    ("H1", "L-1", "SG", 6, 0, 500, 0, "nothing"),
    ("H1", "L-1", "SG", 31, 0, 500, 0, "nothing"),
]  # fmt: skip
ALERTS = [
    ("H1", "L-1", "SG", 23, "seen", "none"), ("H1", "L-1", "SG", 24, "seen", "permit"), ("H1", "L|1", "SG", 23, "seen", "beyond"),
    ("H2", "L-2", "SG", 23, "seen", "exempt"), ("H1", "L-1", "DE", 22, "seen", "none"), ("H1", "L-1", "DE", 23, "inferred", "none"),
    ("H3", "L-3", "SG", 24, "seen", "pending"),
]  # fmt: skip


def alert(number: int, holder: str, line: str, destination: str, day: int, evidence: str, verdict: str) -> Alert:
    empty: dict[str, Any] = {"obligation": {}, "signatures": {}, "servers": [], "addresses": [], "comparison": []}
    moments = dict.fromkeys(("first", "last", "created_at", "updated_at"), BEGIN)
    return Alert(number=f"A-{number}", holder=holder, line=line, destination=destination, day=date(2026, 11, day), evidence=evidence,
                 verdict=verdict, level=1, article="", article_en="", rule_pack="", **empty, **moments)  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    made = open_engine(tmp_path_factory.mktemp("supervision"))
    upgrade(made)
    with writing(made) as db:
        db.add_all([alert(number, *one) for number, one in enumerate(ALERTS)])
    return made


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, put_into: Callable[[ChdbStore], Put]) -> Iterator[ChdbStore]:
    folder: Path = tmp_path_factory.mktemp("verdicts")
    store, rows = open_store(folder), [dict(zip(COLUMNS, flow, strict=True)) for flow in FLOWS]
    put_into(store)(FLOW, [
        {**{name: row[name] for name in ("holder", "line", "destination", "findings")}, "flow_id": n, "domestic_end": "src",
         "first": BEGIN + timedelta(hours=row["hours"]), "last": BEGIN + timedelta(hours=row["hours"] + row["lasts_h"]),
         "payload_out": 500, "inspected_out": row["inspected"]}
        for n, row in enumerate(rows)])  # fmt: skip
    yield store
    store.close()


@pytest.fixture
def ask(filled: ChdbStore, engine: Engine) -> Callable[[str], Search]:
    return lambda text: new_search(filled, parse(text), DAYS, partial(read_verdicts, engine))


def test_each_flow_has_the_verdict_of_its_alert(ask: Callable[[str], Search]) -> None:
    fields = [BY_NAME["flow"], BY_NAME["verdict"]]
    by_time = [row for page in ask("").rows(fields, 100) for row in page.rows.to_pylist()]
    assert {int(row["flow"]): row["verdict"] for row in by_time} == {n: flow[-1] for n, flow in enumerate(FLOWS)}
    largest = ask("").largest(fields, BY_NAME["findings"], 3).to_pylist()
    assert [row["verdict"] for row in largest] == ["exempt", "permit", "none"]


def test_a_filter_names_a_verdict(ask: Callable[[str], Search]) -> None:
    def flows(text: str) -> set[int]:
        search = ask(text)
        assert search.count().column("flows").to_pylist() == [sum(page.rows.num_rows for page in search.rows([BY_NAME["flow"]], 100))]
        return {int(n) for page in search.rows([BY_NAME["flow"]], 100) for n in page.rows.column("flow").to_pylist()}

    for verdict in VERDICTS:
        assert flows(f"verdict == {verdict}") == {n for n, flow in enumerate(FLOWS) if flow[-1] == verdict}
    assert flows("判定 not in (unseen, nothing) and line == L-1") == {0, 1, 2}
    assert flows("verdict != pending") == {n for n, flow in enumerate(FLOWS) if flow[-1] != "pending"}
    assert ask("verdict == none").estimate() == len(FLOWS)


def test_flows_with_findings_are_counted_by_verdict(ask: Callable[[str], Search]) -> None:
    found = {row["verdict"]: (row["flows"], row["unseen"]) for row in ask("").found().to_pylist()}
    assert found == {"none": (1, 0), "permit": (1, 0), "pending": (2, 0), "beyond": (1, 0), "exempt": (2, 1)}
    days = [(row["verdict"], row["start"].day, row["flows"]) for row in ask("line == L-1").found(24 * HOUR_NS).to_pylist()]
    assert days == [("none", 22, 1), ("pending", 22, 1), ("permit", 23, 1)], "days begin at 16:00 UTC"
    tops = {row["value"]: row["flows"] for row in ask("").top(BY_NAME["verdict"]).to_pylist()}
    assert tops == {code: sum(flow[-1] == code for flow in FLOWS) for code in VERDICTS}


def test_a_question_has_the_alerts_of_its_own_days(engine: Engine) -> None:
    def keys(first_day: int, days: int) -> int:
        period = Period(BEGIN_NS + first_day * DAY_NS, BEGIN_NS + (first_day + days) * DAY_NS - 1)
        return len(read_verdicts(engine, period)["verdict_keys"])  # type: ignore[arg-type]

    assert keys(0, 1) == 5, "of the day and the next, on which a flow may end"
    assert keys(1, 1) == 2 and keys(-9, 100) == 6 and keys(2, 1) == 0


def test_without_alerts_what_was_found_is_pending(filled: ChdbStore) -> None:
    search = new_search(filled, None, DAYS, no_verdicts)
    assert [(row["verdict"], row["flows"]) for row in search.found().to_pylist()] == [("pending", 7)]


def test_verdicts_are_completed_without_asking_the_store() -> None:
    def values(*_: object) -> list[str]:
        raise AssertionError

    assert [option.text for option in complete("verdict == p", 12, values).options] == ["pending", "permit"]
