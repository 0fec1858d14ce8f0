"""Filters kept under a name and used as @name, alone or as a part of another filter."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine, select

from pipeline.search.language import parse, parse_typed, saved_in
from pipeline.search.models import SavedSearch
from pipeline.search.tree import Compare
from pipeline.search.wrong import FilterError
from pipeline.supervision.engine import reading, writing

NAME = re.compile(r"[\w.-]{1,64}")


def save(engine: Engine, name: str, text: str, by: str, now: datetime.datetime) -> bool:
    """Keep a filter; whether one of that name was replaced. FilterError for what is no filter, ValueError for what is no name."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a search: 1 to 64 letters, digits, _ . -")
    parse(text)
    with writing(engine) as db:
        kept = db.scalar(select(SavedSearch).where(SavedSearch.name == name))
        if kept is None:
            db.add(SavedSearch(name=name, text=text, saved_by=by, saved_at=now))
        else:
            kept.text, kept.saved_by, kept.saved_at = text, by, now
        return kept is not None


def expand(text: str, saved: Callable[[], Mapping[str, str]]) -> str:
    """The filter with each @name replaced by what is saved under it, in brackets unless it is all; `saved` is asked only if there is one.

    FilterError for an unknown name, and for whatever else is wrong in a text with names: only here are places those of what was typed.
    """
    if "@" not in text:
        return text
    parts = saved_in(parse_typed(text))
    kept, typed = saved() if parts else {}, text.strip()
    for part, written in reversed([(part, _of_name(part, kept, typed)) for part in parts]):  # the first that is wrong is named
        column, length = part.places[0]
        text = text[: column - 1] + written + text[column - 1 + length :]
    return text


def _of_name(part: Compare, kept: Mapping[str, str], typed: str) -> str:
    name = str(part.items[0][0])
    alone = name == typed
    text = kept.get(name[1:])
    if text is None:
        near = difflib.get_close_matches(name[1:], kept, 3, 0.0)
        raise FilterError("no_saved", *part.places[0], tuple(f"@{one}" for one in near), found=name)
    if not alone and not text.strip():
        raise FilterError("saved_all", *part.places[0], found=name)
    return text if alone else f"({text})"


def saved_texts(engine: Engine) -> Mapping[str, str]:
    """The filters by their names."""
    return {one.name: one.text for one in list_saved(engine)}


def list_saved(engine: Engine) -> Sequence[SavedSearch]:
    """All of them by name."""
    with reading(engine) as db:
        return db.scalars(select(SavedSearch).order_by(SavedSearch.name)).all()
