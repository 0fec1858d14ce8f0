"""A flow's two ends with the line between, ours at the left."""

from __future__ import annotations

from typing import Any

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names
from dashboards.summary import Cover
from dashboards.widgets.flow_ends import End, flow_ends
from dashboards.words.moments import span
from dashboards.words.numbers import count, octets


def cover_of_flow(flow: dict[str, Any]) -> Cover:
    """What of its payload sent out was seen."""
    rest = max(0, flow["sent_out"] - flow["inspected_out"] - flow["encrypted_out"])
    return Cover(flow["inspected_out"], flow["encrypted_out"], rest, 0)


def address(ip: str, port: int) -> str:
    """10.21.7.44:51822, [2001:db8::1]:443."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def flow_card(viewer: Viewer, names: Names, flow: dict[str, Any]) -> None:
    """Octets and packets above the arrow, line and time below it."""
    ours_answer = flow["domestic_end"] == "dst"
    near, far = ("dst", "src") if ours_answer else ("src", "dst")
    roles = {"src": viewer.t("flow.opener"), "dst": viewer.t("flow.answerer")}
    inside = End(
        f"{viewer.t('flow.domestic')} · {roles[near]}", address(flow[near], flow[f"{near}_port"]), names.holder(viewer, flow["holder"])
    )
    outside = End(
        f"{names.full_place(viewer, flow['destination'])} · {roles[far]}",
        address(flow[far], flow[f"{far}_port"]),
        viewer.t("flow.source", source=flow["place_source"]),
    )
    above = f"{octets(flow['octets_out'])} · {viewer.t('flow.packets', packets=count(flow['packets_out']))}"
    below = f"{names.line(viewer, flow['line'])} · {span((flow['last_ns'] - flow['first_ns']) / 1e9, viewer.language)}"
    flow_ends(inside, outside, above, below)
