"""The filter language: what is understood, where and why it is not, and that nothing typed can do more than be wrong."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.schema import FINDING, FLOW
from pipeline.search.fields import BY_NAME, FIELDS, Kind
from pipeline.search.language import MOST_CHARACTERS, keep, parse, read_compare, rewrite
from pipeline.search.saved import expand
from pipeline.search.tree import Tree, write
from pipeline.search.wrong import WORDS, FilterError
from tests.unit.pipeline.search.made_filters import trees


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("dst.ip in 203.0.113.0/24 and tls.sni ~ \"upload\"", "dst.ip in 203.0.113.0/24 and tls.sni ~ upload"),
        ("port = 1 or port = 2 and not port = 3", "port == 1 or (port == 2 and not port == 3)"),
        ("(port = 1 or port = 2) and port = 3", "(port == 1 or port == 2) and port == 3"),
        ("NOT Port NOT IN {80,443,} AND 线路 !~ 'a b'", 'not port not in (80, 443) and line !~ "a b"'),
        ("ip == ::ffff:10.0.0.1", "ip == 10.0.0.1"),
        ("ip in 10.0.0.1..10.0.0.6", "ip in 10.0.0.1..10.0.0.6"),
        ("octets.out >= 1.5MB and octets < 64KiB", "octets.out >= 1500000 and octets < 65536"),
        ("duration > 2h and handshake<20ms", "duration > 7200000000000ns and handshake < 20000000ns"),
        ('first in 2026-11-23.."2026-11-23 15:31"', "first in 2026-11-23T00:00:00.000000+08:00..2026-11-23T15:31:00.000000+08:00"),
        ("http.path ~ /^\\/api\\/v[0-9]/", "http.path ~ /^\\/api\\/v[0-9]/"),
        ("http.path ~ /api/upload", 'http.path ~ "/api/upload"'),
        ("finding.tier >= high and ip.protocol == TCP", "finding.tier >= 3 and ip.protocol == 6"),
        ("line in (and, or, not)", "line in (and, or, not)"),
        ("line == 'it\\'s'", "line == \"it's\""),
    ],
)
def test_what_analysts_write_is_understood(text: str, same: str) -> None:
    tree = parse(text)
    assert tree is not None and write(tree) == same and parse(same) == tree


@pytest.mark.parametrize(
    ("text", "column", "length", "code", "expected"),
    [
        ("prot == 3", 1, 4, "no_field", "protocol"),
        ("port = 1 and upload", 14, 6, "no_field", ""),
        ("port == 70000", 9, 5, "no_port", ""),
        ("ip in (10.0.0.1, 10.0.0.0/99)", 18, 11, "no_address", ""),
        ("ip == fe80::1%eth0", 7, 12, "no_address", ""),
        ("octets > 5XB", 10, 3, "no_octets", ""),
        ("duration > 5", 12, 1, "no_length", ""),
        ("first > yesterday", 9, 9, "no_time", ""),
        ("vlan == ４", 9, 1, "no_number", ""),
        ("line < 3", 6, 1, "no_operator", "~"),
        ("line not in a..b", 13, 4, "no_range", ""),
        ("port in 5..2", 9, 4, "turned_range", ""),
        ("port < 1..3", 8, 4, "one_value", ""),
        ("port == ", 9, 1, "unfinished", "value"),
        ("port", 5, 1, "unfinished", ">="),
        ("port == (1)", 9, 1, "unexpected", "value"),
        ("port = 1 port = 2", 10, 4, "unexpected", "and"),
        ("line ~ \"abc", 8, 1, "open_quote", ""),
        ("port = 1)", 9, 1, "unexpected", "or"),
        ("line ~ /" + "a" * 300 + "/", 8, 302, "long_expression", ""),
        ("line = \ud800", 8, 1, "bad_character", ""),
        ("not " * 60 + "port = 1", 248, 1, "too_deep", ""),
        ("(" * 999 + "port = 1", 1008, 1, "unfinished", ")"),
        (" " * 5000, MOST_CHARACTERS + 1, 1, "too_long", ""),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, column: int, length: int, code: str, expected: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse(text)
    error = raised.value
    assert (error.column, error.length, error.code) == (column, length, code)
    assert not expected or expected in error.expected
    assert error.say("zh") and error.say("en") and "{" not in error.message.replace("{", "", text.count("{"))


@pytest.mark.parametrize("text", ["", " \n", "\u3000"])
def test_a_blank_filter_is_none(text: str) -> None:
    assert parse(text) is None


PIECES = st.sampled_from(
    ["ip", "port", "线路", "line", "1", "10.0.0.0/8", "2h", "==", "!=", "~", "<", "in", "not", "and", "or", "(", ")", "{", ",", "..", "/a/"]
    + ["'", '"', "\\", " "]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=30).map(" ".join)))
@example("\\")
@example("not" * 1300)
@example("port in (" + "1," * 1990)
@example('"' * 4000)
@example("line ~ /((((a{999}){999}){999}){999}/")
def test_any_text_is_a_filter_or_wrong_at_a_place(text: str) -> None:
    try:
        tree = parse(text)
    except FilterError as error:
        assert 1 <= error.column <= len(text) + 1 and error.length >= 1
        assert error.say("zh").isprintable() and error.say("en").isprintable() and error.hint("zh").isprintable()
    else:
        assert tree is None or parse(write(tree)) == tree


@given(trees())
def test_a_tree_written_and_read_is_the_same_tree(tree: Tree) -> None:
    assert parse(write(tree)) == tree


def test_a_forms_text_is_taken_as_it_is() -> None:
    assert read_compare("server.name", "~", '"a" or port = 1').items[0].low == '"a" or port = 1'  # type: ignore[union-attr]
    with pytest.raises(FilterError) as raised:
        read_compare("ip", "in", "10.0.0.0/99")
    assert (raised.value.code, raised.value.column, raised.value.length) == ("no_address", 1, 11)


def test_every_field_stands_on_columns_of_a_record() -> None:
    known = {f"{record.name}.{field.name}" for record in (FLOW, FINDING) for field in record.fields}
    for field in FIELDS:
        for column in (*field.columns, *filter(None, [field.each])):
            words = [word.strip("(),").removesuffix("[1]") for word in column.replace("(", " ").split()]
            used = {word for word in words if word.startswith(("flows.", "findings."))}
            assert used and used <= known, column
        assert (field.kind in (Kind.WORD, Kind.TEXT)) == ("~" in field.operators)


def test_names_of_fields_are_distinct_in_both_languages() -> None:
    assert len(BY_NAME) == len({field.name for field in FIELDS} | {field.zh.lower() for field in FIELDS})
    assert len({field.zh for field in FIELDS}) == len(FIELDS)


def test_messages_are_in_both_languages() -> None:
    assert all(zh and en and zh != en for zh, en in WORDS.values())


def test_fields_are_rewritten_to_their_first_names() -> None:
    assert rewrite("端口 == 443 AND (LINE = '端口' or 服务器名 ~ x)") == "port == 443 AND (line = '端口' or server.name ~ x)"
    assert rewrite("端口 == ") == "port == " and rewrite("no such") == "no such"


SAVED = {"big": "octets > 1MB or 端口 == 1", "all": " ", "大-流": "octets > 1GB"}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (" @big ", " octets > 1MB or 端口 == 1 "),
        ("@all", " "),
        ("not @big and (@大-流 or line == x)", "not (octets > 1MB or 端口 == 1) and ((octets > 1GB) or line == x)"),
        ("(@big)", "((octets > 1MB or 端口 == 1))"),
        ("line == @big and http.agent ~ '@all'", "line == @big and http.agent ~ '@all'"),
    ],
)
def test_a_name_stands_for_the_filter_saved_under_it(text: str, written: str) -> None:
    assert expand(text, lambda: SAVED) == written and parse(written) == parse(expand(text, lambda: SAVED))


@pytest.mark.parametrize(
    ("text", "column", "length", "code", "expected"),
    [
        ("port == 1 or @bgi", 14, 4, "no_saved", ("@big", "@all", "@大-流")),
        ("@bi/g", 1, 5, "no_saved", ("@big", "@all", "@大-流")),
        ("@big and lne == 1", 10, 3, "no_field", None),
        ("@al or @bgi", 1, 3, "no_saved", ("@all", "@big", "@大-流")),
        ("@big @big", 6, 4, "unexpected", ("and", "or", "end")),
        ("@all and port == 1", 1, 4, "saved_all", ()),
        ("@big and" + " " * MOST_CHARACTERS, MOST_CHARACTERS + 1, 1, "too_long", ()),
    ],
)
def test_a_name_that_is_none_is_pointed_at_and_the_nearest_are_offered(text, column, length, code, expected) -> None:  # noqa: ANN001
    with pytest.raises(FilterError) as raised:
        expand(text, lambda: SAVED)
    error = raised.value
    assert (error.column, error.length, error.code) == (column, length, code)
    assert expected is None or (set(error.expected) == set(expected) and error.expected[:1] == expected[:1])


def test_without_a_name_nobody_is_asked_for_saved_filters() -> None:
    def saved() -> dict[str, str]:
        raise AssertionError

    assert expand("port == 1 and http.agent ~ '@'", saved) == "port == 1 and http.agent ~ '@'" and expand("lne", saved) == "lne"


@given(st.text(st.sampled_from("@ab() notr=1\"'"), max_size=20))
def test_no_name_is_left_in_what_is_asked(text: str) -> None:
    """Whatever is typed: it is wrong, or a filter without names."""
    try:
        parse(expand(text, lambda: {"a": "port == 1", "b": ""}))
    except FilterError as error:
        assert 1 <= error.column <= len(text) + 12
    with pytest.raises(FilterError, match="no saved search"):
        parse("port == 1 and @big")


def test_a_filter_is_narrowed_by_one_more_comparison() -> None:
    assert keep("", "line == L") == "line == L" == keep("line == L", "line == L")
    assert keep("port == 1", "line == L") == "port == 1 and line == L" == keep("port == 1 and line == L", "line == L")
    assert parse(keep("port == 1 or port == 2", "line == L")) == parse("(port == 1 or port == 2) and line == L")
