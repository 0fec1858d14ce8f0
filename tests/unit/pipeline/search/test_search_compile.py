"""Compiled conditions: nothing typed stands in them, and the real store agrees with plain Python about every flow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.schema import FINDING, FLOW, Record
from pipeline.search.compile import compile_filter
from pipeline.search.fields import BY_NAME, Kind
from pipeline.search.language import parse
from pipeline.search.tree import Compare, Tree, compares
from pipeline.search.values import Regex, Span
from pipeline.store import parameters
from pipeline.store.migrate import migrations, statements
from pipeline.store.store import ChdbStore, open_store
from tests.unit.pipeline.search.made_filters import EVALUATED, NAMES, PATTERNS, comparisons, flows, holds, trees

Put = Callable[[Record, list[dict[str, Any]]], None]


OURS = {".-_ :*/[]@+=,~#&!()$|<>^", "ABCDEFGHIJKLMNOPQRSTUVWX", "|", "Asia/Shanghai", "pending", "unseen", "nothing"}  # of VERDICT


def text_of(where: str) -> str:
    """The condition without the names of its parameters."""
    return "".join(part.partition("}")[2] if index else part for index, part in enumerate(where.split("{")))


@given(trees(), st.text(st.characters(codec="utf-8"), min_size=3))
def test_sql_is_the_same_whatever_is_typed(tree: Tree, text: str) -> None:
    """Two filters that differ in their texts alone have one SQL text."""

    def other(compare: Compare) -> Compare:
        if compare.field.kind not in (Kind.WORD, Kind.TEXT):
            return compare
        made = tuple(Regex(text) if isinstance(item, Regex) else Span(text, text) for item in compare.items)
        return Compare(compare.field, compare.operator, made)

    for compare in compares(tree):
        one, two = compile_filter(compare), compile_filter(other(compare))
        assert one.where == two.where and one.parameters.keys() == two.parameters.keys()


@given(trees())
def test_every_value_is_a_parameter(tree: Tree) -> None:
    where, parameters = compile_filter(tree)
    assert all(f"{{{name}:" in where for name in parameters)
    assert not set(text_of(where)) & set("\"\\;%?")
    assert set(text_of(where).split("'")[1::2]) <= {"tls", "http", "dns", " ", *OURS}


def test_one_address_is_an_equality_and_a_prefix_a_range() -> None:
    assert compile_filter(parse("ip == 10.21.7.44")) == (
        "has([IPv6NumToString(flows.src_ip), IPv6NumToString(flows.dst_ip)], IPv6NumToString({p0:IPv6}))",
        {"p0": "::ffff:10.21.7.44"},
    )
    where, parameters = compile_filter(parse("src.ip in 10.0.0.0/8"))
    assert where == "(flows.src_ip >= {p0:IPv6} AND flows.src_ip <= {p1:IPv6})"
    assert parameters == {"p0": "::ffff:10.0.0.0", "p1": "::ffff:10.255.255.255"}


@pytest.mark.parametrize(
    ("text", "number", "first", "last"),
    [
        ("10.21.7.0/24", 1, "::ffff:10.21.7.0", "::ffff:10.21.7.0"), ("10.21.7.9..10.21.8.9", 2, "::ffff:10.21.7.0", "::ffff:10.21.8.0"),
        ("10.21.0.0/16", 256, "::ffff:10.21.0.0", "::ffff:10.21.255.0"), ("10.21.0.0..10.22.0.0", 0, "", ""),
        ("2001:db8:7::/48", 1, "2001:db8:7::", "2001:db8:7::"), ("2001:d00::/40", 256, "2001:d00::", "2001:d00:ff::"),
        ("::1..::5", 1, "::", "::"), ("::1..::ffff:10.0.0.1", 0, "", ""),
    ],  # fmt: skip
)
def test_a_range_is_looked_up_by_its_networks(text: str, number: int, first: str, last: str) -> None:
    _, parameters = compile_filter(parse(f"ip in {text}"))
    networks: Any = parameters.get("p2", [])
    assert len(networks) == number
    assert networks[:1] == ([first] if first else []) and networks[-1:] == ([last] if last else [])


ROWS = (
    "SELECT toUInt64(number) AS flow_id, concat('a', toString(number), '.example') AS server_name, [server_name] AS server_names, "
    "toIPv6(concat('::ffff:10.0.', toString(intDiv(number, 256)), '.', toString(number % 256))) AS src_ip, "
    "toIPv6('::ffff:192.0.2.1') AS dst_ip FROM numbers({first:UInt64}, {rows:UInt64})"
)


def put_rows(store: ChdbStore, first: int, rows: int) -> None:
    """Flows whose address and name are their number's."""
    made = store.query(ROWS, {"first": first, "rows": rows})
    store.insert("flows", made.combine_chunks().to_batches()[0], f"rows-{first}")


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("ip == 10.0.1.99", "by_end"), ("src.ip == 10.0.1.99", "by_end"), ("flow == 7", "by_flow"),
        ("ip in 10.0.1.0/24", "by_network"), ("src.ip in 10.0.1.7..10.0.2.9", "by_network"),
        ("tls.sni ~ A19999.", "by_letters"), ("server.name ~ A19999.", "by_letters"), ("server.name == a19999.example", "by_name"),
        ("server.name ~ 1999", "by_letters"), ("tls.sni == a19999.example", "by_name"),
    ],  # fmt: skip
)
def test_skip_indexes_help(store: ChdbStore, text: str, index: str) -> None:
    put_rows(store, 0, 60_000)
    store.command("OPTIMIZE TABLE flows FINAL")  # few rows get their inverted indexes when they are merged
    where, parameters = compile_filter(parse(text))
    sql = f"EXPLAIN indexes = 1 SELECT sum(octets_out) FROM flows WHERE {where}"
    lines = [row["explain"] for row in store.query(sql, parameters).to_pylist()]
    assert any(index in line for line in lines)
    granules = [line.split()[-1].split("/") for line in lines if "Granules:" in line and "/" in line]
    assert int(granules[-1][0]) < int(granules[0][1])


def test_answers_are_the_same_while_an_index_is_being_built(store: ChdbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the rows came before it, half after."""
    inverted, letters = (statements(one.text) for one in migrations() if one.name.startswith(("0006", "0007")))
    for name in ("by_end", "by_network", "by_letters"):
        store.command(f"ALTER TABLE flows DROP INDEX {name}")
    put_rows(store, 0, 20_000)
    for statement in (inverted[1], *letters[:-1]):
        store.command(statement)
    monkeypatch.setattr(parameters, "FEW_ROWS", 0)
    store.command("SYSTEM STOP MERGES flows")
    put_rows(store, 20_000, 20_000)

    def ask() -> list[int]:
        asked = (compile_filter(parse(text)) for text in (
            "ip == 10.0.78.31", "ip == 10.0.78.32", "ip != 10.0.78.32", "dst.ip == 192.0.2.1", "ip in 10.0.78.0/24", "ip in 10.0.0.0/17",
            "server.name ~ 999", "server.name !~ 99.EX", "server.name ~ a2 or ip in 10.0.1.0/24", "server.name == a19999.example",
        ))  # fmt: skip
        return [store.query(f"SELECT count() AS n FROM flows WHERE {where}", more).to_pylist()[0]["n"] for where, more in asked]

    while_built = ask()
    store.command("SYSTEM START MERGES flows")
    store.command(f"{letters[-1]} SETTINGS mutations_sync = 1")
    numbers = range(40_000)
    three_nines, not_99 = sum("999" in str(n) for n in numbers), sum(n % 100 != 99 for n in numbers)
    either = sum(str(n)[0] == "2" or n >> 8 == 1 for n in numbers)
    assert ask() == while_built == [1, 1, 39_999, 40_000, 256, 32_768, three_nines, not_99, either, 1]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    """One store for many examples: opening one takes longer than an example."""
    place: Path = tmp_path_factory.mktemp("search")
    store = open_store(place)
    yield store
    store.close()


TEXTS = (*NAMES, "load", "LOAD", "É", "é", "%", "_", "\\", "'", "a\\b", "\n", "X.", "p%l")


@pytest.mark.parametrize("name", ["server.name", "http.path"])
def test_texts_are_found_as_they_are(shared: ChdbStore, put_into: Callable[[ChdbStore], Put], name: str) -> None:
    """Each awkward text by each operator, against rows that hold them."""
    rows = [{"flow_id": n, "server_name": text, "http_path": text, "protocol": ""} for n, text in enumerate(NAMES)]
    rows.append({"flow_id": len(NAMES), "server_name": NAMES[1], "http_path": "", "protocol": "", "server_names": list(NAMES[1:3])})
    rows = [{"server_names": [row["server_name"]] if row["server_name"] else [], **row} for row in rows]
    shared.command("TRUNCATE TABLE flows")
    put_into(shared)(FLOW, rows)
    field = BY_NAME[name]
    for item in (*(Span(text, text) for text in TEXTS), *map(Regex, PATTERNS)):
        for operator in ("~", "!~") if isinstance(item, Regex) else field.operators:
            where, parameters = compile_filter(tree := Compare(field, operator, (item,)))
            answer = shared.query(f"SELECT flow_id FROM flows WHERE {where} ORDER BY flow_id", parameters).column(0).to_pylist()
            assert answer == [row["flow_id"] for row in rows if holds(tree, row)], (operator, item)


@settings(suppress_health_check=list(HealthCheck))
@given(rows=flows(), asked=st.lists(st.one_of(trees(EVALUATED), comparisons(EVALUATED)), min_size=8, max_size=8))
def test_the_store_agrees_with_plain_python(
    shared: ChdbStore, put_into: Callable[[ChdbStore], Put], rows: list[dict[str, Any]], asked: list[Tree]
) -> None:
    for table in ("flows", "findings"):
        shared.command(f"TRUNCATE TABLE {table}")
    put = put_into(shared)
    put(FLOW, rows)
    found = [{**one, "flow_id": row["flow_id"], "first": row["first"]} for row in rows for one in row["found"]]
    if found:
        put(FINDING, found)
    for tree in asked:
        where, parameters = compile_filter(tree)
        answer = shared.query(f"SELECT flow_id FROM flows WHERE {where} ORDER BY flow_id", parameters).column(0).to_pylist()
        assert answer == [row["flow_id"] for row in rows if holds(tree, row)], where
