"""Alert: what happened, is it allowed, what must be done by when?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.access.viewer import Viewer
from dashboards.pages.alert_acts import acts
from dashboards.pages.alert_rail import compared, limits, line_and_holder
from dashboards.pages.alert_why import excerpts, why
from dashboards.reading.cases import earlier_alerts, load_alert
from dashboards.reading.cover import cover
from dashboards.reading.findings import Finding, findings_of_alert
from dashboards.reading.flow import read_flow
from dashboards.reading.limits import limits_of
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import DAY_NS, Period
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.summary import Cover
from dashboards.widgets.claim import claim_title
from dashboards.widgets.clock import said, time_left
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.widgets.evidence_mark import evidence_mark
from dashboards.widgets.flow_card import flow_card
from dashboards.widgets.level_tag import level_tag
from dashboards.widgets.verdict_tag import verdict_tag
from dashboards.words.moments import day_start_ns, stamp, utc
from pipeline.incident.clocks import Clock, nearest
from pipeline.incident.models import Alert

if TYPE_CHECKING:
    from dashboards.desk import Desk


class AlertRead(NamedTuple):
    """Everything the page shows."""

    alert: Alert
    names: Names
    findings: list[Finding]
    flow: dict[str, Any] | None
    earlier: Sequence[Alert]
    cover: Cover
    limits: Sequence[Clock]


def read_alert(desk: Desk, number: str) -> AlertRead | None:
    """Call it inside `ask`."""
    alert = load_alert(desk.engine, number)
    if alert is None:
        return None
    findings = findings_of_alert(desk, alert)
    flow = read_flow(desk, int(findings[0].flow)) if findings else None
    begin = day_start_ns(alert.day)
    whole = cover(desk, Period(begin, begin + DAY_NS, "own"), alert.line)
    limits = limits_of(desk.engine, alert.incident.number, datetime.now(UTC)) if alert.incident else []
    return AlertRead(alert, load_names(desk.engine), findings, flow, earlier_alerts(desk.engine, alert), whole, limits)


async def alert(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    number = asked.path["number"]
    read = await desk.ask(read_alert, desk, number)
    if read is None:
        heading(viewer.t("nav.alerts"), viewer.t("shell.not_found", number=number))
        return
    with tag("div", "row"):
        link(viewer.t("nav.alerts"), "/alerts")
        tag("span", "quiet", "/")
        tag("span", "mono", number)
    _head(desk, viewer, read)
    with tag("div", "grid12"):
        with tag("div", "stack span8"):
            why(viewer, read.names, read.alert)
            excerpts(viewer, read.findings, read.alert)
            _flow(viewer, read)
            _earlier(viewer, read)
        with tag("div", "stack span4"):
            limits(viewer, read.limits)
            compared(viewer, read.names, read.alert)
            line_and_holder(viewer, read.names, read.alert)


def _head(desk: Desk, viewer: Viewer, read: AlertRead) -> None:
    one = read.alert
    with card():
        with tag("div", "row between").style("flex-wrap:nowrap;align-items:flex-start"):
            claim_title(read.names.claim(viewer, one), one.verdict)
            limit = nearest(list(read.limits))
            if limit is not None:
                left, state = time_left(viewer, limit, datetime.now(UTC))
                with tag("div", f"nearest {state}"):
                    tag("div", "claim nowrap", left)
                    tag("div", "caption", said(viewer, limit, "what"))
        with tag("div", "row wide"):
            level_tag(viewer, one.level)
            verdict_tag(viewer, one.verdict)
            evidence_mark(viewer, one.evidence)
            tag(
                "span",
                "quiet",
                f"{stamp(one.first)} – {stamp(one.last)[11:]} {viewer.t('zone')}",
                title=f"{utc(one.first)} – {utc(one.last)}",
            )
            tag("span", "quiet", viewer.t("alert.state", state=viewer.t(f"state.{one.state}")))
            tag("span", "quiet", viewer.t("alert.assignee", who=one.assignee or viewer.t("alert.nobody")))
            if one.partial:
                tag("span", "tag unseen", viewer.t("alert.partial"))
            coverage_chip(viewer, read.cover)
        acts(desk, viewer, one)


def _flow(viewer: Viewer, read: AlertRead) -> None:
    if read.flow is None:
        return
    with card(viewer.t("alert.flow")):
        flow_card(viewer, read.names, read.flow)
        with tag("div", "row wide").style("margin-top:10px"):
            link(viewer.t("alert.flow_page"), f"/flows/{read.flow['flow']}", data_test="flow-link")
            link(
                viewer.t("alert.open_flows"),
                f"/flows?line={read.alert.line}&destination={read.alert.destination}&from={read.alert.day}T00:00",
            )
            tag("span", "mono caption", read.flow["server_name"])


def _earlier(viewer: Viewer, read: AlertRead) -> None:
    with card(viewer.t("alert.earlier")):
        if not read.earlier:
            tag("p", "quiet", viewer.t("alert.no_earlier"))
        with tag("ul", "items"):
            for one in read.earlier:
                with tag("li", "row"):
                    level_tag(viewer, one.level)
                    link(one.number, f"/alerts/{one.number}", "mono")
                    tag("span", "quiet", read.names.claim(viewer, one))
