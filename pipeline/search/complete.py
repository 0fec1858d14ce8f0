"""What can stand at the cursor of a filter being typed: fields with their meaning, operators, values that the store has."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Timer
from typing import NamedTuple

from pipeline.search.fields import FIELDS, Field, Kind, find_field
from pipeline.search.language import MOST_CHARACTERS, accepted
from pipeline.search.period import Period
from pipeline.search.run import stop_marked
from pipeline.search.values import write_text
from pipeline.store.store import Store

MOST_OPTIONS = 20
MOST_NOTE = 80  # characters
MOST_S = 2.0  # for values: later ones come to a word that has been typed to its end
Values = Callable[[Field, str], Sequence[str]]
Saved = Callable[[], Mapping[str, str]]  # texts of filters by their names
_WORD = re.compile(r"[^\s(){},\"'=!<>~]*$")
_OPEN_QUOTE = re.compile(r"[\"'][^\"']*$")
_JOINS = {"_AND": "and", "_OR": "or", "_CLOSE": ")", "NOT": "not", "_OPEN": "("}


class Option(NamedTuple):
    """One way to go on: what to put in, and what it means."""

    text: str
    note: str = ""


class Completion(NamedTuple):
    """Options for the characters from `start` (0 is the first) to the cursor."""

    start: int
    options: tuple[Option, ...]


def complete(text: str, cursor: int, values: Values, language: str = "en", saved: Saved = dict) -> Completion:
    """What may replace the word at `cursor`; `values` gives those of a field that contain a text. Nothing where the text is wrong."""
    head = text[: max(0, min(cursor, MOST_CHARACTERS))]
    start = _start(head)
    typed = head[start:].lstrip("\"'").lower()
    terminals, tokens = accepted(head[:start])
    fields = [field for token in tokens if token.type == "FIELD" and (field := find_field(token))]
    if typed.startswith("@") and "SAVED" in terminals:
        return Completion(start, tuple(_saved(typed[1:], saved()))[:MOST_OPTIONS])
    options = list(_options(terminals, fields[-1] if fields else None, typed, values, language))
    return Completion(start, tuple(options[:MOST_OPTIONS]))


def _start(head: str) -> int:
    quote = _OPEN_QUOTE.search(head)
    if quote and "WORD" in accepted(head[: quote.start()])[0]:
        return quote.start()
    word = _WORD.search(head)
    return word.start() if word else len(head)


def _saved(typed: str, kept: Mapping[str, str]) -> Iterator[Option]:
    near = [name for name in kept if typed in name.lower()]
    for name in sorted(near, key=lambda name: not name.lower().startswith(typed)):
        text = kept[name]
        yield Option(f"@{name}", text if len(text) <= MOST_NOTE else text[: MOST_NOTE - 1] + "…")


def _options(terminals: set[str], field: Field | None, typed: str, values: Values, language: str) -> Iterator[Option]:
    if "FIELD" in terminals:
        near = [f for f in FIELDS if typed in f.name or typed in f.zh.lower()]
        for found in sorted(near, key=lambda f: not f.name.startswith(typed)):
            yield Option(found.name, found.zh if language == "zh" else found.en)
    if "OPERATOR" in terminals and field:
        yield from (Option(operator) for operator in field.operators if operator.startswith(typed))
    elif "WORD" in terminals and field:
        yield from (Option(name) for name in (*field.names, *field.values) if name.startswith(typed))
        if not field.values and field.kind in (Kind.WORD, Kind.TEXT):
            yield from (Option(write_text(value)) for value in values(field, typed))
    if "OPERATOR" not in terminals:
        yield from (Option(word) for terminal, word in _JOINS.items() if terminal in terminals and word.startswith(typed))


def store_values(store: Store, period: Period, most_s: float = MOST_S) -> Values:
    """The commonest values of a field within `period`, asked of the store; none where that takes longer than `most_s`."""

    def values(field: Field, part: str) -> list[str]:
        column, first, mark = field.columns[0], f"{field.table}.first", uuid.uuid4().hex
        only = f"flows.protocol = '{field.only}' AND " if field.only else ""
        stop = Timer(most_s, stop_marked, (store, mark))
        stop.start()
        try:
            found = store.query(
                f"SELECT {column} AS value, count() AS n FROM {field.table} WHERE '{mark}' != '' AND {only}"
                f"{first} >= fromUnixTimestamp64Nano({{since:Int64}}) AND {first} < fromUnixTimestamp64Nano({{until:Int64}}) "
                f"AND positionCaseInsensitiveUTF8({column}, {{part:String}}) > 0 "
                f"GROUP BY value ORDER BY n DESC, value LIMIT {MOST_OPTIONS:d}",
                {"since": period.since_ns, "until": period.until_ns, "part": part},
            )
        except RuntimeError as error:
            if "QUERY_WAS_CANCELLED" not in str(error):
                raise
            return []
        finally:
            stop.cancel()
        return [row["value"] for row in found.to_pylist()]

    return values
