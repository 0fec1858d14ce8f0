"""The line above the results of a flow search: how many, how much of it was seen, how long that took."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from nicegui.element import Element

from dashboards.pages.flow_view import View
from dashboards.reading.flow_search import cover_of_row
from dashboards.shell.markup import sentence, tag
from dashboards.shell.part import load_part
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.empty_note import empty_note
from dashboards.words.numbers import count, octets
from pipeline.search.run import Search


def found_line(view: View, search: Search, cut: tuple[int, str] | None = None, away: Callable[[], bool] | None = None) -> Element:
    """What is drawn inside the result stands at its right; `cut` is how many rows are shown at most, and the key of what is said then.

    `away` as `load_part` has it.
    """
    begun, viewer = time.monotonic(), view.viewer
    with tag("div", "row wide") as line:
        area = tag("div", "row wide grow")

    def draw(row: dict[str, int]) -> None:
        view.desk.last.keep(view.question.key, [row], time.time_ns())
        draw_found(view, row)
        if row["flows"]:
            tag("span", "caption", viewer.t("flows.took", seconds=f"{time.monotonic() - begun:.1f}"))
        if cut and row["flows"] > cut[0]:
            tag("span", "caption", viewer.t(cut[1], rows=count(cut[0])), data_test="cut")

    load_part(viewer, view.searching, area, "count", search, lambda _: search.count().to_pylist()[0], draw, away=away)
    return line


def draw_found(view: View, row: Mapping[str, int]) -> None:
    """The sums of a count in words, with their coverage."""
    viewer, cover = view.viewer, cover_of_row(row)
    words = {
        "count": count(row["flows"]),
        "octets": octets(cover.total),
        "share": coverage_words(viewer, cover),
        "unseen": count(row["unseen"]),
    }
    if not row["flows"]:
        empty_note(viewer, viewer.t("flows.nothing"), cover)
        return
    sentence(viewer.t("flows.found", **words)).props["data-test"] = "found"
    coverage_chip(viewer, cover)
