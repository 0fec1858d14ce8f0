"""Sign-in and sign-out: plain routes and plain HTML, so that a scanner costs no live client."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, Template

from dashboards.access.audit import note
from dashboards.access.gate import cookie_name
from dashboards.access.lockout import Lockout
from dashboards.access.sessions import close_session, open_session, utc_now
from dashboards.access.viewer import ALLOWED
from dashboards.theme.files import address
from dashboards.words.dictionary import HTML_LANGUAGE, LANGUAGES, say
from dashboards.words.moments import clock

if TYPE_CHECKING:
    from dashboards.desk import Desk

START = {"overview": "/"}


@cache
def _template() -> Template:
    return Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("sign_in.html.j2")


def _form(desk: Desk, request: Request, problem: str = "", name: str = "", status: int = 200) -> HTMLResponse:
    chosen = request.query_params.get("lang") or request.cookies.get("language") or desk.settings.language
    language = chosen if chosen in LANGUAGES else "zh"
    values: dict[str, Any] = {
        "lang": HTML_LANGUAGE[language],
        "css": address("app.css"),
        "icons": address("icons.svg"),
        "unit": desk.settings.unit,
        "problem": problem,
        "name": name,
        "next": safe_next(request.query_params.get("next", "")),
        "t": lambda key: say(language, key),
        "other": "en" if language == "zh" else "zh",
    }
    answer = HTMLResponse(_template().render(values), status, {"cache-control": "no-store"})
    answer.set_cookie("language", language, samesite="lax", secure=desk.settings.https)
    return answer


def safe_next(path: str) -> str:
    """A path of ours or nothing: never another host."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else ""


def add_sign_in(app: FastAPI, desk: Desk) -> None:
    """GET and POST /sign-in, POST /sign-out, GET /health."""
    lockout = Lockout()

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/sign-in")
    async def ask(request: Request) -> HTMLResponse:
        return _form(desk, request)

    @app.post("/sign-in")
    async def enter(request: Request) -> Response:
        given = {key: value[0] for key, value in parse_qs((await request.body())[:4096].decode("utf-8", "replace")).items()}
        name, from_address = given.get("name", "").strip()[:64], request.client.host if request.client else ""
        language = request.cookies.get("language", desk.settings.language)
        language = language if language in LANGUAGES else "zh"
        if until := lockout.until(name, utc_now()):
            return _form(desk, request, say(language, "sign_in.locked", until=clock(until)), name, 429)
        token = await desk.ask(open_session, desk.engine, name, given.get("password", ""), from_address, desk.settings.session_hours)
        await desk.ask(note, desk.engine, name, "sign_in", "", "done" if token else "refused", from_address)
        if token is None:
            lockout.fail(name, utc_now())
            return _form(desk, request, say(language, "sign_in.wrong"), name, 401)
        lockout.clear(name)
        answer = RedirectResponse(safe_next(given.get("next", "")) or "/start", 303)
        answer.set_cookie(cookie_name(desk.settings.https), token, httponly=True, samesite="lax", secure=desk.settings.https, path="/")
        return answer

    @app.get("/start")
    async def start(request: Request) -> Response:
        page = ALLOWED[request.state.viewer.role][0]
        return RedirectResponse(START.get(page, f"/{page}"), 303)

    @app.post("/sign-out")
    async def leave(request: Request) -> Response:
        name = cookie_name(desk.settings.https)
        await desk.ask(close_session, desk.engine, request.cookies.get(name, ""))
        await desk.ask(note, desk.engine, request.state.viewer.account, "sign_out")
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(name, path="/", secure=desk.settings.https)
        return answer
