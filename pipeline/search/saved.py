"""Filters kept under a name and used as @name."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from sqlalchemy import Engine, select

from pipeline.search.language import parse
from pipeline.search.models import SavedSearch
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


def load(engine: Engine, name: str) -> str:
    """The filter of that name; ValueError names those there are."""
    with reading(engine) as db:
        text = db.scalar(select(SavedSearch.text).where(SavedSearch.name == name))
        if text is None:
            names = db.scalars(select(SavedSearch.name).order_by(SavedSearch.name)).all()
            raise ValueError(f"no search is saved as {name!r} (saved: {', '.join(names) or 'none'})")
        return text


def list_saved(engine: Engine) -> Sequence[SavedSearch]:
    """All of them by name."""
    with reading(engine) as db:
        return db.scalars(select(SavedSearch).order_by(SavedSearch.name)).all()
