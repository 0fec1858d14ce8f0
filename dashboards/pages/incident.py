"""Incident: what do we know, what did we do, what is still owed?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from dashboards.access.viewer import Viewer
from dashboards.pages.alert_rail import limits
from dashboards.pages.incident_acts import draft_button, moves
from dashboards.reading.cover import cover
from dashboards.reading.limits import limits_of
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import DAY_NS, Period
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.summary import Cover
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.widgets.level_tag import level_tag
from dashboards.widgets.person_range import person_range
from dashboards.widgets.verdict_tag import verdict_tag
from dashboards.words.moments import moment_ns, stamp, utc
from pipeline.incident.cases import find_incident
from pipeline.incident.clocks import Clock
from pipeline.incident.models import Incident, IncidentEvent
from pipeline.notice.drafting import list_notices
from pipeline.notice.models import Notice
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk


class IncidentRead(NamedTuple):
    """Everything the page shows."""

    incident: Incident
    names: Names
    notices: Sequence[Notice]
    cover: Cover
    limits: Sequence[Clock]


def incident_cover(desk: Desk, incident: Incident) -> Cover:
    """Coverage of the holder's payload sent out over the incident's days."""
    first, last = moment_ns(incident.first), moment_ns(incident.last)
    return cover(desk, Period(first // DAY_NS * DAY_NS, (last // DAY_NS + 1) * DAY_NS, "own"), holder=incident.holder)


def read_incident(desk: Desk, number: str) -> IncidentRead | None:
    """Call it inside `ask`."""
    with reading(desk.engine) as db:
        found = find_incident(db, number)
        notices = list_notices(db, incident=number)
    if found is None:
        return None
    return IncidentRead(
        found, load_names(desk.engine), notices, incident_cover(desk, found), limits_of(desk.engine, number, datetime.now(UTC))
    )


async def incident(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    number = asked.path["number"]
    read = await desk.ask(read_incident, desk, number)
    if read is None:
        heading(viewer.t("nav.incidents"), viewer.t("shell.not_found", number=number))
        return
    with tag("div", "row"):
        link(viewer.t("nav.incidents"), "/incidents")
        tag("span", "quiet", "/")
        tag("span", "mono", number)
    _head(viewer, read)
    with tag("div", "grid12"):
        with tag("div", "stack span8"):
            _notices(desk, viewer, read)
            _alerts(viewer, read)
            _course(viewer, read.incident)
        with tag("div", "stack span4"):
            limits(viewer, read.limits)
            moves(desk, viewer, read.incident)


def _head(viewer: Viewer, read: IncidentRead) -> None:
    one = read.incident
    words = viewer.t(
        "incident.claim",
        holder=read.names.holder(viewer, one.holder),
        place=read.names.place(viewer, one.destination),
        alerts=len(one.alerts),
        persons=person_range(viewer, one),
        verdict=viewer.t(f"verdict.{one.verdict}"),
    )
    with card():
        with tag("h1", f"claim {one.verdict}", id="title", tabindex="-1", data_test="claim").style("white-space:normal"):
            for place, part in enumerate(words.split("**")):
                tag("em" if place % 2 else "span", "", part)
        with tag("div", "row wide"):
            level_tag(viewer, one.level)
            verdict_tag(viewer, one.verdict)
            tag("span", "quiet", viewer.t("alert.state", state=viewer.t(f"state.{one.state}"))).props["data-test"] = "state"
            tag("span", "quiet", viewer.t("alert.assignee", who=one.assignee or viewer.t("alert.nobody")))
            tag("span", "quiet", one.article if viewer.language == "zh" else one.article_en)
            coverage_chip(viewer, read.cover)
        facts = viewer.t("incident.facts", first=stamp(one.first), last=stamp(one.last), learned=stamp(one.learned_at))
        tag("p", "caption", f"{facts} {viewer.t('zone')}", title=f"{utc(one.first)} – {utc(one.last)}")


def _notices(desk: Desk, viewer: Viewer, read: IncidentRead) -> None:
    with card(viewer.t("incident.notices")):
        if not read.notices:
            tag("p", "quiet", viewer.t("incident.no_notices"))
        with tag("ul", "items"):
            for notice in read.notices:
                with tag("li", "row wide"):
                    link(notice.number, f"/notices/{notice.number}", "mono")
                    tag("span", "", viewer.t(f"noticestate.{notice.state}"))
                    tag("span", "caption", f"{viewer.t('notices.drafted')} {notice.drafted_by} {stamp(notice.drafted_at)}")
        draft_button(desk, viewer, read.incident, read.cover.share)


def _alerts(viewer: Viewer, read: IncidentRead) -> None:
    with card(viewer.t("incident.alerts")), tag("ul", "items"):
        for alert in read.incident.alerts:
            with tag("li"):
                with tag("div", "row wide"):
                    level_tag(viewer, alert.level)
                    verdict_tag(viewer, alert.verdict)
                    link(alert.number, f"/alerts/{alert.number}", "mono")
                    tag("span", "caption", stamp(alert.last))
                    tag("span", "caption", viewer.t(f"state.{alert.state}"))
                tag("p", "", read.names.claim(viewer, alert))


def _course(viewer: Viewer, one: Incident) -> None:
    with card(viewer.t("incident.course")), tag("table", "table"):
        with tag("thead"), tag("tr"):
            for key in ("when", "actor", "what"):
                tag("th", "", viewer.t(f"incident.{key}"))
        with tag("tbody"):
            for event in reversed(one.events):
                with tag("tr"):
                    tag("td", "nowrap", stamp(event.at), title=utc(event.at))
                    tag("td", "nowrap", viewer.t("incident.system") if event.actor == "system" else event.actor)
                    tag("td", "", _event(viewer, event))


def _event(viewer: Viewer, event: IncidentEvent) -> str:
    before, after = event.before, event.after
    if event.kind == "moved":
        before, after = viewer.t(f"state.{before}"), viewer.t(f"state.{after}")
    if event.kind == "level":
        before, after = viewer.t(f"level.{before}"), viewer.t(f"level.{after}")
    return viewer.t(f"event.{event.kind}", before=before, after=after or viewer.t("alert.nobody"), reason=event.reason)
