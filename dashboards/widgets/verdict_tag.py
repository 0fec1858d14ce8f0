"""Verdict: a glyph and a word in a tag; colour says it a third time."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import icon, tag

GLYPHS = {
    "none": "cross",
    "beyond": "triangle",
    "pending": "question",
    "permit": "tick",
    "exempt": "dash",
    "unseen": "eye",
    "nothing": "ring",  # of a flow in which nothing was found: it has no verdict, and needs none
}
WEIGHT = {"nothing": -1, "unseen": 0, "exempt": 1, "permit": 2, "pending": 3, "beyond": 4, "none": 5}


def verdict_tag(viewer: Viewer, verdict: str) -> None:
    """One of none, beyond, pending, permit, exempt, unseen, nothing."""
    with tag("span", f"tag {verdict}"):
        icon(GLYPHS[verdict], "glyph")
        tag("span", "", viewer.t(f"verdict.{verdict}"))


def verdict_cell(viewer: Viewer, verdict: str) -> dict[str, object]:
    """The same for a grid's cell (gk.verdict)."""
    return {"code": verdict, "word": viewer.t(f"verdict.{verdict}"), "order": WEIGHT[verdict]}


def verdict_legend(words: Mapping[str, str]) -> None:
    """The fills of charts, each with its words."""
    with tag("div", "legend", data_test="verdict-legend"):
        for verdict, word in words.items():
            with tag("span"):
                swatch = tag("i", "swatch encrypted" if verdict == "unseen" else "swatch")
                if verdict != "unseen":
                    swatch.style(f"background:var(--{verdict}-fill)")
                tag("span", "", word)
