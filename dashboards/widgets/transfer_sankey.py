"""Holder → line → destination; a ribbon's colour is its verdict, hatched where content was not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names
from dashboards.reading.transfers import Transfer
from dashboards.summary import Cover
from dashboards.theme.tokens import SANS, VERDICTS, colour
from dashboards.words.numbers import percent

Size = Callable[[Transfer], int]


def transfer_sankey(viewer: Viewer, names: Names, transfers: Sequence[Transfer], size: Size, covers: dict[str, Cover]) -> None:
    """Nodes are named by stage (`h:` `l:` `d:`), so that no cycle can exist; our own order is kept."""
    nodes = _nodes(viewer, names, transfers, covers)
    links = _links(viewer, transfers, size)
    options: dict[str, Any] = {
        "animation": False,
        "textStyle": {"fontFamily": SANS},
        "aria": {"enabled": True, "label": {"description": viewer.t("overview.sankey_aria", ribbons=len(links))}},
        "tooltip": {"trigger": "item", "confine": True},
        "series": [
            {
                "type": "sankey",
                "left": 0,
                "right": 4,
                "top": 6,
                "bottom": 6,
                "nodeWidth": 10,
                "nodeGap": 16,
                "layoutIterations": 0,
                "draggable": False,
                "emphasis": {"disabled": True},
                "data": nodes,
                "links": links,
                "itemStyle": {"color": colour("node", viewer.theme), "borderWidth": 0},
                "label": {
                    "color": colour("ink", viewer.theme),
                    "fontSize": 12.5,
                    "fontFamily": SANS,
                    "textBorderColor": colour("surface", viewer.theme),
                    "textBorderWidth": 3,
                },
            }
        ],
    }
    ui.echart(options).props["data-test"] = "sankey"


def _nodes(viewer: Viewer, names: Names, transfers: Sequence[Transfer], covers: dict[str, Cover]) -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for transfer in transfers:
        made.setdefault(f"h:{transfer.holder}", _node(f"h:{transfer.holder}", names.holder(viewer, transfer.holder), 0))
        share = covers.get(transfer.line, Cover()).share
        word = names.line(viewer, transfer.line) + ("" if share is None else f"  {viewer.t('cover.share', share=percent(share))}")
        made.setdefault(f"l:{transfer.line}", _node(f"l:{transfer.line}", word, 1))
        made.setdefault(f"d:{transfer.destination}", _node(f"d:{transfer.destination}", names.place(viewer, transfer.destination), 2))
    return list(made.values())


def _node(name: str, word: str, depth: int) -> dict[str, Any]:
    # The formatter is a template without placeholders: braces of a name could be read as one.
    return {
        "name": name,
        "depth": depth,
        "label": {"position": "left" if depth == 2 else "right", "formatter": word.replace("{", "(").replace("}", ")")},
        "tooltip": {"formatter": word.replace("{", "(").replace("}", ")").replace("<", "‹").replace("&", "＆")},
    }


def _links(viewer: Viewer, transfers: Sequence[Transfer], size: Size) -> list[dict[str, Any]]:
    stages: dict[tuple[str, str, str], int] = defaultdict(int)
    for transfer in transfers:
        stages[f"h:{transfer.holder}", f"l:{transfer.line}", transfer.verdict] += size(transfer)
        stages[f"l:{transfer.line}", f"d:{transfer.destination}", transfer.verdict] += size(transfer)
    order = sorted(stages, key=lambda key: VERDICTS.index(key[2]))
    return [
        {
            "source": a,
            "target": b,
            "value": stages[a, b, verdict],
            "lineStyle": _ribbon(viewer, verdict),
            "tooltip": {"formatter": f"{viewer.t('verdict.' + verdict)}: {stages[a, b, verdict]:,}"},
        }
        for a, b, verdict in order
    ]


def _ribbon(viewer: Viewer, verdict: str) -> dict[str, Any]:
    if verdict == "unseen":
        return {":color": 'gk.hatch("diag")', "opacity": 0.8}
    solid = 0.85 if verdict in ("none", "beyond", "pending") else 0.5
    return {"color": colour(f"{verdict}-fill", viewer.theme), "opacity": solid}
