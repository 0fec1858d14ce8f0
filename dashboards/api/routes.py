"""All routes that give rows or files."""

from __future__ import annotations

from fastapi import FastAPI

from dashboards.api.alerts import add_alerts
from dashboards.api.flow_files import add_flow_files
from dashboards.api.flows import add_flows
from dashboards.api.notices import add_notices
from dashboards.desk import Desk


def add_api(app: FastAPI, desk: Desk) -> None:
    """Register them all."""
    add_alerts(app, desk)
    add_flows(app, desk)
    add_flow_files(app, desk)
    add_notices(app, desk)
