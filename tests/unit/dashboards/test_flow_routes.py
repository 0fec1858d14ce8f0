"""The routes of flow search over a real store: rows by key, completion, files, searches that take turns and end when told to."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import select

from dashboards.access.viewer import Viewer
from dashboards.api import flow_files, flows
from dashboards.api.routes import add_api
from dashboards.desk import Desk
from dashboards.last_answers import KEPT_ROWS, LastAnswers
from dashboards.reading.flow_search import by_verdict, count_over, found_over, open_search, over_by_verdict, read_question
from dashboards.searching import AT_ONCE, Doing, NoAnswerError, Searching
from dashboards.settings import DashboardsSettings
from pipeline.schema import FINDING, FLOW
from pipeline.search import run
from pipeline.search.run import Search
from pipeline.search.saved import save
from pipeline.store.server import StoreAwayError
from pipeline.store.store import open_store
from pipeline.supervision.accounts import AuditEntry
from pipeline.supervision.engine import open_engine, reading, upgrade
from tests.unit.pipeline.search.made_filters import address
from tests.unit.pipeline.search.test_search_run import ALL, ENDLESS, wait_until_running

BEGIN = datetime(2026, 11, 22, 16, tzinfo=UTC)
HOSTILE = "=<script>alert(1)</script>"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, put_into) -> Iterator[Desk]:  # noqa: ANN001
    folder = tmp_path_factory.mktemp("desk")
    store, engine = open_store(folder), open_engine(folder)
    upgrade(engine)
    put = put_into(store)
    put(FLOW, [
        {"flow_id": 2**63 + n, "first": BEGIN + timedelta(seconds=n // 3), "last": BEGIN + timedelta(seconds=n // 3 + 1),
         "line": f"L-{n % 2}", "destination": "SG", "src_ip": address("10.0.0.1").to_bytes(16), "dst_ip": address("10.0.0.2").to_bytes(16),
         "src_port": 40_000, "dst_port": 443, "octets_out": 9000 if n == 1 else 900, "packets_out": 9, "payload_out": 500,
         "inspected_out": n % 2 * 500, "findings": 2 * (n % 100 == 7 and n > 200),
         "protocol": "tls", "server_name": HOSTILE, "server_names": [HOSTILE]}
        for n in range(1000)])  # fmt: skip
    put(FINDING, [
        {"finding_id": n * 3 + k, "flow_id": 2**63 + n, "first": BEGIN + timedelta(seconds=n // 3), "class": one, "tier": 3}
        for n in range(207, 1000, 100) for k, one in enumerate(("基本", "身份", "基本"))])  # fmt: skip
    save(engine, "odd", "线路 == L-1", "wang", BEGIN)
    yield Desk(folder, DashboardsSettings(), store, engine)
    store.close()


@pytest.fixture(scope="module")
def pages(desk: Desk) -> TestClient:
    """The routes, asked by an analyst; with `x-role: operator` by one who may not."""
    app = FastAPI()

    @app.middleware("http")
    async def sign_in(request: Request, answer):  # noqa: ANN001, ANN202
        request.state.viewer = Viewer("lin", request.headers.get("x-role", "analyst"), "", "en", "light", 1)
        return await answer(request)

    add_api(app, desk)
    return TestClient(app)


def test_rows_come_by_key_with_the_columns_asked_for(pages: TestClient) -> None:
    found, after = [], ""
    while True:
        page = pages.get("/api/flows", params={"line": "L-1", "limit": 170, "after": after, "cols": "first,destination,server.name"}).json()
        found += page["rows"]
        after = page["next"]
        if not after:
            break
    assert [int(row["id"]) - 2**63 for row in found] == list(range(999, 0, -2))
    assert set(found[0]) == {"id", "first", "destination", "server.name"} and found[0]["destination"] == "Singapore"
    assert found[0]["server.name"] == HOSTILE and found[0]["first"]["href"] == f"/flows/{2**63 + 999}"
    assert pages.get("/api/flows", params={"after": "x-1-2"}).status_code == 200
    assert pages.get("/api/flows", params={"from": "2026-11-24"}).json() == {"rows": [], "next": ""}


def test_what_is_sorted_is_one_answer_of_the_whole_result(pages: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    page = pages.get("/api/flows", params={"line": "L-1", "sort": "octets.out", "limit": 2000, "cols": "octets.out"}).json()
    numbers = [int(row["id"]) - 2**63 for row in page["rows"]]
    assert page["next"] == "" and numbers == [1, *range(999, 1, -2)], "the largest is old; of the same size the newest is first"
    monkeypatch.setattr(flows, "SORTED_ROWS", 7)
    assert len(pages.get("/api/flows", params={"sort": "findings", "limit": 2000}).json()["rows"]) == 7
    by_time = pages.get("/api/flows", params={"sort": "first'); DROP", "limit": 3}).json()
    assert [int(row["id"]) - 2**63 for row in by_time["rows"]] == [999, 998, 997] and by_time["next"]


def test_the_classes_of_what_was_found_are_a_column_and_in_the_files(pages: TestClient) -> None:
    rows = pages.get("/api/flows", params={"q": "finding.class == 身份", "cols": "class,line"}).json()["rows"]
    assert [row["class"] for row in rows] == ["identity, basic"] * 8
    assert [row["class"] for row in pages.get("/api/flows", params={"q": "findings == 0", "limit": 3}).json()["rows"]] == [""] * 3
    by_findings = pages.get("/api/flows", params={"sort": "findings", "limit": 9, "cols": "class"}).json()["rows"]
    assert [row["class"] for row in by_findings] == ["identity, basic"] * 8 + [""]
    asked = {"q": "findings > 0 or flow == 9223372036854775808", "cols": "class"}
    lines = [json.loads(line) for line in pages.get("/api/flows.jsonl", params=asked).text.splitlines()]
    assert [line["finding.class"] for line in lines] == [["基本", "身份"]] * 8 + [[]]
    cells = csv.DictReader(io.StringIO(pages.get("/api/flows.csv", params=asked).content.decode("utf-8-sig")))
    assert [row["finding.class"] for row in cells] == ["基本 身份"] * 8 + [""]
    table = pq.read_table(io.BytesIO(pages.get("/api/flows.parquet", params=asked).content))
    assert table.column("finding.class").to_pylist() == [line["finding.class"] for line in lines]


def test_a_saved_search_stands_in_a_filter_by_its_name(pages: TestClient) -> None:
    for q in ("@odd", "not (@odd and octets.out < 1MB)"):
        rows = pages.get("/api/flows", params={"q": q, "cols": "line", "limit": 5}).json()["rows"]
        assert {row["line"] for row in rows} == {"L-1" if q == "@odd" else "L-0"}
    assert len(pages.get("/api/flows.jsonl", params={"q": "@odd and findings > 0", "cols": "line"}).text.splitlines()) == 8
    wrong = pages.get("/api/flows.csv", params={"q": "port == 443 and @add"})
    assert wrong.status_code == 400 and wrong.json()["detail"][0] | {"place": ""} == {
        "entry": "q", "text": "port == 443 and @add", "column": 17, "length": 4, "place": "", "hint": "", "instead": ["@odd"],
    }  # fmt: skip
    found = pages.get("/api/flows/complete", params={"q": "port == 443 and @", "cursor": 17}).json()
    assert found["options"] == [{"text": "@odd", "note": "线路 == L-1"}] and found["start"] == 16
    assert pages.get("/api/flows/complete", params={"q": "@odd and lne == x", "cursor": 17}).json()["wrong"]["column"] == 10


def test_the_last_answers_are_kept_for_when_the_store_is_away(pages: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"q": "端口 == 443", "from": "2026-11-23", "cols": "line,class", "sort": "findings", "limit": 200}
    question = read_question(asked)
    key = (*question.key, "findings", "line", "class")
    refused = pages.get("/api/flows", params=asked, headers={"x-role": "operator"})
    assert refused.status_code == 403 and desk.last.find(key) is None
    pages.get("/api/flows", params=asked | {"limit": 5})
    assert desk.last.find(key) is None, "less than a page shows"
    pages.get("/api/flows", params=asked)
    kept = desk.last.find(key)
    assert kept is not None and len(kept.rows) == KEPT_ROWS and kept.rows[0]["finding.class"] == ["基本", "身份"] and kept.at_ns > 2**60
    page = pages.get("/api/flows", params=asked | {"sort": ""}).json()
    first = desk.last.find((*question.key, "", "line", "class"))
    pages.get("/api/flows", params=asked | {"sort": "", "after": page["next"]})
    assert first is not None and desk.last.find((*question.key, "", "line", "class")) is first, "a later page is not the first"

    def query(*_: object) -> None:
        raise StoreAwayError("away")

    monkeypatch.setattr(desk.store, "query", query)
    assert [pages.get(route, params=asked).status_code for route in ("/api/flows", "/api/flows.csv")] == [503, 503]
    assert desk.last.find(key) is kept
    found = pages.get("/api/flows/complete", params={"q": "line == ", "cursor": 8})
    assert found.status_code == 200 and found.json()["options"] == []


def test_few_answers_are_kept_the_latest_ones() -> None:
    last = LastAnswers(most=3)
    for number in (1, 2, 3, 1, 4):
        last.keep(number, [{"flows": number}], number)
    assert [last.find(number) is not None for number in (1, 2, 3, 4)] == [True, False, True, True]
    last.keep(4, [], 9)
    assert last.find(4) == (9, []) and last.find(3) is not None


def test_a_wrong_filter_and_a_wrong_role_are_refused(pages: TestClient) -> None:
    wrong = pages.get("/api/flows", params={"q": "lne == x"})
    assert wrong.status_code == 400 and wrong.json()["detail"][0]["instead"][0] == "line"
    assert pages.get("/api/flows", params={"q": "line ~ /(?=a)/"}).json()["detail"][0]["column"] == 8
    assert all(pages.get(route, headers={"x-role": "operator"}).status_code == 403
               for route in ("/api/flows", "/api/flows/complete", "/api/flows.csv"))  # fmt: skip


def test_completion_gives_meanings_values_and_what_is_wrong(pages: TestClient) -> None:
    def ask(text: str) -> dict:
        return pages.get("/api/flows/complete", params={"q": text, "cursor": len(text)}).json()

    assert {"text": "dst.port", "note": "port that answered"} in ask("dst.po")["options"]
    assert [option["text"] for option in ask("line == ")["options"]] == ["L-0", "L-1"]
    assert ask("server.name ~ ")["options"][0]["text"] == f'"{HOSTILE}"'
    assert ask("端口 == 1 or lne == ")["wrong"] is None, "unfinished"
    assert (wrong := ask("端口 == 1 or lne == x")["wrong"])["column"] == 12 and wrong["instead"][0] == "line"


def test_files_have_every_row_in_bounded_parts_and_leave_a_line(pages: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PAGE_ROWS", 64)
    monkeypatch.setattr(run, "LONG_PAGE_ROWS", 64)
    asked = {"q": "line == L-1", "cols": "first,source,server.name"}
    answer = pages.get("/api/flows.csv", params=asked, headers={"accept-encoding": "gzip"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 500 and list(rows[0]) == ["first", "flow", "src.ip", "src.port", "server.name"]
    assert rows[0]["server.name"] == "'" + HOSTILE and rows[0]["first"].endswith("+08:00")
    lines = [json.loads(line) for line in pages.get("/api/flows.jsonl", params=asked).text.splitlines()]
    assert [line["flow"] for line in lines] == [row["flow"] for row in rows]
    table = pq.read_table(io.BytesIO(pages.get("/api/flows.parquet", params=asked).content))
    assert table.column("flow").to_pylist() == [row["flow"] for row in rows]
    assert pages.get("/api/flows.xls").status_code == 404
    search = open_search(desk, read_question({}))
    assert isinstance(search, Search)
    parts = [len(part) for part in flow_files.file_parts(search, flow_files.fields_of(flow_files.read_columns("first")), "csv")]
    assert len(parts) > 15 and max(parts) < 64 * 100
    with reading(desk.engine) as db:
        assert [entry.subject.split("?")[0] for entry in db.scalars(select(AuditEntry))][-3:] == [
            "flows.csv", "flows.jsonl", "flows.parquet",
        ]  # fmt: skip


def test_counts_over_time_cover_the_whole_period(desk: Desk) -> None:
    search = open_search(desk, read_question({"from": "2026-11-23", "to": "2026-11-23T00:01"}))
    assert isinstance(search, Search)
    over = count_over(search)
    assert len(over.starts) == 60
    stacks = over_by_verdict(over, found_over(search))
    assert {code: sum(values) for code, values in stacks.items()} == {"unseen": 90, "nothing": 90} and len(stacks["unseen"]) == 60
    some = [{"start": over.starts[1], "verdict": verdict, "flows": 1, "unseen": unseen} for verdict, unseen in (("none", 1), ("permit", 0))]
    row = over.sums[over.starts[1]]
    assert [values[1] for values in over_by_verdict(over, some).values()] == [1, 1, row["unseen"] - 1, row["flows"] - row["unseen"] - 1]
    row = search.count().to_pylist()[0]
    assert row["unseen"] == 90 and row["sent.out"] == 180 * 500


def test_verdicts_add_up_to_all_flows() -> None:
    found = [{"verdict": "permit", "flows": 4, "unseen": 1}, {"verdict": "none", "flows": 2, "unseen": 2}]
    assert list(by_verdict({"flows": 20, "unseen": 8}, found).items()) == [("none", 2), ("permit", 4), ("unseen", 5), ("nothing", 9)]
    assert by_verdict({"flows": 6, "unseen": 3}, found) == {"none": 2, "permit": 4} and by_verdict({"flows": 0, "unseen": 0}, []) == {}


def test_a_row_has_its_verdict_and_is_found_by_it(pages: TestClient) -> None:
    rows = pages.get("/api/flows", params={"q": "判定 == nothing", "cols": "verdict,line", "limit": 3}).json()["rows"]
    assert [row["verdict"]["word"] for row in rows] == ["Nothing found"] * 3 and {row["line"] for row in rows} == {"L-1"}


def test_what_is_cancelled_ends_and_what_waits_never_begins(desk: Desk) -> None:
    endless = [Search(desk.store, ENDLESS, {}, ALL) for _ in range(AT_ONCE + 2)]
    own = Searching(desk, "lin")

    async def both() -> list[object]:
        asked = [asyncio.create_task(own.ask("count", search, lambda _, s=search: s.count())) for search in endless]
        await asyncio.to_thread(wait_until_running, endless[0])
        running = sum(doing.asked for doing in own.doing)
        quick = Searching(desk, "wang").ask("count", other, lambda _: other.count().num_rows)
        assert await asyncio.wait_for(quick, 20) == 1, "another account has its own turn"
        await own.cancel()
        return [running, *await asyncio.gather(*asked, return_exceptions=True)]

    other = Search(desk.store, "1", {}, ALL)
    running, *ends = asyncio.run(both())
    assert running == AT_ONCE and [isinstance(end, NoAnswerError) and end.why for end in ends] == ["cancelled"] * len(endless)
    assert not own.doing


def test_why_there_is_no_answer(desk: Desk) -> None:
    def fail(text: str):  # noqa: ANN202
        def question(_: Doing) -> None:
            raise RuntimeError(text)

        return Searching(desk, "lin").ask("count", Search(desk.store, "1", {}, ALL), question)

    for text, why in (("Code: 159. TIMEOUT_EXCEEDED", "too_wide"), ("the store is closed", "away")):
        with pytest.raises(NoAnswerError, match=why):
            asyncio.run(fail(text))
    with pytest.raises(RuntimeError, match="SYNTAX_ERROR"):
        asyncio.run(fail("Code: 62. SYNTAX_ERROR"))


def test_a_view_is_of_one_account(desk: Desk) -> None:
    view = desk.views["client"] = Searching(desk, "lin")
    assert desk.searching("client", "lin") is view and desk.searching("client", "wang") is not view
    del desk.views["client"]


def test_the_grid_is_told_why_no_rows_come(pages: TestClient, desk: Desk) -> None:
    view = desk.views["gone"] = Searching(desk, "lin", cancelled=True)
    assert pages.get("/api/flows", params={"view": "gone"}).status_code == 409 and not view.doing
    del desk.views["gone"]


