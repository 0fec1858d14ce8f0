"""What pages ask, without a browser: filters, periods, excerpts, files, tracks."""

from __future__ import annotations

import csv
import io

import pytest

from dashboards.api.csv_file import csv_lines
from dashboards.pages.flows import _quoted
from dashboards.reading.cover import add_up
from dashboards.reading.flow_search import read_filter
from dashboards.reading.period import DAY_NS, period_of
from dashboards.summary import Summary
from dashboards.widgets.claim import last_clause
from dashboards.widgets.masked_excerpt import parts
from dashboards.widgets.threshold_track import LEAST, MOST, place
from dashboards.words.moments import parse, stamp


def test_an_address_becomes_equality_and_a_prefix_a_range() -> None:
    one = read_filter({"address": "10.21.7.44"})
    assert list(one.parameters.values()) == ["::ffff:10.21.7.44"] and "has([flows.src_ip, flows.dst_ip], " in one.where
    many = read_filter({"address": "2001:db8::/32", "port": "443", "line": "BJ-SIN-07"})
    assert {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 443} <= set(many.parameters.values()) and not many.wrong
    assert many.where.count(" AND ") >= 3


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"address": "10.0.0.0/99"}, "no_address"),
        ({"port": "70000"}, "no_port"),
        ({"port": "４４"}, "no_port"),
        ({"from": "noon"}, "no_time"),
        ({"q": "port == 443 and"}, "unfinished"),
    ],
)
def test_what_cannot_be_understood_is_named_and_not_guessed(query: dict[str, str], code: str) -> None:
    assert [(wrong.entry, wrong.text, wrong.error.code) for wrong in read_filter(query).wrong] == [(*next(iter(query.items())), code)]


def test_a_written_filter_and_the_form_hold_together() -> None:
    both = read_filter({"q": "dst.port == 443 or vlan == 3", "line": "L"})
    assert both.where == "(flows.line = {p0:String} AND (flows.dst_port = {p1:UInt64} OR flows.vlan = {p2:UInt64}))"
    assert read_filter({"q": " "}).where == "1"


def test_nothing_asked_stands_in_the_sql_text() -> None:
    hostile = "x' OR 1=1 --"
    asked = read_filter({"server": hostile + "%_", "line": hostile, "destination": hostile})
    assert hostile not in asked.where and hostile in asked.parameters.values()
    assert "%x' or 1=1 --\\%\\_%" in asked.parameters.values()


def test_an_address_of_ours_cannot_leave_its_javascript_string() -> None:
    assert _quoted("/api/flows?server=%27%29") == "'/api/flows?server=%27%29'"
    with pytest.raises(ValueError, match="URL-encoded"):
        _quoted("/api/flows?server=')//")


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
