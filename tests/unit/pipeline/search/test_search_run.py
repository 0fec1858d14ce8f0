"""Searches on a real store: pages without holes or twins, sums, top values, and an end at once when told to."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from pipeline.schema import FINDING, FLOW, Record
from pipeline.search import run
from pipeline.search.command import stoppable
from pipeline.search.complete import complete, store_values
from pipeline.search.fields import BY_NAME, FIELDS
from pipeline.search.language import parse
from pipeline.search.period import DAY_NS, Period, read_period, stored_period
from pipeline.search.run import Search, new_search
from pipeline.search.wrong import FilterError
from pipeline.store.store import ChdbStore, open_store
from tests.unit.pipeline.search.made_filters import BEGIN, BEGIN_NS, address

Put = Callable[[Record, list[dict[str, Any]]], None]
FLOW_FIELD = BY_NAME["flow"]
ALL = Period(BEGIN_NS, BEGIN_NS + DAY_NS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, put_into: Callable[[ChdbStore], Put]) -> Iterator[ChdbStore]:
    """12,000 flows over ten hours on two lines, four at each moment; every hundredth has two findings. One store for all: one takes 3 s."""
    store = open_store(tmp_path_factory.mktemp("search"))
    put = put_into(store)
    put(FLOW, [
        {"flow_id": n, "first": BEGIN + timedelta(seconds=n // 4 * 12), "last": BEGIN + timedelta(seconds=n // 4 * 12 + 1),
         "line": f"L-{n % 2}", "src_ip": address("10.0.0.1" if n % 3 else "10.0.0.2").to_bytes(16),
         "dst_ip": address("10.0.0.2").to_bytes(16), "octets_out": 10,
         "protocol": "tls" if n % 5 else "dns", "server_name": f"h{n % 7}.example", "server_names": ["H.example"]}
        for n in range(12_000)])  # fmt: skip
    put(FINDING, [{"finding_id": n * 2 + k, "flow_id": n * 100, "first": BEGIN, "signature": ("mobile", "name")[k]}
                  for n in range(120) for k in (0, 1)])  # fmt: skip
    yield store
    store.close()


def ids(search: Search, limit: int) -> list[int]:
    return [int(flow) for page in search.rows([FLOW_FIELD], limit) for flow in page.rows.column("flow").to_pylist()]


@pytest.mark.parametrize("page_rows", [7, 1000, 50_000])
def test_pages_have_no_holes_and_no_twins(filled: ChdbStore, monkeypatch: pytest.MonkeyPatch, page_rows: int) -> None:
    monkeypatch.setattr(run, "PAGE_ROWS", page_rows)
    monkeypatch.setattr(run, "LONG_PAGE_ROWS", 4 * page_rows)
    search = new_search(filled, parse("line == L-1 and flow < 1000" if page_rows == 7 else "line == L-1"), ALL)
    expected = list(range(999 if page_rows == 7 else 11_999, 0, -2))
    assert ids(search, 10**9) == expected
    assert ids(search, 25) == expected[:25]


def test_a_page_is_bounded_and_progress_comes_to_an_end(filled: ChdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is short, those of a long answer longer and longer."""
    monkeypatch.setattr(run, "PAGE_ROWS", 100)
    monkeypatch.setattr(run, "LONG_PAGE_ROWS", 1000)
    pages = list(new_search(filled, None, ALL).rows([FLOW_FIELD], 10**9))
    rows = [page.rows.num_rows for page in pages]
    assert sum(rows) == 12_000 and rows[0] <= 100 and max(rows) == 1000
    shares = [page.share for page in pages]
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 3


def test_rows_go_on_from_the_key_of_a_page(filled: ChdbStore) -> None:
    search, key, found = new_search(filled, parse("line == L-1 and flow < 1000"), ALL), None, []
    while True:
        pages = list(search.rows([FLOW_FIELD], 70, after=key))
        rows = [int(flow) for page in pages for flow in page.rows.column("flow").to_pylist()]
        found, key = found + rows, pages[-1].key
        if len(rows) < 70:
            break
    assert found == list(range(999, 0, -2))


def test_the_store_says_beforehand_how_much_it_would_read(filled: ChdbStore) -> None:
    assert new_search(filled, None, ALL).estimate() == 12_000
    assert new_search(filled, None, Period(BEGIN_NS + 40 * DAY_NS, BEGIN_NS + 50 * DAY_NS)).estimate() == 0
    slow = "flows.flow_id IN (SELECT number FROM numbers(1000000000000) WHERE cityHash64(number) = 1)"
    begun = time.monotonic()
    assert Search(filled, slow, {}, ALL).estimate() == 12_000 and time.monotonic() - begun < 5


def test_a_slow_store_is_asked_in_shorter_slices(filled: ChdbStore) -> None:
    clock = iter(range(0, 10**6, 2))
    slow = list(new_search(filled, parse("flow == 1"), ALL).rows([FLOW_FIELD], 10, clock=lambda: next(clock)))
    assert run.SLICES < len(slow) <= run.MOST_SLICES + 1 and slow[-1].share == 1


def test_nothing_found_still_has_columns(filled: ChdbStore) -> None:
    pages = list(new_search(filled, parse("line == none"), ALL).rows([FLOW_FIELD], 10))
    assert pages[0].rows.column_names == ["flow"] and not sum(page.rows.num_rows for page in pages)
    empty = list(new_search(filled, None, Period(BEGIN_NS, BEGIN_NS)).rows([FLOW_FIELD], 10))
    assert len(empty) == 1 and empty[0].rows.num_rows == 0


def test_sums_and_top_values(filled: ChdbStore) -> None:
    search = new_search(filled, parse("ip == 10.0.0.1"), ALL)
    assert {k: v for k, v in search.count().to_pylist()[0].items() if k in ("flows", "octets.out")} == {"flows": 8000, "octets.out": 80_000}

    def top(text: str, name: str, most: int = 20) -> dict[str, int]:
        field = BY_NAME[name]
        return {row["value"]: row["flows"] for row in new_search(filled, parse(text), ALL).top(field, most).to_pylist()}

    assert top("ip == 10.0.0.1", "line") == {"L-0": 4000, "L-1": 4000}
    assert top("", "ip") == {"10.0.0.2": 12_000, "10.0.0.1": 8000}, "a flow with one address at both ends counts once"
    assert top("", "server.name", 1) == {"H.example": 12_000}
    assert sum(top("", "tls.sni").values()) == 9600
    assert top("line == L-0", "finding.signature") == {"mobile": 120, "name": 120}
    assert {new_search(filled, None, ALL).top(field, 3).column_names[0] for field in FIELDS} == {"value"}


def test_the_largest_of_the_whole_period_come_first(filled: ChdbStore) -> None:
    search = new_search(filled, parse("protocol == tls and flow < 100"), ALL)
    found = search.largest([FLOW_FIELD, BY_NAME["octets"]], BY_NAME["flow"], 3).to_pylist()
    assert [int(row["flow"]) for row in found] == [99, 98, 97] and set(found[0]) == {"flow", "octets"}
    same = search.largest([FLOW_FIELD], BY_NAME["octets.out"], 4).column("flow").to_pylist()
    assert [int(flow) for flow in same] == [99, 98, 97, 96], "of the same size the newest"


def test_pairs_of_ends_are_by_what_left_whichever_opened(filled: ChdbStore, put_into: Callable[[ChdbStore], Put]) -> None:
    inside, one, two = (address(text).to_bytes(16) for text in ("10.0.0.1", "203.0.113.9", "2001:db8::1"))
    ends = [(inside, one, "src", 500), (one, inside, "dst", 70), (inside, two, "src", 600), (two, one, "", 1)]
    at, day = BEGIN + timedelta(days=20), Period(BEGIN_NS + 20 * DAY_NS, BEGIN_NS + 21 * DAY_NS)
    put_into(filled)(FLOW, [
        {"flow_id": n, "first": at, "last": at, "src_ip": src, "dst_ip": dst, "domestic_end": end, "octets_out": out, "destination": "SG"}
        for n, (src, dst, end, out) in enumerate(ends)])  # fmt: skip
    rows = new_search(filled, None, day).pairs(2).to_pylist()
    nothing = new_search(filled, parse("line == none"), day).pairs(2).num_rows
    filled.command("ALTER TABLE flows DROP PARTITION 202612")  # the other tests' store has them not
    names = ("near", "far", "destination", "flows", "octets.out", "all_pairs", "all_ends", "all_octets")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("10.0.0.1", "2001:db8::1", "SG", 1, 600, 3, 3, 1171),
        ("10.0.0.1", "203.0.113.9", "SG", 2, 570, 3, 3, 1171),
    ]
    assert nothing == 0


@pytest.mark.parametrize("text", ["", "line == L-1", "not (protocol == dns or line ~ 0)", "holder == nobody"])
def test_sums_kept_by_hour_are_those_of_the_flows(filled: ChdbStore, text: str) -> None:
    """Whatever the period's ends; the same question with one more part that always holds is answered by the flows themselves."""
    hour = run.HOUR_NS
    periods = (0, DAY_NS), (17, 9 * hour + 5), (hour, 3 * hour), (hour // 2, hour + 1), (1, hour - 1), (hour - 1, hour + 1), (5, 5)
    for since, until in periods:
        period = Period(BEGIN_NS + since, BEGIN_NS + until)
        kept = new_search(filled, parse(text), period)
        looked = new_search(filled, parse(f"({text}) and octets >= 0" if text else "octets >= 0"), period)
        assert kept.by_hour and not looked.by_hour
        assert kept.count().to_pylist() == looked.count().to_pylist()
        for name in ("line", "protocol", "server.name"):
            assert kept.top(BY_NAME[name]).to_pylist() == looked.top(BY_NAME[name]).to_pylist()
        for width in (60 * 10**9, hour, DAY_NS):
            assert kept.over_time(width).to_pylist() == looked.over_time(width).to_pylist()


def test_whole_hours_are_not_read_flow_by_flow(filled: ChdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    query = filled.query
    with monkeypatch.context() as patched:
        patched.setattr(filled, "query", lambda sql, parameters=None: asked.append(sql) or query(sql, parameters))
        search = new_search(filled, parse("line == L-1 and protocol != dns"), Period(BEGIN_NS + 7, BEGIN_NS + 9 * run.HOUR_NS + 7))
        for ask in (search.count, lambda: search.over_time(run.HOUR_NS), lambda: search.top(BY_NAME["destination"])):
            ask()
    bounds = {"since": search.period.since_ns, "until": search.period.until_ns,
              "since_s": BEGIN_NS // 10**9 + 3600, "until_s": BEGIN_NS // 10**9 + 9 * 3600}  # fmt: skip
    assert len(asked) == 3
    for sql in asked:
        plan = " ".join(row["explain"] for row in query(f"EXPLAIN {sql}", {**search.parameters, **bounds}).to_pylist())
        assert plan.count("(by_hour)") == 1 and "guankou.flows)" in plan


def test_time_steps_are_beijings(filled: ChdbStore) -> None:
    days = new_search(filled, None, ALL).over_time(DAY_NS).to_pylist()
    assert [(row["start"].isoformat(), row["flows"]) for row in days] == [("2026-11-22T16:00:00+00:00", 12_000)]
    hours = new_search(filled, None, ALL).over_time(3600 * 10**9).column("flows").to_pylist()
    assert hours == [1200] * 10


def test_a_period_is_cut_to_what_is_stored(filled: ChdbStore) -> None:
    stored = stored_period(filled)
    assert stored == Period(BEGIN_NS, BEGIN_NS + 2999 * 12 * 10**9 + 1)
    now = BEGIN_NS + 30 * DAY_NS
    assert read_period("", "", now, stored) == Period(stored.until_ns - DAY_NS, stored.until_ns), "the last 24 hours that have flows"
    assert read_period("60d", "", now, stored) == stored
    assert read_period("2026-11-23T09:00", "2026-11-23T10:00", now, stored) == Period(BEGIN_NS + 3600 * 10**9, BEGIN_NS + 7200 * 10**9)
    with pytest.raises(ValueError, match="'noon' is neither"):
        read_period("noon", "", now, stored)


def test_what_re2_refuses_is_pointed_at(filled: ChdbStore) -> None:
    for text in ("line == x or line ~ /(?=a)/", "line == x or line ~ /a{1001}/"):
        with pytest.raises(FilterError) as raised:
            new_search(filled, parse(text), ALL)
        assert (raised.value.code, raised.value.column) == ("no_expression", 21)


ENDLESS = "(SELECT sum(cityHash64(number)) FROM numbers(1000000000000)) > 0"


def wait_until_running(search: Search) -> None:
    asking = f"SELECT count() AS n FROM system.processes WHERE position(query, '{search.mark}') > 0 AND position(query, 'processes') = 0"
    until = time.monotonic() + 30
    while search.store.query(asking).to_pylist() == [{"n": 0}]:
        assert time.monotonic() < until


def test_cancel_ends_a_query_in_another_thread(filled: ChdbStore) -> None:
    search, ended = Search(filled, ENDLESS, {}, ALL), []

    def ask() -> None:
        with pytest.raises(RuntimeError, match="QUERY_WAS_CANCELLED"):
            search.count()
        ended.append(True)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_until_running(search)
    search.cancel()
    asking.join(20)
    assert ended


def test_ctrl_c_ends_the_query_and_the_store_answers_on(filled: ChdbStore) -> None:
    search = Search(filled, ENDLESS, {}, ALL)

    def press() -> None:
        wait_until_running(search)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        stoppable(search, search.count)
    assert new_search(filled, None, ALL).count().column("flows").to_pylist() == [12_000]


@pytest.mark.parametrize(
    ("text", "start", "some"),
    [
        ("", 0, ["first", "ip"]),
        ("por", 0, ["port", "src.port"]),
        ("not 端", 4, ["port"]),
        ("port ", 5, ["==", "in", "not in"]),
        ("line !", 6, []),
        ("protocol == ", 12, ["tls", "dns"]),
        ("protocol == d", 12, ["dns"]),
        ('line in ("L-', 9, ["L-0", "L-1"]),
        ("ip.protocol == t", 15, ["tcp"]),
        ("finding.signature == m", 21, ["mobile"]),
        ("port == 1 a", 10, ["and"]),
        ("(port == 1 ", 11, ["and", "or", ")"]),
        ("prot == ", 8, []),
    ],
)
def test_completion_offers_what_can_stand_there(filled: ChdbStore, text: str, start: int, some: list[str]) -> None:
    found = complete(text + " == rest", len(text), store_values(filled, ALL))
    options = [option.text for option in found.options]
    assert found.start == start and set(some) <= set(options) and bool(some) == bool(options)


def test_names_of_saved_searches_are_completed_with_their_filters() -> None:
    def values(*_: object) -> list[str]:
        raise AssertionError

    kept = {"big": "octets > 1MB", "Bigger": "octets > 1GB", "long": "line == x or " * 20 + "line == y", "night-big": "first > 2026-11-23"}

    def options(text: str) -> dict[str, str]:
        found = complete(text, len(text), values, "en", lambda: kept)
        return {option.text: option.note for option in found.options if found.start == text.rindex("@")}

    assert list(options("@")) == ["@big", "@Bigger", "@long", "@night-big"] and len(options("@lo")["@long"]) == 80
    assert options("port == 1 and not (@bi") == {"@big": "octets > 1MB", "@Bigger": "octets > 1GB", "@night-big": "first > 2026-11-23"}
    assert options("@none") == {} and options("port == 1 @") == {} and complete("@big ", 5, values).options[0].text == "and"


def test_completion_does_not_wait_for_slow_values(filled: ChdbStore) -> None:
    slow = BY_NAME["sensor"]._replace(columns=(f"if({ENDLESS}, flows.sensor, '')",))
    begun = time.monotonic()
    assert store_values(filled, ALL, most_s=0.3)(slow, "") == [] and time.monotonic() - begun < 15


def test_completion_says_what_a_field_means(filled: ChdbStore) -> None:
    assert dict(complete("octets.o", 8, store_values(filled, ALL), "zh").options) == {"octets.out": "出境字节"}
    values = complete("sensor == '", 11, store_values(filled, ALL)).options
    assert [value.text for value in values] == ['""'], "an empty value is a value"
