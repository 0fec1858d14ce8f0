"""Counts over time in stacks, above a strip of coverage on the same axis: few alerts beside little coverage is not all clear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nicegui import events, ui

from dashboards.access.viewer import Viewer
from dashboards.summary import Cover
from dashboards.theme.tokens import SANS, colour
from dashboards.widgets.coverage_chip import PARTS

TEXTURES = {"encrypted": "diag", "other": "dots", "lost": "bars"}


class Stack(NamedTuple):
    """One layer: its name in words, its colour's token (or its texture: diag, dots, bars), a value a step."""

    word: str
    token: str
    values: Sequence[int]


def time_histogram(
    viewer: Viewer,
    steps: Sequence[str],
    stacks: Sequence[Stack],
    covers: Sequence[Cover],
    description: str,
    octets: bool = False,
    brushed: Callable[[int, int], None] | None = None,
) -> ui.echart:
    """`steps` are the labels of the axis, `stacks` from the base upwards, `covers` one a step (none: no strip).

    `brushed` is told the first and the last step of a stretch that somebody draws over.
    """
    axis = {
        "type": "category",
        "data": list(steps),
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": colour("line-2", viewer.theme)}},
    }
    words = {"color": colour("ink-3", viewer.theme), "fontSize": 12}
    amounts = {**words, ":formatter": "gk.octets"} if octets else words
    options: dict[str, Any] = {
        "animation": False,
        "textStyle": {"fontFamily": SANS},
        "aria": {"enabled": True, "label": {"description": description}},
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
        "grid": [{"left": 60 if octets else 44, "right": 8, "top": 10, "bottom": 62 if covers else 24}]
        + ([{"left": 44, "right": 8, "height": 26, "bottom": 22}] if covers else []),
        "xAxis": [{**axis, "axisLabel": {"show": not covers, **words}}]
        + ([{**axis, "gridIndex": 1, "axisLabel": words}] if covers else []),
        "yAxis": [
            {"type": "value", "minInterval": 1, "axisLabel": amounts, "splitLine": {"lineStyle": {"color": colour("line", viewer.theme)}}}
        ]
        + ([{"type": "value", "gridIndex": 1, "max": 100, "show": False}] if covers else []),
        "series": [_layer(viewer, stack) for stack in stacks] + (_strip(viewer, covers) if covers else []),
    }
    if brushed:
        options["brush"] = {"toolbox": [], "xAxisIndex": 0, "brushStyle": {"color": colour("select", viewer.theme), "opacity": 0.5}}
    chart = ui.echart(options)
    if brushed:
        _take_brush(chart, brushed)
    return chart


def _take_brush(chart: ui.echart, brushed: Callable[[int, int], None]) -> None:
    """The pointer draws from the first frame on, without a tool to be chosen before."""
    drawn = False

    def ready() -> None:
        nonlocal drawn
        if not drawn:
            drawn = True
            line = {"brushType": "lineX", "brushMode": "single"}
            chart.run_chart_method("dispatchAction", {"type": "takeGlobalCursor", "key": "brush", "brushOption": line})

    def ended(event: events.GenericEventArguments) -> None:
        for area in event.args["areas"][:1]:
            first, last = area["coordRange"]
            brushed(int(first), int(last))

    chart.on("chart:finished", ready, [])
    chart.on("chart:brushEnd", ended, ["areas"])


def _layer(viewer: Viewer, stack: Stack) -> dict[str, Any]:
    style: dict[str, Any] = (
        {":color": f'gk.hatch("{stack.token}")'} if stack.token in TEXTURES.values() else {"color": colour(stack.token, viewer.theme)}
    )
    return {"type": "bar", "name": stack.word, "stack": "count", "data": list(stack.values), "itemStyle": style, "barCategoryGap": "15%"}


def _strip(viewer: Viewer, covers: Sequence[Cover]) -> list[dict[str, Any]]:
    layers = []
    for part in PARTS:
        values = [round(100 * getattr(cover, part) / cover.total, 1) if cover.total else 0 for cover in covers]
        style: dict[str, Any] = (
            {":color": f'gk.hatch("{TEXTURES[part]}")'} if part in TEXTURES else {"color": colour("permit-fill", viewer.theme)}
        )
        layers.append(
            {
                "type": "bar",
                "name": viewer.t(f"cover.{part}") + " %",
                "stack": "cover",
                "xAxisIndex": 1,
                "yAxisIndex": 1,
                "data": values,
                "itemStyle": style,
                "barCategoryGap": "5%",
            }
        )
    return layers
