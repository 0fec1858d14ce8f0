"""What findings say of the flows of a page, on a real store: of the rows that have any, within their time, by one question."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from pipeline.schema import FINDING, FLOW, Record
from pipeline.search import run
from pipeline.search.fields import BY_NAME
from pipeline.search.language import parse
from pipeline.search.period import DAY_NS, Period
from pipeline.search.run import new_search
from pipeline.store.store import ChdbStore, open_store
from tests.unit.pipeline.search.made_filters import BEGIN, BEGIN_NS

Put = Callable[[Record, list[dict[str, Any]]], None]
FLOW_FIELD, CLASS, SIGNATURE = BY_NAME["flow"], BY_NAME["finding.class"], BY_NAME["finding.signature"]
ALL = Period(BEGIN_NS, BEGIN_NS + DAY_NS)
CLASSES = ((-9, "早"), (0, "身份"), (2, "基本"), (2, "基本"), (40, "晚"))  # days after a flow's first packet; two are of other flows


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, put_into: Callable[[ChdbStore], Put]) -> Iterator[ChdbStore]:
    """Forty flows of three days, each reported in two parts; every fourth has findings, in the second part."""
    store = open_store(tmp_path_factory.mktemp("found"))
    put, day, begins = put_into(store), timedelta(days=1), [BEGIN + timedelta(seconds=n) for n in range(40)]
    put(FLOW, [
        {"flow_id": 2**63 + n, "first": first, "last": first + part * day, "findings": int(n % 4 == 0 and part == 3)}
        for n, first in enumerate(begins) for part in (1, 3)])  # fmt: skip
    put(FINDING, [
        {"finding_id": n * 8 + k, "flow_id": 2**63 + n, "first": first + days * day, "class": one, "signature": "mobile", "tier": 1 + n % 2}
        for n, first in enumerate(begins) if n % 4 < 2 for k, (days, one) in enumerate(CLASSES)])  # fmt: skip
    yield store
    store.close()


@pytest.mark.parametrize("page_rows", [7, 5000])
def test_findings_are_looked_up_for_the_rows_that_have_any(found: ChdbStore, monkeypatch: pytest.MonkeyPatch, page_rows: int) -> None:
    monkeypatch.setattr(run, "PAGE_ROWS", page_rows)
    search, columns = new_search(found, None, ALL), [CLASS, FLOW_FIELD, SIGNATURE, BY_NAME["findings"]]
    pages = [page.rows for page in search.rows(columns, 10**9)]
    assert {str(page.schema) for page in pages} == {str(pages[0].schema)}, "a file has one schema"
    assert pages[0].column_names == [column.name for column in columns] and max(page.num_rows for page in pages) <= page_rows
    rows = [row for page in pages for row in page.to_pylist()]
    expected: dict[int, tuple[list[str], list[str]]] = {0: ([], []), 1: (["基本", "身份"], ["mobile"])}
    assert len(rows) == 80 and all((row[CLASS.name], row[SIGNATURE.name]) == expected[row["findings"]] for row in rows)
    assert sum(row["findings"] for row in rows) == 10
    largest = search.largest([CLASS, FLOW_FIELD], BY_NAME["findings"], 11).column(CLASS.name).to_pylist()
    assert largest == [["基本", "身份"]] * 10 + [[]]


def test_a_page_asks_for_its_findings_once_or_not_at_all(found: ChdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    query = found.query
    monkeypatch.setattr(found, "query", lambda sql, parameters: asked.append((sql, parameters)) or query(sql, parameters))
    for text, times in (("flow == 9223372036854775809", 0), ("findings > 0", 1), ("line == none", 0)):
        search = new_search(found, parse(text), ALL)
        pages = list(search.rows([FLOW_FIELD, CLASS, SIGNATURE], 10**9))
        lookups = [(sql, parameters) for sql, parameters in asked if "FROM findings" in sql]
        assert len(lookups) == times and all(page.rows.column_names == ["flow", CLASS.name, SIGNATURE.name] for page in pages)
        for sql, parameters in lookups:
            assert search.mark in sql and "9223372036854775" not in sql, "it can be cancelled, and numbers are bound"
            assert (parameters["since"], parameters["until"]) == (BEGIN_NS, BEGIN_NS + 3 * DAY_NS + 36 * 10**9 + 1)
            assert parameters["flows"] == [2**63 + n for n in range(0, 40, 4)]
            plan = " ".join(row["explain"] for row in query(f"EXPLAIN indexes = 1 {sql}", parameters).to_pylist())
            assert "by_flow" in plan and "toYYYYMM(first)" in plan, "the index and the months are of use"
        asked.clear()
