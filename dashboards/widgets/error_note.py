"""What did not finish, under which reference, and a way to try again; never a stack trace."""

from __future__ import annotations

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import icon, tag


def error_note(viewer: Viewer, name: str, reference: str) -> None:
    """`name` is the room whose page failed."""
    with tag("div", "error", role="alert", data_test="error"):
        with tag("div", "row strong"):
            icon("cross", "glyph")
            tag("span", "", viewer.t("error.title", page=viewer.t(f"nav.{name}")))
        tag("p", "caption", viewer.t("error.reference", reference=reference))
        tag("button", "button", viewer.t("error.again"), type="button").on("click", lambda: ui.navigate.reload())
