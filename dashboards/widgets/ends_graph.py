"""A graph of ends and what went out between them: the stronger the line, the more octets; dashed where nothing of it was inspected."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

from nicegui import events, ui

from dashboards.access.viewer import Viewer
from dashboards.reading.flow_graph import Graph, Pair
from dashboards.reading.names import Names
from dashboards.shell.markup import tag
from dashboards.theme.tokens import MONO, SANS, colour
from dashboards.widgets.coverage_chip import coverage_words
from dashboards.words.numbers import count, octets

LABELLED = 20  # ends with the most octets: more labels than that cover each other
WIDTH, HEIGHT = 1040, 420  # about the room there is at 1440 px: the chart keeps the proportion
WIDEST, SMALLEST, LARGEST = 7.0, 7.0, 22.0  # px: of a line, of an end


def ends_graph(viewer: Viewer, names: Names, graph: Graph, description: str, clicked: Callable[[str, int], None]) -> ui.echart:
    """`clicked` is told `node` and a place in `graph.ends`, or `edge` and a place in `graph.pairs`."""
    options: dict[str, Any] = {
        "animation": False,
        "textStyle": {"fontFamily": SANS},
        "aria": {"enabled": True, "label": {"description": description}},
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "graph",
                "layout": "none",
                "roam": True,
                "left": 30,
                "right": 140,  # the words of an end within the territory stand at its right
                "top": 36,  # and of one beyond it above
                "bottom": 20,
                "edgeSymbol": ["none", "arrow"],
                "edgeSymbolSize": 7,
                "emphasis": {"focus": "adjacency"},
                "labelLayout": {"hideOverlap": True},
                "data": _ends(viewer, names, graph),
                "links": [_line(viewer, graph, pair) for pair in graph.pairs],
            }
        ],
    }
    chart = ui.echart(options)
    chart.props["data-test"] = "graph"

    def click(event: events.GenericEventArguments) -> None:
        kind, place = event.args.get("dataType"), event.args.get("dataIndex")
        if kind in ("node", "edge") and isinstance(place, int):
            clicked(kind, place)

    chart.on("componentClick", click, ["dataType", "dataIndex"])
    return chart


def ends_legend(viewer: Viewer) -> None:
    """The marks in words."""
    with tag("div", "legend"):
        for mark, word in (("end-mark near", "near"), ("end-mark far", "far"), ("line-mark", "sent"), ("line-mark dark", "dark")):
            with tag("span"):
                tag("i", mark)
                tag("span", "", viewer.t(f"flow_graph.{word}"))


def _ends(viewer: Viewer, names: Names, graph: Graph) -> list[dict[str, Any]]:
    near, sent = {pair.near for pair in graph.pairs}, graph.ends
    place = {pair.far: names.place(viewer, pair.destination) for pair in reversed(graph.pairs)}
    most = max(sent.values(), default=0)
    labelled = set(sorted(sent, key=lambda end: -sent[end])[:LABELLED])
    node, surface = colour("node", viewer.theme), colour("surface", viewer.theme)
    label = {"show": True, "color": colour("ink", viewer.theme), "fontFamily": MONO, "fontSize": 12,
             "textBorderColor": surface, "textBorderWidth": 3}  # fmt: skip
    made = []
    for (end, out), (x, y) in zip(sent.items(), graph.places, strict=True):
        inside = end in near
        words = end if inside else f"{end}  {place[end]}"
        made.append(
            {
                "name": end,
                "x": x * WIDTH,
                "y": y * HEIGHT,
                "symbol": "circle" if inside else "rect",
                "symbolSize": round(SMALLEST + (LARGEST - SMALLEST) * sqrt(out / most if most else 0), 1),
                "itemStyle": {"color": node if inside else surface, "borderColor": node, "borderWidth": 2},
                "label": {**label, "formatter": words, "position": "right" if inside else "top"} if end in labelled else {"show": False},
                "tooltip": {"formatter": f"{words}<br>{octets(out)}"},
            }
        )
    return made


def _line(viewer: Viewer, graph: Graph, pair: Pair) -> dict[str, Any]:
    most = graph.pairs[0].octets_out
    dark = not pair.cover.inspected
    flows = viewer.t("flow_graph.flows", count=count(pair.flows))
    return {
        "source": pair.near,
        "target": pair.far,
        "value": pair.octets_out,
        "lineStyle": {
            "width": round(1 + (WIDEST - 1) * sqrt(pair.octets_out / most if most else 0), 1),
            "type": "dashed" if dark else "solid",
            "color": colour("hatch" if dark else "accent", viewer.theme),
            "opacity": 0.75,
        },
        "tooltip": {
            "formatter": f"{pair.near} → {pair.far}<br>{octets(pair.octets_out)} · {flows} · {coverage_words(viewer, pair.cover)}"
        },
    }
