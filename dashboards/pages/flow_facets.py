"""The facets of a flow search: each field's top values, each asked for by itself, and any further field on request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.element import Element

from dashboards.access.viewer import Viewer
from dashboards.pages.flow_view import View
from dashboards.reading.flow_search import by_verdict, found_over
from dashboards.reading.names import Names
from dashboards.shell.markup import card, tag
from dashboards.shell.part import load_part
from dashboards.widgets.facet import Value, facet
from pipeline.incident.claim import class_name, signature_name
from pipeline.search.fields import BY_NAME, FIELDS, Field, Kind
from pipeline.search.run import Search

TITLES = {
    "verdict": "flows.verdict",
    "destination": "flows.destination",
    "finding.class": "flows.class",
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
        "verdict": lambda: viewer.t(f"verdict.{value}"),
        "holder": lambda: names.holder(viewer, value),
        "finding.class": lambda: class_name(value, viewer.language),
        "finding.signature": lambda: signature_name(value, viewer.language),
    }
    return words.get(field, lambda: value)()


def facets(view: View, search: Search, tell: Callable[[list[dict[str, Any]]], None]) -> None:
    """One below the other; the last entry asks for the top values of any other field. `tell` is told of the flows with findings."""
    viewer, address = view.viewer, view.address

    def show(field: Field) -> None:
        title = viewer.t(TITLES[field.name]) if field.name in TITLES else field.zh if viewer.language == "zh" else field.name
        with card(title, "slim"):
            area = tag("div", "stack tight")
        if field.name == "verdict":
            _load_verdicts(view, search, area, tell)
        else:
            _load(view, search, field, area, FIRST)

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


def _load(view: View, search: Search, field: Field, area: Element, most: int) -> None:
    def draw(rows: list[dict[str, Any]]) -> None:
        values = [_value(view, field, row) for row in rows[:most]]
        further = partial(_load, view, search, field, area, MORE) if len(rows) > most == FIRST else None
        facet(view.viewer, field.name, values, further)

    load_part(view.viewer, view.searching, area, "top", search, lambda _: search.top(field, most + 1).to_pylist(), draw, rows=3)


def _load_verdicts(view: View, search: Search, area: Element, tell: Callable[[list[dict[str, Any]]], None]) -> None:
    """Verdicts are put together from two questions: neither looks at what flows without findings hold."""

    def ask() -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return search.count().to_pylist()[0], found_over(search)

    def draw(answer: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
        counts = by_verdict(*answer)
        facet(view.viewer, "verdict", [_value(view, BY_NAME["verdict"], {"value": code, "flows": counts[code]}) for code in counts], None)
        tell(answer[1])

    load_part(view.viewer, view.searching, area, "verdicts", search, lambda _: ask(), draw, rows=3)


def _value(view: View, field: Field, row: dict[str, Any]) -> Value:
    value = str(row["value"])
    kept, left_out = (view.address.narrowed(field.name, operator, value) for operator in ("==", "!="))
    word = value_words(view.viewer, view.names, field.name, value)
    return Value(word, row["flows"], kept, left_out, value if field.name == "verdict" else "")
