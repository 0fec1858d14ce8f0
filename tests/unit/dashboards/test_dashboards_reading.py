"""What pages ask, without a browser: filters, periods, excerpts, files, tracks."""

from __future__ import annotations

import csv
import io
from math import dist
from urllib.parse import parse_qsl, urlsplit

import pytest

from dashboards.access.viewer import Viewer
from dashboards.api.csv_file import csv_lines
from dashboards.api.flow_columns import DEFAULT, fields_of, read_columns
from dashboards.pages.flow_address import FLOWS, GRAPH, address_of
from dashboards.pages.flow_graph import drawn_words
from dashboards.pages.flow_grid import quoted
from dashboards.reading.cover import add_up
from dashboards.reading.flow_graph import Graph, Pair, within
from dashboards.reading.flow_search import read_question, said, width_of
from dashboards.reading.graph_layout import lay_out
from dashboards.reading.period import DAY_NS, period_of
from dashboards.summary import Cover, Summary
from dashboards.widgets.claim import last_clause
from dashboards.widgets.masked_excerpt import hits, parts
from dashboards.widgets.threshold_track import LEAST, MOST, place
from dashboards.words.moments import NS, parse, stamp
from pipeline.search.compile import compile_filter
from pipeline.search.period import Period


def test_entries_of_a_link_are_written_as_a_filter() -> None:
    assert read_question({"address": "10.21.0.0/16", "port": "443"}).text == "ip in 10.21.0.0/16 and port == 443"
    assert read_question({"q": "端口 == 1 or port == 2", "line": "L 1"}).text == '(port == 1 or port == 2) and line == "L 1"'
    both = read_question({"from": "2026-11-23", "to": "2026-11-23T00:00:01"})
    assert both.until_ns is not None and both.since_ns is not None and both.until_ns - both.since_ns == NS


@pytest.mark.parametrize(
    ("query", "entry", "code"),
    [
        ({"address": "10.0.0.0/99"}, "q", "no_address"),
        ({"port": "70000"}, "q", "no_port"),
        ({"port": "４４"}, "q", "no_port"),
        ({"from": "noon"}, "from", "no_time"),
        ({"q": "port == 443 and"}, "q", "unfinished"),
    ],
)
def test_what_cannot_be_understood_is_named_and_not_guessed(query: dict[str, str], entry: str, code: str) -> None:
    assert [(wrong.entry, wrong.error.code) for wrong in read_question(query).wrong] == [(entry, code)]


def test_nothing_asked_stands_in_the_sql_text() -> None:
    hostile = "x' OR 1=1 --\"\\"
    question = read_question({"server": hostile + "%_", "line": hostile, "destination": hostile})
    where, parameters = compile_filter(question.tree)
    assert not question.wrong and hostile not in where and "OR 1=1" not in where and hostile in parameters.values()


def test_an_error_offers_what_may_stand_instead() -> None:
    def instead(text: str) -> list[str]:
        return list(said("en", read_question({"q": text}).wrong[0])["instead"])

    assert "protocol" in instead("protcol == tls") and "==" in instead("port ~ 1")
    assert instead("finding.tier == x") == ["low", "medium", "high"]
    assert instead("port == 1 and") == [] and "expected" in said("en", read_question({"q": "port"}).wrong[0])["hint"]


def test_a_click_narrows_the_search_and_the_url_is_the_state() -> None:
    address = address_of({"from": "2026-11-23", "cols": "first", "flow": "7"}, "port == 1 or port == 2")
    url = urlsplit(address.narrowed("server.name", "!=", "<b>&'\""))
    query = dict(parse_qsl(url.query))
    assert query == {"q": "(port == 1 or port == 2) and server.name != \"<b>&'\\\"\"", "from": "2026-11-23", "cols": "first"}
    assert not read_question(query).wrong and address_of({}, "").url() == "/flows"


def test_the_graph_and_the_flows_have_one_filter_and_period() -> None:
    address = address_of({"from": "2026-11-23", "cols": "first", "sort": "findings", "flow": "7"}, "port == 1", GRAPH)
    assert urlsplit(address.url()).path == "/flows/graph"
    narrowed = urlsplit(address.on(FLOWS).narrowed("ip", "==", "10.0.0.1", "2001:db8::1"))
    assert narrowed.path == "/flows" and dict(parse_qsl(narrowed.query)) == {
        "q": "port == 1 and ip == 10.0.0.1 and ip == 2001:db8::1", "from": "2026-11-23", "cols": "first", "sort": "findings",
    }  # fmt: skip


def test_a_graph_has_so_many_ends_and_the_rest_is_said() -> None:
    def pair(near: str, far: str, out: int = 1) -> Pair:
        return Pair(near, far, "SG", 2, out, Cover(1, 1), 1, 0)

    drawn = within([pair("a", "x", 9), pair("a", "y"), pair("b", "z"), pair("y", "x"), pair("c", "c")], 3)
    assert [(one.near, one.far) for one in drawn] == [("a", "x"), ("a", "y"), ("y", "x")], "a line between ends that are drawn fits"
    assert Graph(drawn).ends == {"a": 10, "x": 10, "y": 2}
    viewer = Viewer("lin", "analyst", "", "en", "light", 1)
    assert "All **3 pairs** of **3 addresses**" in drawn_words(viewer, Graph(drawn, 3, 3, 11))
    said_of_rest = drawn_words(viewer, Graph(drawn, 5, 6, 22))
    assert "50.0%" in said_of_rest and "2 of 5 pairs, 3 of about 6 addresses, 11 B" in said_of_rest


@pytest.mark.parametrize("n", [0, 1, 2, 3, 200])
def test_a_layout_fills_its_room_and_keeps_what_is_joined_together(n: int) -> None:
    star = [(0, leaf) for leaf in range(1, n // 2)] + [(n - 1, leaf) for leaf in range(n // 2, n - 1)]
    places = lay_out(n, [*star, (0, 0)] if n else [])
    assert len(places) == n and all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places) and places == lay_out(n, [*star, (0, 0)] if n else [])
    if n == 200:
        joined = [dist(places[a], places[b]) for a, b in star]
        assert {round(x) for x, _ in places} == {0, 1} and sum(joined) / len(joined) < dist(places[0], places[n - 1])


def test_steps_of_a_histogram_fit_the_period() -> None:
    for length in (1, 90 * NS, 3600 * NS, DAY_NS, 400 * DAY_NS):
        assert length / width_of(Period(0, length)) <= 60


def test_a_saved_search_is_written_out_so_that_the_url_keeps_its_meaning() -> None:
    question = read_question({"q": "@big", "line": "L"}, lambda: {"big": "端口 == 1 or port == 2"})
    assert question.text == "(port == 1 or port == 2) and line == L" and question.key == (question.text, None, None)
    wrong = said("zh", read_question({"q": "line == L and @bgi"}, lambda: {"big": "port == 1"}).wrong[0])
    assert wrong["instead"] == ["@big"] and "没有已存检索“@bgi”" in wrong["place"] and wrong["column"] == 15


def test_columns_are_those_of_the_url_once_each() -> None:
    assert [column.name for column in read_columns("line,source,line,nonsense")] == ["line", "source"]
    assert read_columns("") == read_columns("nonsense") == read_columns(DEFAULT)
    assert [field.name for field in fields_of(read_columns("source,line"))] == ["src.ip", "src.port", "line", "first", "flow"]


def test_an_address_of_ours_cannot_leave_its_javascript_string() -> None:
    assert quoted("/api/flows?server=%27%29") == "'/api/flows?server=%27%29'"
    with pytest.raises(ValueError, match="URL-encoded"):
        quoted("/api/flows?server=')//")


def test_a_period_is_the_last_day_with_data_in_beijing() -> None:
    last = parse("2026-11-23 23:59:59")
    assert last is not None
    summary = Summary(1, last)
    day = period_of({}, summary)
    assert stamp(day.from_ns) == "2026-11-23 00:00:00" and day.to_ns - day.from_ns == DAY_NS
    assert stamp(period_of({"period": "year"}, summary).from_ns) == "2026-01-01 00:00:00"
    own = period_of({"from": "2026-11-01", "to": "nonsense"}, summary)
    assert own.name == "own" and stamp(own.from_ns) == "2026-11-01 00:00:00" and own.to_ns == day.to_ns


def test_coverage_counts_payload_sent_out_alone() -> None:
    whole = add_up(
        [("wire", 100), ("headers", 10), ("duplicate", 5), ("inspected", 60), ("encrypted", 20), ("truncated", 5), ("missed", 15)]
    )
    assert (whole.inspected, whole.encrypted, whole.other, whole.lost) == (60, 20, 5, 15) and whole.share == 0.6
    assert add_up([]).share is None, "nothing sent is not all inspected"


def test_an_excerpt_falls_into_text_and_hits() -> None:
    assert parts('a ⟦name:李**⟧, "id":"⟦resident_id:110*2X⟧"') == [
        ("", "a "),
        ("name", "李**"),
        ("", ', "id":"'),
        ("resident_id", "110*2X"),
        ("", '"'),
    ]
    assert hits('a ⟦name:李**⟧ b ⟦resident_id:110*2X⟧') == [("name", "李**"), ("resident_id", "110*2X")]
    assert parts("⟦broken") == [("", "⟦broken")] and parts("") == []


def test_a_spreadsheet_runs_nothing_from_the_wire() -> None:
    text = b"".join(csv_lines(["name", "n"], [["=cmd()", 1], ['a"b\n', 2], ["@x", 3]])).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text))) == [["name", "n"], ["'=cmd()", "1"], ['a"b\n', "2"], ["'@x", "3"]]


def test_a_track_is_logarithmic_and_bounded() -> None:
    assert place(0) == place(LEAST) == 0 and place(10 * MOST) == 100
    assert place(10_000) - place(1_000) == pytest.approx(place(100_000) - place(10_000))


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("A sent PI of 12,480 persons over L to X, with no permission on record", " with no permission on record"),
        ("A sent PI (a, b) to X, beyond F (destination, mechanism)", " beyond F (destination, mechanism)"),
        ("甲经专线向乙提供个人信息（姓名、手机号），无许可", "无许可"),
        ("no comma", "no comma"),
    ],
)
def test_the_last_clause_of_a_claim_decides_it(text: str, clause: str) -> None:
    assert text[last_clause(text) :] == clause
