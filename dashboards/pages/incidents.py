"""Incidents: which cases are open, and which limit falls first?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dashboards.access.viewer import Viewer
from dashboards.reading.limits import next_limits
from dashboards.reading.names import Names, load_names
from dashboards.shell.frame import heading
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from dashboards.widgets.clock import said, time_left
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.level_tag import level_tag
from dashboards.widgets.person_range import person_range
from dashboards.widgets.verdict_tag import verdict_tag
from dashboards.words.moments import span
from pipeline.incident.cases import list_incidents
from pipeline.incident.clocks import Clock
from pipeline.incident.models import Incident
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk

COLUMNS = ("level", "number", "claim", "verdict", "persons", "alerts", "state", "limit", "assignee", "age")


def _read(desk: Desk) -> Sequence[Incident]:
    with reading(desk.engine) as db:
        return sorted(list_incidents(db), key=lambda one: one.state == "closed")


async def incidents(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    now = datetime.now(UTC)
    found, names = await desk.ask(_read, desk), await desk.ask(load_names, desk.engine)
    limits = await desk.ask(next_limits, desk.engine, now)
    open_ones = [one for one in found if one.state != "closed"]
    nearest = min((limit for limit in limits.values() if limit.due), key=lambda limit: limit.due or now, default=None)
    words = f"{said(viewer, nearest, 'what')}, {time_left(viewer, nearest, now)[0]}" if nearest else viewer.t("incidents.no_limit")
    with heading(
        viewer.t("nav.incidents"),
        viewer.t("incidents.sentence", open=len(open_ones), new=sum(one.state == "new" for one in open_ones), limit=words),
    ):
        coverage_chip(viewer, desk.summary.cover)
    with tag("div", "card scroll"):
        if not found:
            empty_note(viewer, viewer.t("incidents.none"), desk.summary.cover)
            return
        _table(viewer, names, found, limits, now)


def _table(viewer: Viewer, names: Names, found: Sequence[Incident], limits: Mapping[int, Clock], now: datetime) -> None:
    with tag("table", "table", data_test="incidents"):
        with tag("thead"), tag("tr"):
            for column in COLUMNS:
                key = f"incidents.{column}" if column in ("number", "claim", "alerts", "age") else f"alerts.{column}"
                tag("th", "num" if column == "alerts" else "", viewer.t(key))
        with tag("tbody"):
            for one in found:
                _row(viewer, names, one, limits.get(one.id), now)


def _row(viewer: Viewer, names: Names, one: Incident, limit: Clock | None, now: datetime) -> None:
    with tag("tr"):
        with tag("td"):
            level_tag(viewer, one.level)
        with tag("td", "nowrap"):
            link(one.number, f"/incidents/{one.number}", "mono")
        tag("td", "", f"{names.holder(viewer, one.holder)} → {names.place(viewer, one.destination)}")
        with tag("td"):
            verdict_tag(viewer, one.verdict)
        tag("td", "", person_range(viewer, one))
        tag("td", "num", str(len(one.alerts)))
        tag("td", "nowrap", viewer.t(f"state.{one.state}"))
        tag("td", "", "—" if limit is None else f"{said(viewer, limit, 'what')}: {time_left(viewer, limit, now)[0]}")
        tag("td", "", one.assignee or viewer.t("alert.nobody"))
        tag("td", "nowrap", span((now - one.created_at).total_seconds(), viewer.language))
