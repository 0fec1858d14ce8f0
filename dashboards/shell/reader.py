"""Language and theme of one client: right in the first paint, without a flash."""

from __future__ import annotations

import copy

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.theme.files import address
from dashboards.words.dictionary import HTML_LANGUAGE


def adopt(viewer: Viewer, title: str) -> None:
    """Give this client its own copy of the page with the viewer's language and theme.

    `client.page` is NiceGUI's own and shared by all clients of a route: one place leans on it, and a browser test watches it.
    """
    client = ui.context.client
    client.page = copy.copy(client.page)
    client.page.language = HTML_LANGUAGE[viewer.language]  # type: ignore[assignment]
    client.page.dark = viewer.theme == "dark"
    client.title = f"{title} · {viewer.t('brand')}"
    ui.add_head_html(
        f'<link rel="stylesheet" href="{address("app.css")}"><meta name="gk-icons" content="{address("icons.svg")}">'
        f'<script src="{address("gk.js")}" defer></script>'
    )
