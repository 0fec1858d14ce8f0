"""The rows of a flow search: asked for by the grid itself as it is scrolled, or the few that were kept of the last answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import background_tasks, ui

from dashboards.access.viewer import Viewer
from dashboards.api.flow_columns import Column, read_columns
from dashboards.api.flows import SORTED_ROWS, SORTS, flow_row, read_sort
from dashboards.pages.flow_drawer import FlowDrawer
from dashboards.pages.flow_view import View
from dashboards.widgets.data_grid import data_grid, titled

TIME = "first"
ARROW_PX = 24  # of the head that the rows are sorted by


def flow_grid(view: View, cols: str, drawer: FlowDrawer) -> None:
    """Every row there is, up to GRID_ROWS; a row opens the drawer."""
    viewer, sort = view.viewer, read_sort(view.address.sort)
    asked = view.address._replace(cols=cols, top="", flow="", wide="", sort=sort).query() + f"&view={ui.context.client.id}"
    grid = data_grid(
        viewer,
        _heads(viewer, read_columns(cols), sort or TIME),
        "flows-grid",
        rowModelType="infinite",
        cacheBlockSize=SORTED_ROWS if sort else 200,  # what is sorted is one question, so it is asked once
        maxBlocksInCache=20,
        suppressFieldDotNotation=True,
        suppressColumnVirtualisation=True,
        tooltipShowMode="whenTruncated",
        **{
            ":datasource": f"gk.source({quoted('/api/flows?' + asked)})",
            ":onRowClicked": "gk.openFlow",
            ":onCellKeyDown": "gk.flowKey",
            ":onSortChanged": "gk.sortFlows",
        },
    )
    grid.classes("dense")
    ui.on("gk-flow", lambda event: drawer.show(str(event.args)))
    if view.address.flow:
        background_tasks.create(drawer.show(view.address.flow))


def kept_grid(view: View, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
    """These rows alone: they cannot be opened or sorted, for that asks the store."""
    shown = [flow_row(view.viewer, view.names, columns, dict(row)) for row in rows]
    for row in shown:
        if isinstance(row.get(TIME), dict):
            row[TIME] = {**row[TIME], "href": ""}
    heads = [{**head, "sortable": False} for head in _heads(view.viewer, columns, "")]
    grid = data_grid(view.viewer, heads, "kept-grid", rowData=shown, suppressFieldDotNotation=True, tooltipShowMode="whenTruncated")
    grid.classes("dense")


def _heads(viewer: Viewer, columns: Sequence[Column], sort: str) -> list[dict[str, Any]]:
    return [_head(viewer, column, sort) for column in columns]


def _head(viewer: Viewer, column: Column, sort: str) -> dict[str, Any]:
    """A column whose head sorts where the whole result can be asked for by it."""
    more: dict[str, Any] = {"wrapHeaderText": True, "autoHeaderHeight": True, "sortable": column.name in (TIME, *SORTS)}
    more |= {"sortingOrder": ["desc"]} | ({"sort": "desc"} if column.name == sort else {})
    more |= {"type": "rightAligned"} if column.right else {}
    more |= {"tooltipField": column.name} if column.renderer in ("", "mono") else {}
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
