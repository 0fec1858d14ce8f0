"""Alerts: what do I look at next?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from dashboards.access.viewer import Viewer
from dashboards.api.grid_rows import fits, grid_row
from dashboards.pages.choice import choice
from dashboards.reading.cases import is_open, list_alerts
from dashboards.reading.cover import cover, cover_by
from dashboards.reading.names import load_names
from dashboards.reading.period import period_of
from dashboards.shell.frame import heading
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.data_grid import column, data_grid
from dashboards.widgets.empty_note import empty_note

if TYPE_CHECKING:
    from dashboards.desk import Desk

STATES = ("new", "triaged", "incident", "false")
VERDICTS = ("none", "beyond", "pending", "permit", "exempt")
KEPT = ("q", "state", "level", "verdict")


async def alerts(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    period = period_of({"period": "year"}, desk.summary)
    found, names = await desk.ask(list_alerts, desk.engine), await desk.ask(load_names, desk.engine)
    whole, covers = await desk.ask(cover, desk, period), await desk.ask(cover_by, desk, period, "line")
    waiting = [alert for alert in found if is_open(alert)]
    with heading(
        viewer.t("nav.alerts"),
        viewer.t(
            "alerts.sentence",
            open=len(waiting),
            critical=sum(alert.level == 4 for alert in waiting),
            loose=sum(alert.incident_id is None for alert in waiting),
            share=coverage_words(viewer, whole),
        ),
    ):
        coverage_chip(viewer, whole)
    query = {key: asked.query[key] for key in KEPT if asked.query.get(key)}
    _filters(viewer, query)
    rows = [grid_row(viewer, names, alert, covers) for alert in found if fits(viewer, names, alert, query)]
    if not rows:
        with tag("div", "card"):
            empty_note(viewer, viewer.t("alerts.none"), whole)
        return
    with tag("div", "tall"):
        data_grid(viewer, _columns(viewer), "alerts-grid", rowData=rows, rowHeight=52)


def _filters(viewer: Viewer, query: dict[str, str]) -> None:
    """A plain form: the URL is the state, and it works without a socket."""
    with tag("form", "filters", action="/alerts", method="get"):
        tag(
            "input",
            "input",
            name="q",
            value=query.get("q", ""),
            placeholder=viewer.t("alerts.filter"),
            aria_label=viewer.t("alerts.filter"),
            data_filter="1",
        ).style("width:340px")
        for name, values, group in (("state", STATES, "state"), ("level", ("4", "3", "2", "1"), "level"), ("verdict", VERDICTS, "verdict")):
            choice(
                viewer.t(f"alerts.{name}"),
                name,
                {value: viewer.t(f"{group}.{value}") for value in values},
                query.get(name, ""),
                viewer.t("alerts.all"),
            )
        tag("button", "button", viewer.t("alerts.search"), type="submit")
        tag("span").style("flex:1")
        link(viewer.t("alerts.export"), "/api/alerts.csv?" + urlencode(query), "button", download="alerts.csv", data_test="export")


def _columns(viewer: Viewer) -> list[dict[str, object]]:
    return [
        column(viewer, "alerts.level", "level", 94, "level", sort="desc"),
        column(viewer, "alerts.number", "number", 148, "link"),
        column(viewer, "alerts.claim", "claim", 300, "two", flex=1, minWidth=240, sortable=False),
        column(viewer, "alerts.verdict", "verdict", 168, "verdict"),
        column(viewer, "alerts.evidence", "evidence", 128, "evidence"),
        column(viewer, "alerts.persons", "persons", 184, "two"),
        column(viewer, "alerts.coverage", "coverage", 118, "cover"),
        column(viewer, "alerts.state", "state", 126, "two"),
    ]
