"""Flows over time by verdict: drawn when they are counted, coloured when their verdicts are known, which may be later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from dashboards.pages.flow_view import View
from dashboards.reading.flow_search import Over, count_over, over_by_verdict, width_of
from dashboards.shell.markup import card, tag
from dashboards.shell.part import load_part
from dashboards.widgets.time_histogram import Stack, time_histogram
from dashboards.widgets.verdict_tag import verdict_legend
from dashboards.words.moments import NS, stamp
from dashboards.words.numbers import count
from pipeline.search.run import Search


class FlowHistogram:
    """`load` puts it on the page; `tell` is given the flows with findings by verdict, before or after."""

    def __init__(self, view: View, search: Search) -> None:
        self._view, self._search = view, search
        self._over: Over | None = None
        self._found: Sequence[Mapping[str, Any]] | None = None

    def load(self) -> None:
        """Ask for it; drawing over it sets the period."""
        viewer = self._view.viewer
        with card(viewer.t("flows.histogram"), note=viewer.t("flows.brush")):
            self._area = tag("div", "stack tight").style("height:142px")
        load_part(viewer, self._view.searching, self._area, "over_time", self._search, lambda _: count_over(self._search), self._counted)

    def tell(self, found: Sequence[Mapping[str, Any]]) -> None:
        """The verdicts, as `found_over` has them."""
        self._found = found
        if self._over is not None and not self._area.is_deleted:
            self._area.clear()
            with self._area:
                self._draw(self._over)

    def _counted(self, over: Over) -> None:
        self._over = over
        self._draw(over)

    def _draw(self, over: Over) -> None:
        viewer, width = self._view.viewer, width_of(self._search.period)
        label = slice(11, 19) if width < 60 * NS else slice(5, 16)
        # Until verdicts are known what was wholly seen looks as if nothing were in it: that is what most of it becomes.
        flows = over_by_verdict(over, self._found or [])
        words = {code: viewer.t(f"verdict.{code}") for code in flows}
        if self._found is None and "nothing" in flows:
            words["nothing"] = viewer.t("flows.seen")
        stacks = [Stack(words[code], "diag" if code == "unseen" else f"{code}-fill", values) for code, values in flows.items()]

        def brushed(first: int, last: int) -> None:
            since, until = over.starts[max(0, first)], over.starts[min(last, len(over.starts) - 1)] + width
            ui.navigate.to(self._view.address.url(since=stamp(since), until=stamp(until)))

        sums = {code: sum(values) for code, values in flows.items()}
        parts = viewer.t("list.comma").join(f"{words[code]} {count(number)}" for code, number in sums.items())
        described = viewer.t("flows.over_time", count=count(sum(sums.values())), parts=parts)
        with tag("div").style("height:116px"):
            chart = time_histogram(viewer, [stamp(start)[label] for start in over.starts], stacks, [], described, brushed=brushed)
        chart.props["data-test"] = "histogram"
        verdict_legend(words)
