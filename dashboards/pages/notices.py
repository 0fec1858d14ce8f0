"""Notices: what was said to whom, when, and did it arrive?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboards.access.viewer import Viewer
from dashboards.shell.frame import heading
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from dashboards.words.moments import stamp
from pipeline.notice.drafting import list_notices
from pipeline.notice.models import Notice
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk

STATES = ("draft", "signed", "sent", "failed")


def _read(desk: Desk) -> Sequence[Notice]:
    with reading(desk.engine) as db:
        return list_notices(db)


async def notices(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    found = await desk.ask(_read, desk)
    counts = {state: sum(notice.state == state for notice in found) for state in STATES}
    heading(viewer.t("nav.notices"), viewer.t("notices.sentence", all=len(found), **counts))
    with tag("div", "card scroll"):
        if not found:
            tag("p", "quiet", viewer.t("notices.none"))
            return
        with tag("table", "table"):
            with tag("thead"), tag("tr"):
                for key in ("number", "incident", "state", "drafted", "signed"):
                    tag("th", "", viewer.t(f"notices.{key}"))
            with tag("tbody"):
                for notice in found:
                    _row(viewer, notice)


def _row(viewer: Viewer, notice: Notice) -> None:
    with tag("tr"):
        with tag("td"):
            link(notice.number, f"/notices/{notice.number}", "mono")
        with tag("td"):
            link(notice.incident.number, f"/incidents/{notice.incident.number}", "mono")
        tag("td", "", viewer.t(f"noticestate.{notice.state}"))
        tag("td", "", f"{notice.drafted_by} {stamp(notice.drafted_at)}")
        tag("td", "", f"{notice.signed_by} {stamp(notice.signed_at)}" if notice.signed_by and notice.signed_at else "—")
