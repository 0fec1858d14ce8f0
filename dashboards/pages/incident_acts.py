"""What can be done with an incident: move it on with a reason, close it with its list, draft a notice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.shell.act import act
from dashboards.shell.markup import card, tag
from pipeline.incident.cases import CLOSE_OUT, MOVES, transition
from pipeline.incident.models import Incident
from pipeline.notice.drafting import draft

if TYPE_CHECKING:
    from dashboards.desk import Desk


def line_of_text(label: str, test: str = "") -> ui.textarea:
    """A labelled, growing field of a live page."""
    field = ui.textarea(label=label).props("outlined dense autogrow rows=1").style("width:100%")
    if test:
        field.props["data-test"] = test
    return field


def moves(desk: Desk, viewer: Viewer, incident: Incident) -> None:
    """The steps that the life cycle knows from here."""
    if not viewer.may_act:
        return
    with card(viewer.t("incident.move")):
        reason = line_of_text(viewer.t("incident.reason"), "reason")
        close_out: dict[str, ui.textarea] = {}
        if "closed" in MOVES[incident.state]:
            with tag("details"):
                tag("summary", "caption", viewer.t("incident.closing"))
                close_out = {key: line_of_text(viewer.t(f"incident.{key}")) for key in CLOSE_OUT}
        with tag("div", "row").style("margin-top:8px"):
            for step in MOVES[incident.state]:
                _move(desk, viewer, incident, step, reason, close_out)


def _move(desk: Desk, viewer: Viewer, incident: Incident, step: str, reason: ui.textarea, close_out: dict[str, ui.textarea]) -> None:
    word = "incident.reopen" if incident.state == "closed" else f"incident.to_{step}"

    async def go() -> None:
        told, why = {key: str(field.value or "") for key, field in close_out.items()}, str(reason.value or "")
        done = await act(
            desk,
            viewer,
            f"incident_{step}",
            incident.number,
            lambda: transition(desk.engine, incident.number, step, why, viewer.account, datetime.now(UTC), told),
        )
        if done is not None:
            ui.navigate.reload()

    tag("button", "button", viewer.t(word), type="button", data_test=f"to-{step}").on("click", go)


def draft_button(desk: Desk, viewer: Viewer, incident: Incident, share: float | None) -> None:
    """The page's one filled button."""
    if not viewer.may_act or incident.state == "closed":
        return

    async def write() -> None:
        made = await act(
            desk,
            viewer,
            "draft_notice",
            incident.number,
            lambda: draft(desk.engine, incident.number, viewer.account, datetime.now(UTC), share),
        )
        if made is not None:
            ui.navigate.to(f"/notices/{made.number}")

    tag("button", "button primary", viewer.t("incident.draft"), type="button", data_test="draft").on("click", write)
