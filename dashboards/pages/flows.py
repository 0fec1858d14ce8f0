"""Flow search: what crossed, when, between whom?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui
from sqlalchemy import select

from dashboards.access.viewer import Viewer
from dashboards.api.flow_columns import DEFAULT, Column, read_columns
from dashboards.api.flows import GRID_ROWS, SORTED_ROWS, SORTS, read_sort
from dashboards.pages.flow_address import FLOWS, GRAPH
from dashboards.pages.flow_drawer import FlowDrawer
from dashboards.pages.flow_facets import facets
from dashboards.pages.flow_form import columns_choice, copy_link, export_links
from dashboards.pages.flow_found import found_line
from dashboards.pages.flow_histogram import FlowHistogram
from dashboards.pages.flow_view import View, open_view
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from dashboards.widgets.data_grid import data_grid, titled
from pipeline.search.run import Search
from pipeline.supervision.accounts import Account
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dashboards.desk import Desk

TIME = "first"
ARROW_PX = 24  # of the head that the rows are sorted by



def kept_columns(engine: Engine, account: str) -> str:
    """The columns that an account chose last; empty where it never did."""
    with reading(engine) as db:
        return db.scalar(select(Account.flow_columns).where(Account.name == account)) or ""


async def flows(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    kept = await desk.ask(kept_columns, desk.engine, viewer.account)
    view, found = await open_view(desk, viewer, asked.query, FLOWS, viewer.t("nav.flows"), viewer.t("flows.sentence"))
    if found is not None:
        _answer(view, found, view.address.cols or kept or DEFAULT)


def _answer(view: View, search: Search, cols: str) -> None:
    viewer, sort = view.viewer, read_sort(view.address.sort)
    with found_line(view, search, (SORTED_ROWS, f"flows.cut_{SORTS[sort]}") if sort else (GRID_ROWS, "flows.cut")):
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
            grid = tag("div", "tall")
    drawer = FlowDrawer(view.desk, viewer, view.names, view.address)
    with grid:
        _grid(view, cols, drawer)


def _grid(view: View, cols: str, drawer: FlowDrawer) -> None:
    viewer, sort = view.viewer, read_sort(view.address.sort)
    asked = view.address._replace(cols=cols, top="", flow="", wide="", sort=sort).query() + f"&view={ui.context.client.id}"
    grid = data_grid(
        viewer,
        [_head(viewer, column, sort or TIME) for column in read_columns(cols)],
        "flows-grid",
        rowModelType="infinite",
        cacheBlockSize=SORTED_ROWS if sort else 200,  # what is sorted is one question, so it is asked once
        maxBlocksInCache=20,
        suppressFieldDotNotation=True,
        suppressColumnVirtualisation=True,
        **{
            ":datasource": f"gk.source({quoted('/api/flows?' + asked)})",
            ":onRowClicked": "gk.openFlow",
            ":onCellKeyDown": "gk.flowKey",
            ":onSortChanged": "gk.sortFlows",
            ":getRowId": "gk.flowId",
        },
    )
    grid.classes("dense")
    ui.on("gk-flow", lambda event: drawer.show(str(event.args)))
    if view.address.flow:
        background_tasks.create(drawer.show(view.address.flow))


def _head(viewer: Viewer, column: Column, sort: str) -> dict[str, Any]:
    """A column whose head sorts where the whole result can be asked for by it."""
    more: dict[str, Any] = {"wrapHeaderText": True, "autoHeaderHeight": True, "sortable": column.name in (TIME, *SORTS)}
    more |= {"sortingOrder": ["desc"]} | ({"sort": "desc"} if column.name == sort else {})
    more |= {"type": "rightAligned"} if column.right else {}
    arrow = ARROW_PX if column.right and column.name == sort else 0
    title, width = column.title(viewer), column.width_for(viewer) + arrow
    if column.name == "server.name":  # takes what is left, and gives the arrow its room
        more |= {"flex": 1, "minWidth": width - (0 if sort == TIME else ARROW_PX)}
    return titled(title, column.name, width, column.renderer, headerTooltip=column.meaning(viewer) or title, **more)


def quoted(address: str) -> str:
    """A JavaScript string of a URL-encoded address: percent-encoding leaves no quote, backslash or line end in it."""
    if not address.isascii() or any(c in address for c in "'\"\\`<>\n\r"):
        raise ValueError("an address that is not URL-encoded")
    return f"'{address}'"
