"""Tree → a condition for WHERE with bound parameters. Every word of the SQL is ours; what a person typed is in the parameters alone."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.search.fields import NAMES, SERVER_NAME, Field, Kind
from pipeline.search.tree import All, Compare, Not, Tree
from pipeline.search.values import MAPPED, Item, Regex, Span, write_address

# The engine's lower() knows ASCII alone, so a pattern must too, or É would be looked for as é and never be found.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})
# As the indexes by_end and by_network (migration 0006) and by_letters (0007) have them.
_ENDS = "[IPv6NumToString(flows.src_ip), IPv6NumToString(flows.dst_ip)]"
_NETWORKS = "[cutIPv6(flows.src_ip, 10, 1), cutIPv6(flows.dst_ip, 10, 1)]"
_SIGNS, _CAPITALS = ".-_ :*/[]@+=,~#&!()$|<>^", "ABCDEFGHIJKLMNOPQRSTUVWX"
_LETTERS = f"translate(lower(arrayStringConcat({NAMES}, ' ')), '{_SIGNS}', '{_CAPITALS}')"
_LETTERS_OF = str.maketrans(string.ascii_uppercase + _SIGNS, string.ascii_lowercase + _CAPITALS)
NETWORK_BITS, NETWORK_BITS_V4 = 80, 8  # what the index leaves of an address's end
MOST_NETWORKS = 256                    # that a range is looked up by: a /16, or /40 of IPv6
_V4 = range(MAPPED, MAPPED + (1 << 32))


class Condition(NamedTuple):
    """SQL text and the values of its {placeholders}."""

    where: str
    parameters: dict[str, object]


def compile_filter(tree: Tree | None) -> Condition:
    """The condition on rows of `flows`; of None one that always holds."""
    parameters: dict[str, object] = {}
    return Condition("1" if tree is None else _condition(tree, parameters), parameters)


def _condition(tree: Tree, parameters: dict[str, object]) -> str:
    if isinstance(tree, Compare):
        text = _joined(" OR ", [_fits(tree, item, parameters) for item in tree.items])
        if tree.field.only:
            text = f"(flows.protocol = '{tree.field.only}' AND {text})"
        if tree.field.table == "findings":
            text = f"flows.flow_id IN (SELECT findings.flow_id FROM findings WHERE {text})"
        return f"(NOT {text})" if tree.negated else text
    if isinstance(tree, Not):
        return f"(NOT {_condition(tree.part, parameters)})"
    return _joined(" AND " if isinstance(tree, All) else " OR ", [_condition(part, parameters) for part in tree.parts])


def _joined(word: str, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({word.join(parts)})"


def _fits(compare: Compare, item: Item, parameters: dict[str, object]) -> str:
    """One item against every column of the field."""

    def bind(kind: str, value: object) -> str:
        name = f"p{len(parameters)}"
        parameters[name] = value
        return f"{{{name}:{kind}}}"

    if compare.field.kind in (Kind.WORD, Kind.TEXT):
        return _text_fits(compare, item, bind)
    assert isinstance(item, Span)
    low, high = (_bound(compare.field, end, bind) for end in (item.low, item.high if item.high != item.low else None))
    if compare.operator[0] in "<>":
        tests = [f"{column} {compare.operator} {low}" for column in compare.field.columns]
    elif item.low == item.high:
        tests = [f"{column} = {low}" for column in compare.field.columns]
    else:
        tests = [f"({column} >= {low} AND {column} <= {high})" for column in compare.field.columns]
    test = _joined(" OR ", tests)
    if compare.field.kind is not Kind.ADDRESS:
        return test
    # An index is over both ends.
    if item.low == item.high:
        either = f"has({_ENDS}, IPv6NumToString({low}))"
        return either if len(tests) == 2 else f"({either} AND {test})"
    networks = _networks(int(item.low), int(item.high))
    if not networks:
        return test
    cut = f"arrayMap(one -> cutIPv6(one, 10, 1), {bind('Array(IPv6)', networks)})"
    return f"(hasAny({_NETWORKS}, {cut}) AND {test})"


def _networks(low: int, high: int) -> list[str]:
    """An address of each network that the range lies in, if the index by_network has those and they are not too many."""
    if low in _V4 and high in _V4:
        bits = NETWORK_BITS_V4
    elif high < _V4.start or low >= _V4.stop:
        bits = NETWORK_BITS
    else:
        return []
    first, last = low >> bits, high >> bits
    return [_mapped(one << bits) for one in range(first, last + 1)] if last - first < MOST_NETWORKS else []


def _mapped(address: int) -> str:
    written = write_address(address)
    return written if ":" in written else f"::ffff:{written}"


def _bound(field: Field, end: int | str | None, bind: Callable[[str, object], str]) -> str:
    if end is None:
        return ""
    if field.kind is Kind.ADDRESS:
        return bind("IPv6", _mapped(int(end)))
    if field.kind is Kind.TIME:
        return f"fromUnixTimestamp64Nano({bind('Int64', end)})"
    return bind("Int64" if field.kind is Kind.LENGTH else "UInt64", end)


def _text_fits(compare: Compare, item: Item, bind: Callable[[str, object], str]) -> str:
    each = compare.field.each
    letters, is_all = "", False
    if isinstance(item, Regex):
        value, form = bind("String", f"(?i){item.pattern}"), "match({column}, {value})"
    elif "~" in compare.operator:
        like = str(item.low).translate(_LOWER).translate(_LIKE)
        value, form = bind("String", f"%{like}%"), "lower({column}) LIKE {value}"
        letters, is_all = _letters(str(item.low)) if compare.field.columns[0] == SERVER_NAME else ("", False)
    else:
        value, form = bind("String", item.low), "{column} = {value}"
    test = _joined(" OR ", [form.format(column=column, value=value) for column in compare.field.columns])
    if not each and compare.field.columns[0] == SERVER_NAME and not isinstance(item, Regex):
        # It is one of the names, or there are none: so much the indexes say.
        named = f"{_LETTERS} LIKE {bind('String', letters)}" if letters else f"(has({NAMES}, {value}) OR empty({value}))"
        return f"({named} AND {test})"
    if not each:
        return test
    # `each` has every text that the columns have, but no empty one.
    exists = f"arrayExists(one -> {form.format(column='one', value=value)}, {each})"
    if letters:
        return f"({_LETTERS} LIKE {bind('String', letters)} AND ({bind('Bool', is_all)} OR {exists}))"
    if "~" in compare.operator:
        return f"({test} OR {exists})"
    return f"(has({each}, {value}) OR (empty({value}) AND {test}))"


def _letters(text: str) -> tuple[str, bool]:
    """How the index by_letters is asked for names of which `text` is a part, and whether its answer is all there is to say.

    It is not where `text` has what the index has no letter for, or a space, which also stands between two names.
    """
    letters = text.translate(_LETTERS_OF)
    longest = max(re.findall("[0-9A-Za-z]+", letters), key=len, default="")
    return f"%{longest}%", longest == letters and " " not in text
