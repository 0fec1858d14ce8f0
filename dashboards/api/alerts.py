"""GET /api/alerts and /api/alerts.csv: what the alerts page lists, for its grid and as a file."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from dashboards.access.audit import note
from dashboards.api.allowed import viewer_of
from dashboards.api.csv_file import csv_answer
from dashboards.api.grid_rows import FILE_COLUMNS, file_row, fits, grid_row
from dashboards.desk import Desk
from dashboards.reading.cases import list_alerts
from dashboards.reading.cover import cover_by
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import period_of
from dashboards.summary import Cover
from pipeline.incident.models import Alert


def _read(desk: Desk) -> tuple[list[Alert], Names, dict[str, Cover]]:
    return list(list_alerts(desk.engine)), load_names(desk.engine), cover_by(desk, period_of({"period": "year"}, desk.summary), "line")


def add_alerts(app: FastAPI, desk: Desk) -> None:
    """Both routes."""

    @app.get("/api/alerts")
    async def alerts(request: Request) -> dict[str, Any]:
        viewer = viewer_of(request, "alerts")
        found, names, covers = await desk.ask(_read, desk)
        return {"rows": [grid_row(viewer, names, a, covers) for a in found if fits(viewer, names, a, request.query_params)]}

    @app.get("/api/alerts.csv")
    async def export(request: Request) -> Response:
        viewer = viewer_of(request, "alerts")
        found, names, covers = await desk.ask(_read, desk)
        await desk.ask(note, desk.engine, viewer.account, "export", f"alerts?{request.url.query}")
        rows = [file_row(viewer, names, a, covers) for a in found if fits(viewer, names, a, request.query_params)]
        return csv_answer("alerts.csv", FILE_COLUMNS, rows)
