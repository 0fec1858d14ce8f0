"""Four rising bars, as many filled as the level, then the word."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import tag


def level_tag(viewer: Viewer, level: int) -> None:
    """Level 1 low to 4 critical."""
    with tag("span", f"level l{level}"):
        with tag("span", "bars", aria_hidden="true"):
            for bar in range(1, 5):
                tag("i", "on" if bar <= level else "")
        tag("span", "", viewer.t(f"level.{level}"))


def level_cell(viewer: Viewer, level: int) -> dict[str, object]:
    """The same for a grid's cell (gk.level)."""
    return {"code": level, "word": viewer.t(f"level.{level}"), "order": level}
