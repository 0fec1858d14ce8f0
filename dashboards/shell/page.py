"""How a page is opened: the right checked, language and theme adopted, the frame drawn, then the page's own part."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request
from nicegui import ui

from dashboards.access.viewer import ALLOWED, Viewer
from dashboards.shell.frame import frame, heading
from dashboards.shell.reader import adopt
from dashboards.widgets.error_note import error_note

if TYPE_CHECKING:
    from dashboards.desk import Desk

log = logging.getLogger("guankou.dashboards")


class Asked(NamedTuple):
    """What a page was asked for: its path's parts and its query; the URL is the state."""

    path: dict[str, str]
    query: dict[str, str]
    url: str


Body = Callable[["Desk", Viewer, Asked], Awaitable[None]]


def add_page(desk: Desk, address: str, name: str, body: Body) -> None:
    """Serve `body` at `address` as a part of the room `name` (nav.<name>)."""

    @ui.page(address, response_timeout=20.0)
    async def page(request: Request) -> None:
        viewer: Viewer = request.state.viewer
        asked = Asked(dict(request.path_params), dict(request.query_params), str(request.url.path))
        adopt(viewer, viewer.t(f"nav.{name}"))
        with frame(desk, viewer, name):
            if not viewer.may_open(name):
                roles = ", ".join(viewer.t(f"role.{role}") for role in ALLOWED if name in ALLOWED[role])
                heading(viewer.t(f"nav.{name}"), viewer.t("shell.not_allowed", roles=roles))
                return
            await _fill(desk, viewer, asked, name, body)


async def _fill(desk: Desk, viewer: Viewer, asked: Asked, name: str, body: Body) -> None:
    try:
        await body(desk, viewer, asked)
    except Exception:  # noqa: BLE001 - a page that fails says so, with a number that the log knows; never a stack trace
        reference = secrets.token_hex(3)
        log.exception("page %s failed, reference %s", asked.url, reference)
        error_note(viewer, name, reference)
