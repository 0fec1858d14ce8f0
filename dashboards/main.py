"""The web process: opens store and supervision, prints address and first password, works in the background, serves pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy import Engine
from starlette.middleware.gzip import GZipMiddleware

from dashboards.access.gate import Gate
from dashboards.access.headers import Headers
from dashboards.access.sessions import first_account
from dashboards.access.sign_in import add_sign_in
from dashboards.api.routes import add_api
from dashboards.background import Work, keep_delivering, keep_working, take_snapshot
from dashboards.desk import Desk
from dashboards.pages.all import add_pages
from dashboards.settings import DashboardsSettings
from dashboards.theme.files import NAMES, content, media_type
from pipeline.store.store import Store

RECONNECT_S = 30.0  # fifteen seconds without a network cost no page


def make_app(desk: Desk, work: Work) -> FastAPI:
    """The whole web application around one desk, with its background work."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.summary = await asyncio.to_thread(take_snapshot, desk, False)
        tasks = [asyncio.create_task(keep_working(desk, work)), asyncio.create_task(keep_delivering(work))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        desk.pool.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(title="Guankou", lifespan=lifespan, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.add_middleware(Gate, desk=desk)
    app.add_middleware(Headers)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    _add_static(app)
    add_sign_in(app, desk)
    add_api(app, desk)
    add_pages(desk)
    ui.run_with(
        app,
        title="Guankou",
        language="zh-CN" if desk.settings.language == "zh" else "en-US",
        tailwind=False,
        reconnect_timeout=RECONNECT_S,
        show_welcome_message=False,
        gzip_middleware_factory=None,
        binding_refresh_interval=None,
        favicon=_favicon(),
    )
    return app


def run(data: Path, settings: DashboardsSettings, store: Store, engine: Engine, work: Work, say: Callable[[str], None] = print) -> None:
    """Serve until interrupted. `say` prints: the address, and on the first run the account and its password, once."""
    desk = Desk(data, settings, store, engine)
    made = first_account(engine, settings.unit, settings.language)
    if made is not None:
        say(f"account   {made[0]}\npassword  {made[1]}   (shown once)")
    scheme = "https" if settings.https else "http"
    say(f"pages     {scheme}://{settings.host}:{settings.port}/")
    uvicorn.run(make_app(desk, work), host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=3)


def _add_static(app: FastAPI) -> None:
    @app.get("/static/{digest}/{name}", include_in_schema=False)
    async def static(digest: str, name: str) -> Response:  # noqa: ARG001 - the digest only makes the address change with the file
        if name not in NAMES:
            return Response(status_code=404)
        return Response(content(name), media_type=media_type(name), headers={"cache-control": "public, max-age=31536000, immutable"})


def _favicon() -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#1A5FB4" stroke-width="2">'
        '<path d="M3 5h18M5 5v16M19 5v16M2 9h20M9 21v-7h6v7"/></svg>'
    )
