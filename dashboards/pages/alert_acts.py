"""What can be done with an alert: open its incident, take it on, call it a false finding."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.shell.act import act
from dashboards.shell.markup import link, tag
from pipeline.incident.cases import assign_alert, mark_false, open_incident
from pipeline.incident.models import Alert

if TYPE_CHECKING:
    from dashboards.desk import Desk


def acts(desk: Desk, viewer: Viewer, alert: Alert) -> None:
    """One filled button: the next step."""
    if not viewer.may_act:
        if alert.incident:
            link(viewer.t("alert.to_incident", number=alert.incident.number), f"/incidents/{alert.incident.number}", "button")
        return

    async def open_one() -> None:
        made = await act(
            desk, viewer, "open_incident", alert.number, lambda: open_incident(desk.engine, alert.number, viewer.account, datetime.now(UTC))
        )
        if made is not None:
            ui.navigate.to(f"/incidents/{made.number}")

    async def take() -> None:
        if await act(desk, viewer, "assign", alert.number, lambda: assign_alert(desk.engine, alert.number, viewer.account)):
            ui.navigate.reload()

    with tag("div", "row").style("margin-top:10px"):
        if alert.incident:
            link(
                viewer.t("alert.to_incident", number=alert.incident.number),
                f"/incidents/{alert.incident.number}",
                "button primary",
                data_test="to-incident",
                data_key="i",
            )
        elif alert.state != "false":
            tag("button", "button primary", viewer.t("alert.open_incident"), type="button", data_test="open-incident", data_key="i").on(
                "click", open_one
            )
        tag("button", "button", viewer.t("alert.assign_me"), type="button", data_test="assign", data_key="a").on("click", take)
        if alert.state != "false":
            _false(desk, viewer, alert)


def _false(desk: Desk, viewer: Viewer, alert: Alert) -> None:
    reason = ui.input(placeholder=viewer.t("alert.false_reason")).props("outlined dense").style("width:260px")
    reason.props["aria-label"] = viewer.t("alert.false_reason")

    async def refuse() -> None:
        text = str(reason.value or "")
        if await act(
            desk,
            viewer,
            "false_finding",
            alert.number,
            lambda: mark_false(desk.engine, alert.number, text, viewer.account, datetime.now(UTC)),
        ):
            ui.navigate.reload()

    tag("button", "button", viewer.t("alert.false"), type="button", data_test="false").on("click", refuse)
