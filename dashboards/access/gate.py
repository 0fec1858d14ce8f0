"""The gate: nothing but sign-in, health and static files without a session; the viewer rides on with the request."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.access.sessions import find_viewer

if TYPE_CHECKING:
    from dashboards.desk import Desk

OPEN = ("/sign-in", "/health", "/static/", "/_nicegui/", "/favicon.ico")
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def cookie_name(https: bool) -> str:
    """`__Host-` binds the cookie to this host and to https; plain http cannot carry it."""
    return "__Host-guankou" if https else "guankou"


class Gate:
    """ASGI layer in front of every page, API route and live connection."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = await self._refusal(HTTPConnection(scope))
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)

    async def _refusal(self, asked: HTTPConnection) -> Response | None:
        """What to answer instead; None lets the request through with its viewer."""
        path = asked.url.path
        if asked.scope["type"] == "http" and asked.scope["method"] not in SAFE_METHODS and not _same_origin(asked):
            return JSONResponse({"error": "another origin"}, 403)
        if path.startswith(OPEN):
            return None
        token = asked.cookies.get(cookie_name(self.desk.settings.https), "")
        viewer = await self.desk.ask(find_viewer, self.desk.engine, token) if token else None
        if viewer is not None:
            asked.state.viewer = viewer
            return None
        if path.startswith(("/api/", "/_nicegui_ws/")):
            return JSONResponse({"error": "sign in"}, 401)
        wanted = path + (f"?{asked.url.query}" if asked.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(wanted)}", 303)


def _same_origin(asked: HTTPConnection) -> bool:
    """A form of another site never reaches us; requests without an Origin are not a browser's cross-site ones."""
    origin = asked.headers.get("origin")
    return origin is None or origin.split("://")[-1] == asked.headers.get("host")
