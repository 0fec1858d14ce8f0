"""The facets of a flow search: each field's top values, each asked for by itself, and any further field on request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.element import Element

from dashboards.access.viewer import Viewer
from dashboards.pages.flow_address import FlowAddress
from dashboards.reading.names import Names
from dashboards.searching import Searching
from dashboards.shell.markup import card, tag
from dashboards.shell.part import load_part
from dashboards.widgets.facet import Value, facet
from pipeline.incident.claim import signature_name
from pipeline.search.fields import BY_NAME, FIELDS, Field, Kind
from pipeline.search.run import Search

TITLES = {
    "destination": "flows.destination",
    "finding.signature": "flows.signature",
    "server.name": "flows.server_name",
    "protocol": "flows.protocol",
    "line": "flows.line",
    "holder": "flows.holder",
}
FIRST, MORE = 8, 50


def value_words(viewer: Viewer, names: Names, field: str, value: str) -> str:
    """A value as people read it; an empty one is said."""
    if not value:
        return viewer.t("flows.empty_value")
    words: dict[str, Callable[[], str]] = {
        "destination": lambda: names.place(viewer, value),
        "holder": lambda: names.holder(viewer, value),
        "finding.signature": lambda: signature_name(value, viewer.language),
    }
    return words.get(field, lambda: value)()


def facets(viewer: Viewer, names: Names, searching: Searching, search: Search, address: FlowAddress) -> None:
    """One below the other; the last entry asks for the top values of any other field."""

    def show(field: Field) -> None:
        title = viewer.t(TITLES[field.name]) if field.name in TITLES else field.zh if viewer.language == "zh" else field.name
        with card(title, "slim"):
            area = tag("div", "stack tight")
        _load(viewer, names, searching, search, address, field, area, FIRST)

    for name in TITLES:
        show(BY_NAME[name])
    others = tag("div", "stack tight")
    further = {field.name: field for field in FIELDS if field.name not in TITLES and field.kind not in (Kind.TIME, Kind.LENGTH)}
    if address.top in further:
        with others:
            show(further[address.top])
    words = {name: field.zh if viewer.language == "zh" else name for name, field in further.items()}
    choice = ui.select(words, label=viewer.t("flows.top_of"), with_input=True).props("outlined dense options-dense")
    choice.props["data-test"] = "top-of"

    def add() -> None:
        if choice.value in further:
            ui.navigate.history.replace(address.url(top=choice.value))
            with others:
                show(further[choice.value])

    choice.on_value_change(add)


def _load(
    viewer: Viewer, names: Names, searching: Searching, search: Search, address: FlowAddress, field: Field, area: Element, most: int
) -> None:
    def draw(rows: list[dict[str, Any]]) -> None:
        values = [_value(viewer, names, address, field, row) for row in rows[:most]]
        further = partial(_load, viewer, names, searching, search, address, field, area, MORE) if len(rows) > most == FIRST else None
        facet(viewer, field.name, values, further)

    load_part(viewer, searching, area, "top", search, lambda _: search.top(field, most + 1).to_pylist(), draw, rows=3)


def _value(viewer: Viewer, names: Names, address: FlowAddress, field: Field, row: dict[str, Any]) -> Value:
    value = str(row["value"])
    word = value_words(viewer, names, field.name, value)
    return Value(word, row["flows"], address.narrowed(field.name, "==", value), address.narrowed(field.name, "!=", value))
