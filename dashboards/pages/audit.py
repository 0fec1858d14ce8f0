"""Audit trail: who saw and did what? Reading it is recorded too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Engine, func, select

from dashboards.access.audit import note
from dashboards.access.viewer import Viewer
from dashboards.shell.frame import heading
from dashboards.shell.markup import tag
from dashboards.shell.page import Asked
from dashboards.words.moments import stamp, utc
from dashboards.words.numbers import count
from pipeline.supervision.accounts import AuditEntry
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk

SHOWN = 300


def read_audit(engine: Engine) -> tuple[int, Sequence[AuditEntry]]:
    """How many lines in all, and the newest of them."""
    with reading(engine) as db:
        whole = db.scalar(select(func.count()).select_from(AuditEntry)) or 0
        return whole, db.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(SHOWN)).all()


async def audit(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    await desk.ask(note, desk.engine, viewer.account, "read_audit")
    whole, lines = await desk.ask(read_audit, desk.engine)
    heading(viewer.t("nav.audit"), viewer.t("audit.sentence", count=count(whole)))
    with tag("div", "card scroll"), tag("table", "table"):
        with tag("thead"), tag("tr"):
            for key in ("at", "account", "from", "action", "subject", "result"):
                tag("th", "", viewer.t(f"audit.{key}"))
        with tag("tbody"):
            for line in lines:
                with tag("tr"):
                    tag("td", "nowrap", stamp(line.at), title=utc(line.at))
                    for text in (line.account, line.from_address, line.action, line.subject, line.result):
                        tag("td", "", text)
