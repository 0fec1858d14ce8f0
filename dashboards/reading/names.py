"""Holders by their name in the reader's language; the registry knows them, the store only their identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Engine, select

from dashboards.access.viewer import Viewer
from pipeline.registry.models import Holder, LineRecord
from pipeline.schema.jurisdiction import label, name
from pipeline.supervision.engine import reading


class Names(NamedTuple):
    """(name, name_en) by USCI, and holder by line."""

    holders: Mapping[str, tuple[str, str]]
    lines: Mapping[str, str]

    def holder(self, viewer: Viewer, usci: str) -> str:
        """The holder's name, else its identifier, else that none is registered."""
        if not usci:
            return viewer.t("names.no_holder")
        zh, en = self.holders.get(usci, (usci, ""))
        return zh if viewer.language == "zh" else en or zh

    def line(self, viewer: Viewer, line: str) -> str:
        """The line's own id, or that none is registered."""
        return line or viewer.t("names.no_line")

    def place(self, viewer: Viewer, code: str) -> str:
        """A destination in short, as regulation wants it said."""
        return name(code, viewer.language) if code else viewer.t("names.no_place")

    def full_place(self, viewer: Viewer, code: str) -> str:
        """A destination with the label that says which kind of outside it is."""
        return label(code, viewer.language) if code else viewer.t("names.no_place")


def load_names(engine: Engine) -> Names:
    """All names that pages need; a few dozen rows."""
    with reading(engine) as db:
        holders = {usci: (zh, en) for usci, zh, en in db.execute(select(Holder.usci, Holder.name, Holder.name_en))}
        lines = {line: usci for line, usci in db.execute(select(LineRecord.line, Holder.usci).join(Holder, Holder.id == LineRecord.holder_id))}
    return Names(holders, lines)
