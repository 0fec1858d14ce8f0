"""Bound values as the engine reads them; chDB in process and a server take the same text.

A parameter's text is unescaped like a TabSeparated field before its type reads it: a raw tab ends it, and a backslash eats its
neighbour. So text is escaped here, once, and a searched-for backslash is found.
Source: ClickHouse, interfaces/http "Queries with parameters"; formats/TabSeparated "Data formatting".
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

_FIELD = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})
_QUOTED = _FIELD | str.maketrans({"'": "\\'"})
NULL = "\\N"
# Settings of every question: parts of names that stand in many names, or have two letters, are looked up in the index too (decision 0015).
LIKE_BY_INDEX = {"text_index_like_max_postings_to_read": 1000, "text_index_like_min_pattern_length": 2}

FEW_ROWS = 100_000


def indexes_later(rows: int) -> dict[str, str]:
    """Settings of an insert: a few rows get their inverted indexes when they are merged (decision 0015); merging small ones costs more."""
    return {"exclude_materialize_skip_indexes_on_insert": "by_end,by_network,by_letters"} if rows < FEW_ROWS else {}


def bind(parameters: Mapping[str, object]) -> dict[str, str]:
    """Each value as the text of a parameter; TypeError or ValueError for what has no such text."""
    return {name: _field(value) for name, value in parameters.items()}


def quote(text: str) -> str:
    """Text as the native protocol's parameters want it, inside the quotes that the driver sets: another level of the same escapes."""
    return text.translate(_QUOTED)


def _field(value: object) -> str:
    if value is None:
        return NULL
    if isinstance(value, str):
        return value.translate(_FIELD)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return f"[{','.join(_element(one) for one in value)}]"
    return _plain(value)


def _element(value: object) -> str:
    """One value inside an array: an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return f"'{value.translate(_QUOTED)}'"
    plain = _plain(value)
    return f"'{plain}'" if isinstance(value, datetime.date) else plain


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no zone")
        return value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"no parameter: {type(value).__name__}")
