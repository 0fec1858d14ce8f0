"""The sheet of a notice: as HTML in a frame of ours, as PDF to keep."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import undefer

from dashboards.access.audit import note
from dashboards.api.allowed import viewer_of
from dashboards.desk import Desk
from pipeline.notice.drafting import find_notice
from pipeline.notice.models import Notice
from pipeline.notice.rendering import Sheet, render_html
from pipeline.supervision.engine import reading

LANGUAGES = ("zh", "en")


def _sheet(desk: Desk, number: str, lang: str, account: str) -> str | None:
    """What was signed, as it was signed; else the draft as it stands now."""
    with reading(desk.engine) as db:
        notice = find_notice(db, number)
        if notice is None:
            return None
        signed: str | None = notice.html_zh if lang == "zh" else notice.html_en
        return signed or render_html(Sheet(notice, lang, account, datetime.now(UTC)))


def _pdf(desk: Desk, number: str, lang: str) -> bytes | None:
    column = Notice.pdf_zh if lang == "zh" else Notice.pdf_en
    with reading(desk.engine) as db:
        notice = db.scalar(select(Notice).options(undefer(column)).where(Notice.number == number))
        return None if notice is None else notice.pdf_zh if lang == "zh" else notice.pdf_en


def add_notices(app: FastAPI, desk: Desk) -> None:
    """Both routes."""

    @app.get("/api/notices/{number}/{lang}/preview")
    async def preview(request: Request, number: str, lang: str) -> HTMLResponse:
        viewer = viewer_of(request, "notices")
        page = await desk.ask(_sheet, desk, number, lang, viewer.account) if lang in LANGUAGES else None
        if page is None:
            raise HTTPException(404, "no such notice")
        return HTMLResponse(page, headers={"cache-control": "no-store"})

    @app.get("/api/notices/{number}/{lang}.pdf")
    async def pdf(request: Request, number: str, lang: str) -> Response:
        viewer = viewer_of(request, "notices")
        sheet = await desk.ask(_pdf, desk, number, lang) if lang in LANGUAGES else None
        if sheet is None:
            raise HTTPException(404, "not signed, or no such notice")
        await desk.ask(note, desk.engine, viewer.account, "export", f"notice {number} {lang}.pdf")
        return Response(sheet, media_type="application/pdf", headers={"content-disposition": f'attachment; filename="{number}-{lang}.pdf"'})
