"""Connections: who sends to whom, of the same filter as a flow search; the graph and, the same, a table."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.pages.flow_address import FLOWS, GRAPH, FlowAddress
from dashboards.pages.flow_form import copy_link
from dashboards.pages.flow_found import found_line
from dashboards.pages.flow_view import View, open_view
from dashboards.reading.flow_graph import MOST_ENDS, Graph, Pair, read_graph
from dashboards.shell.markup import card, link, sentence, tag
from dashboards.shell.page import Asked
from dashboards.shell.part import load_part
from dashboards.widgets.coverage_chip import coverage_cell
from dashboards.widgets.data_grid import column, data_grid
from dashboards.widgets.ends_graph import ends_graph, ends_legend
from dashboards.words.numbers import count, octets, percent

if TYPE_CHECKING:
    from dashboards.desk import Desk


async def flow_graph(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    view, search = await open_view(desk, viewer, asked.query, GRAPH, viewer.t("flow_graph.title"), viewer.t("flow_graph.sentence"))
    if search is None:
        return
    with found_line(view, search):
        link(viewer.t("flow_graph.back"), view.address.on(FLOWS).url(), "button", data_test="to-flows")
        copy_link(viewer, search.period)
    area = tag("div", "stack waiting")
    load_part(viewer, view.searching, area, "pairs", search, lambda _: read_graph(search), lambda graph: _draw(view, graph), rows=8)


def _draw(view: View, graph: Graph) -> None:
    viewer, flows = view.viewer, view.address.on(FLOWS)
    if not graph.pairs:
        return  # the line above says that no flow fits, and of what share
    ends = list(graph.ends)

    def clicked(kind: str, place: int) -> None:
        if kind == "node" and place < len(ends):
            ui.navigate.to(flows.narrowed("ip", "==", ends[place]))
        elif kind == "edge" and place < len(graph.pairs):
            ui.navigate.to(pair_url(flows, graph.pairs[place]))

    drawn = drawn_words(viewer, graph)
    with card(viewer.t("flow_graph.graph"), note=viewer.t("flow_graph.click")):
        sentence(drawn, "caption").props["data-test"] = "drawn"
        with tag("div").style("height:460px"):
            ends_graph(viewer, view.names, graph, drawn.replace("**", ""), clicked)
        ends_legend(viewer)
    with card(viewer.t("flow_graph.table")), tag("div").style("height:380px"):
        columns = [
            column(viewer, "flow_graph.near", "near", 200, "link"),
            column(viewer, "flow_graph.far", "far", 200, "link"),
            column(viewer, "flows.destination", "destination", 200, flex=1),
            column(viewer, "flow_graph.count", "flows", 100, "link", type="rightAligned"),
            column(viewer, "flows.octets", "octets", 130, "said", type="rightAligned", sort="desc"),
            column(viewer, "flows.coverage", "coverage", 140, "cover"),
            column(viewer, "flows.unseen", "unseen", 140, "said", type="rightAligned"),
            column(viewer, "flows.findings", "findings", 100, "said", type="rightAligned"),
        ]
        data_grid(viewer, columns, "pairs-grid", rowData=[_row(view, flows, pair) for pair in graph.pairs])


def drawn_words(viewer: Viewer, graph: Graph) -> str:
    """How many of the pairs and ends are drawn, and what share of the octets out that is; what is left out is counted."""
    shown = sum(pair.octets_out for pair in graph.pairs)
    parts = {
        "pairs": count(len(graph.pairs)),
        "ends": count(len(graph.ends)),
        "octets": octets(shown),
    }
    if len(graph.pairs) == graph.all_pairs:
        return viewer.t("flow_graph.all_drawn", **parts)
    left = {
        "all_pairs": count(graph.all_pairs),
        "all_ends": count(graph.all_ends),
        "share": percent(shown / graph.all_octets if graph.all_octets else 0),
        "left_pairs": count(graph.all_pairs - len(graph.pairs)),
        "left_ends": count(graph.all_ends - len(graph.ends)),
        "left_octets": octets(graph.all_octets - shown),
    }
    return viewer.t("flow_graph.some_drawn", most=count(MOST_ENDS), **parts, **left)


def pair_url(flows: FlowAddress, pair: Pair) -> str:
    """The flows between two ends, whichever opened them."""
    return flows.narrowed("ip", "==", *dict.fromkeys((pair.near, pair.far)))


def _row(view: View, flows: FlowAddress, pair: Pair) -> dict[str, Any]:
    ends = {
        name: {"text": end, "href": flows.narrowed("ip", "==", end), "mono": True, "order": int(ipaddress.ip_address(end)) / 2**64}
        for name, end in (("near", pair.near), ("far", pair.far))
    }
    return {
        **ends,
        "destination": view.names.place(view.viewer, pair.destination),
        "flows": {"text": count(pair.flows), "href": pair_url(flows, pair), "order": pair.flows},
        "octets": {"text": octets(pair.octets_out), "order": pair.octets_out},
        "coverage": coverage_cell(pair.cover),
        "unseen": {"text": count(pair.unseen), "order": pair.unseen},
        "findings": {"text": count(pair.findings), "order": pair.findings},
    }
