"""Text → tree, or where and why not. The grammar is `filter.lark`; fields and values get their meaning here."""

from __future__ import annotations

import difflib
import re
from functools import cache
from importlib import resources
from typing import Any as Anything

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from pipeline.search.fields import BY_NAME, SAVED, Field, Kind, find_field
from pipeline.search.tree import All, Any, Compare, Not, Tree, compares
from pipeline.search.values import Item, Regex, Span, read_value
from pipeline.search.wrong import FilterError

MOST_CHARACTERS = 4000
MOST_DEPTH = 50
MOST_PATTERN = 200
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
WRONG_VALUE = {
    Kind.ADDRESS: "no_address",
    Kind.PORT: "no_port",
    Kind.NUMBER: "no_number",
    Kind.OCTETS: "no_octets",
    Kind.LENGTH: "no_length",
    Kind.TIME: "no_time",
}
_SHOWN = {
    "FIELD": "field", "WORD": "value", "REGEX": "/…/", "IN": "in", "NOT": "not", "_AND": "and", "_OR": "or",
    "_OPEN": "(", "_CLOSE": ")", "_COMMA": ",", "_RANGE": "..", "$END": "end",
}  # fmt: skip
_Value = tuple[Token, Token | None]


def parse(text: str) -> Tree | None:
    """The tree of a filter, None of a blank one (it holds for every flow); FilterError for all that is none, an @name too (saved.py)."""
    tree = parse_typed(text)
    for one in saved_in(tree):
        raise FilterError("no_saved", *one.places[0], found=one.items[0][0])
    return tree


def saved_in(tree: Tree | None) -> list[Compare]:
    """What stands for saved searches, in the text's order; its one item is `@name`."""
    return [one for one in compares(tree) if one.field is SAVED] if tree else []


def parse_typed(text: str) -> Tree | None:
    """The same, but with saved searches left in by their names."""
    if len(text) > MOST_CHARACTERS:
        raise FilterError("too_long", MOST_CHARACTERS + 1, most=MOST_CHARACTERS)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FilterError("bad_character", error.start + 1) from None
    if not text.strip():
        return None
    try:
        tree: Tree = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    return tree


def read_compare(name: str, operator: str, text: str) -> Compare:
    """One comparison of a form's field with what was typed into it; FilterError when that is no value of the field."""
    field = BY_NAME[name]
    item = _read_item(field, (Token("WORD", text, start_pos=0), None), text)
    return Compare(field, operator, (item,), ((1, len(text)),))


def rewrite(text: str) -> str:
    """A filter with each field under its first name, whatever its language and case; all else as it was typed."""
    for token in reversed(accepted(text)[1]):
        if token.type == "FIELD" and (field := find_field(token)):
            at = token.start_pos or 0
            text = text[:at] + field.name + text[at + len(token) :]
    return text


def keep(text: str, also: str) -> str:
    """The filter `text` narrowed by the comparison `also`; the same where it has it already."""
    tree, more = parse(text), parse(also)
    if tree is None or tree == more:
        return also
    if isinstance(tree, All) and more in tree.parts:
        return text
    return f"({text}) and {also}" if isinstance(tree, Any) else f"{text.strip()} and {also}"


def accepted(text: str) -> tuple[set[str], list[Token]]:
    """Terminals of the grammar that may follow `text`, and the tokens in it; none where it is wrong already."""
    try:
        state = _parser().parse_interactive(text)
        tokens = state.exhaust_lexer()
        return state.accepts(), tokens
    except (UnexpectedInput, FilterError):
        return set(), []


def expected_after(text: str) -> tuple[str, ...]:
    """What may follow `text`, for a message."""
    terminals, tokens = accepted(text)
    if "OPERATOR" in terminals and (field := find_field(tokens[-1])):
        return field.operators
    return tuple(shown for terminal, shown in _SHOWN.items() if terminal in terminals)


@cache
def _parser() -> Lark:
    grammar = resources.files("pipeline.search").joinpath("filter.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder())


def _syntax_error(text: str, error: UnexpectedInput) -> FilterError:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        tokens = accepted(text)[1]
        if tokens and tokens[-1].type == "FIELD":
            _field(tokens[-1])
        return FilterError("unfinished", len(text) + 1, 1, expected_after(text))
    at = error.pos_in_stream if isinstance(error, (UnexpectedCharacters, UnexpectedToken)) else 0
    at = min(at or 0, len(text) - 1)
    found = re.compile(r"[^\s(){},\"'=!<>~]+|.", re.DOTALL).match(text, at)
    word = found[0] if found else text[at]
    if word in "\"'" and not re.compile(rf"{word}(?:[^{word}\\]|\\.)*{word}", re.DOTALL).match(text, at):
        return FilterError("open_quote", at + 1)
    return FilterError("unexpected", at + 1, len(word), expected_after(text[:at]), found=word)


class _Builder(Transformer[Token, Tree]):
    """Called by the parser as it goes, so that no depth of a text is a depth of calls."""

    def either(self, parts: list[Tree]) -> Tree:
        return Any(tuple(parts), _deeper(*parts))

    def both(self, parts: list[Tree]) -> Tree:
        return All(tuple(parts), _deeper(*parts))

    def negation(self, parts: list[Anything]) -> Tree:
        return Not(parts[1], _deeper(parts[1]))

    def saved(self, tokens: list[Token]) -> Tree:
        name = str(tokens[0])
        return Compare(SAVED, "==", (Span(name, name),), (_place(tokens[0]),))

    def value(self, tokens: list[Anything]) -> _Value:
        return tokens[0], tokens[1]

    def pattern(self, tokens: list[Token]) -> _Value:
        return tokens[0], None

    def comparison(self, parts: list[Anything]) -> Tree:
        name, *rest = parts
        signs = [part for part in rest if isinstance(part, Token)]
        values: list[_Value] = [part for part in rest if isinstance(part, tuple)]
        field = _field(name)
        operator = {"=": "=="}.get(signs[0], " ".join(sign.lower() for sign in signs))
        if operator not in field.operators:
            raise FilterError("no_operator", *_place(signs[0], signs[-1]), field.operators, field=field.name, found=operator)
        items = tuple(_read_item(field, value, operator) for value in values)
        return Compare(field, operator, items, tuple(_place(*value) for value in values))


def _field(name: Token) -> Field:
    field = find_field(name)
    if field is None:
        near = difflib.get_close_matches(name.lower(), BY_NAME, 3, 0.5)
        raise FilterError("no_field", *_place(name), tuple(near), found=name)
    return field


def _read_item(field: Field, value: _Value, operator: str) -> Item:
    low, high = value
    if low.type == "REGEX":
        return _read_regex(low)
    span = _read_span(field, low)
    if high is not None:
        if field.kind in (Kind.WORD, Kind.TEXT):
            raise FilterError("no_range", *_place(low, high), field=field.name)
        span = Span(span.low, _read_span(field, high).high)
        if span.low > span.high:  # type: ignore[operator]
            raise FilterError("turned_range", *_place(low, high))
        if operator.startswith(("<", ">")):
            raise FilterError("one_value", *_place(low, high), found=operator)
    return span


def _read_span(field: Field, token: Token) -> Span:
    text = _unquote(token) if token.type == "STRING" else str(token)
    try:
        return read_value(field.kind, text, field.names)
    except (ValueError, OverflowError):
        raise FilterError(WRONG_VALUE[field.kind], *_place(token), tuple(field.names), found=text) from None


def _read_regex(token: Token) -> Regex:
    if len(token) - 2 > MOST_PATTERN:
        raise FilterError("long_expression", *_place(token), most=MOST_PATTERN)
    return Regex(re.sub(r"\\(.)", lambda found: "/" if found[1] == "/" else found[0], token[1:-1]))


def _unquote(token: Token) -> str:
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), token[1:-1], flags=re.DOTALL)


def _place(first: Token, last: Token | None = None) -> tuple[int, int]:
    """Column and length from `first` to `last`."""
    begin, end = first.start_pos or 0, last or first
    return begin + 1, max(1, (end.start_pos or 0) + len(end) - begin)


def _deeper(*parts: Tree) -> int:
    depth = 1 + max(part.depth for part in parts)
    if depth > MOST_DEPTH:
        raise FilterError("too_deep", _column(parts[-1]), most=MOST_DEPTH)
    return depth


def _column(tree: Tree) -> int:
    """Where it begins; iterative, because it may be at the depth that is refused."""
    while not isinstance(tree, Compare):
        tree = tree.part if isinstance(tree, Not) else tree.parts[0]
    return tree.places[0][0]
