"""Verdict: a glyph and a word in a tag; colour says it a third time."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import icon, tag

GLYPHS = {"none": "cross", "beyond": "triangle", "pending": "question", "permit": "tick", "exempt": "dash", "unseen": "eye"}
WEIGHT = {"unseen": 0, "exempt": 1, "permit": 2, "pending": 3, "beyond": 4, "none": 5}


def verdict_tag(viewer: Viewer, verdict: str) -> None:
    """One of none, beyond, pending, permit, exempt, unseen."""
    with tag("span", f"tag {verdict}"):
        icon(GLYPHS[verdict], "glyph")
        tag("span", "", viewer.t(f"verdict.{verdict}"))


def verdict_cell(viewer: Viewer, verdict: str) -> dict[str, object]:
    """The same for a grid's cell (gk.verdict)."""
    return {"code": verdict, "word": viewer.t(f"verdict.{verdict}"), "order": WEIGHT[verdict]}
