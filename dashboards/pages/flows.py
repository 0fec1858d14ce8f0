"""Flow search: what crossed, when, between whom?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from dashboards.access.viewer import Viewer
from dashboards.api.flow_columns import DEFAULT
from dashboards.api.flows import GRID_ROWS, SORTED_ROWS, SORTS, read_sort
from dashboards.pages.flow_address import FLOWS, GRAPH
from dashboards.pages.flow_drawer import FlowDrawer
from dashboards.pages.flow_facets import facets
from dashboards.pages.flow_form import columns_choice, copy_link, export_links
from dashboards.pages.flow_found import found_line
from dashboards.pages.flow_grid import flow_grid
from dashboards.pages.flow_histogram import FlowHistogram
from dashboards.pages.flow_last import last_answer
from dashboards.pages.flow_view import View, open_view
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from pipeline.search.run import Search
from pipeline.supervision.accounts import Account
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dashboards.desk import Desk


def kept_columns(engine: Engine, account: str) -> str:
    """The columns that an account chose last; empty where it never did."""
    with reading(engine) as db:
        return db.scalar(select(Account.flow_columns).where(Account.name == account)) or ""


async def flows(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    kept = await desk.ask(kept_columns, desk.engine, viewer.account)
    view, found = await open_view(desk, viewer, asked.query, FLOWS, viewer.t("nav.flows"), viewer.t("flows.sentence"))
    cols = view.address.cols or kept or DEFAULT
    if found is not None:
        _answer(view, found, cols)
    elif view.searching.why == "away":
        last_answer(view, cols)


def _answer(view: View, search: Search, cols: str) -> None:
    viewer, sort = view.viewer, read_sort(view.address.sort)
    whole, drawer = tag("div", "stack grow"), FlowDrawer(view.desk, viewer, view.names, view.address)

    def away() -> bool:
        """The last answer instead of this one, all of whose parts would say that they have none."""
        if view.desk.last.find(view.question.key) is None:
            return False
        whole.clear()
        with whole:
            return last_answer(view, cols)

    with whole:
        with found_line(view, search, (SORTED_ROWS, f"flows.cut_{SORTS[sort]}") if sort else (GRID_ROWS, "flows.cut"), away):
            link(viewer.t("flow_graph.title"), view.address.on(GRAPH).url(cols="", sort="", top=""), "button", data_test="to-graph")
            columns_choice(view.desk, viewer, view.address, cols)
            export_links(viewer, view.address, cols)
            copy_link(viewer, search.period)
        histogram = FlowHistogram(view, search)
        with tag("div", "searched"):
            with tag("aside", "stack tight", aria_label=viewer.t("flows.facets")):
                facets(view, search, histogram.tell)
            with tag("div", "stack"):
                histogram.load()
                with tag("div", "tall"):
                    flow_grid(view, cols, drawer)
