"""Every page and its address."""

from __future__ import annotations

from dashboards.desk import Desk
from dashboards.pages.alert import alert
from dashboards.pages.alerts import alerts
from dashboards.pages.incident import incident
from dashboards.pages.incidents import incidents
from dashboards.pages.notice import notice
from dashboards.pages.notices import notices
from dashboards.pages.overview import overview
from dashboards.shell.page import Body, add_page

PAGES: tuple[tuple[str, str, Body], ...] = (
    ("/", "overview", overview),
    ("/alerts", "alerts", alerts),
    ("/alerts/{number}", "alerts", alert),
    ("/incidents", "incidents", incidents),
    ("/incidents/{number}", "incidents", incident),
    ("/notices", "notices", notices),
    ("/notices/{number}", "notices", notice),
)


def add_pages(desk: Desk) -> None:
    """Register them all."""
    for address, name, body in PAGES:
        add_page(desk, address, name, body)
