"""Every page and its address."""

from __future__ import annotations

from dashboards.desk import Desk
from dashboards.pages.alert import alert
from dashboards.pages.alerts import alerts
from dashboards.pages.audit import audit
from dashboards.pages.campaign import campaign
from dashboards.pages.coverage import coverage
from dashboards.pages.flow import flow
from dashboards.pages.flow_graph import flow_graph
from dashboards.pages.flows import flows
from dashboards.pages.incident import incident
from dashboards.pages.incidents import incidents
from dashboards.pages.ledger import ledger
from dashboards.pages.ledger_holder import ledger_holder
from dashboards.pages.notice import notice
from dashboards.pages.notices import notices
from dashboards.pages.overview import overview
from dashboards.pages.permits import permits
from dashboards.pages.sampling import sampling
from dashboards.pages.sensors import sensors
from dashboards.pages.settings import settings
from dashboards.shell.page import Body, add_page

PAGES: tuple[tuple[str, str, Body], ...] = (
    ("/", "overview", overview),
    ("/alerts", "alerts", alerts),
    ("/alerts/{number}", "alerts", alert),
    ("/coverage", "coverage", coverage),
    ("/incidents", "incidents", incidents),
    ("/incidents/{number}", "incidents", incident),
    ("/flows", "flows", flows),
    ("/flows/graph", "flows", flow_graph),  # before the next, which would take `graph` for a number
    ("/flows/{number}", "flows", flow),
    ("/ledger", "ledger", ledger),
    ("/ledger/{holder}", "ledger", ledger_holder),
    ("/notices", "notices", notices),
    ("/notices/{number}", "notices", notice),
    ("/permits", "permits", permits),
    ("/sampling", "sampling", sampling),
    ("/sampling/{number}", "sampling", campaign),
    ("/sensors", "sensors", sensors),
    ("/audit", "audit", audit),
    ("/settings", "settings", settings),
)


def add_pages(desk: Desk) -> None:
    """Register them all."""
    for address, name, body in PAGES:
        add_page(desk, address, name, body)
