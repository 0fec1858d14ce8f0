"""What the registry knows, by the identifiers that records carry; names in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import joinedload

from dashboards.access.viewer import Viewer
from pipeline.incident.claim import claim, holder_name
from pipeline.incident.models import Alert
from pipeline.registry.models import Holder, LineRecord, Permission
from pipeline.schema.jurisdiction import label, name
from pipeline.supervision.engine import reading


class Names(NamedTuple):
    """Holders by USCI, lines by id, permissions by their row."""

    holders: Mapping[str, Holder]
    lines: Mapping[str, LineRecord]
    permissions: Mapping[int, Permission]

    def holder(self, viewer: Viewer, usci: str) -> str:
        """The holder's name, else its identifier, else that none is registered."""
        return holder_name(self.holders.get(usci), usci, viewer.language) if usci else viewer.t("names.no_holder")

    def line(self, viewer: Viewer, line: str) -> str:
        """The line's own id, or that none is registered."""
        return line or viewer.t("names.no_line")

    def place(self, viewer: Viewer, code: str) -> str:
        """A destination in short, as regulation wants it said."""
        return name(code, viewer.language) if code else viewer.t("names.no_place")

    def full_place(self, viewer: Viewer, code: str) -> str:
        """A destination with the label that says which kind of outside it is."""
        return label(code, viewer.language) if code else viewer.t("names.no_place")

    def permission(self, alert: Alert) -> Permission | None:
        """The permission that the alert was compared with."""
        return self.permissions.get(alert.permission_id or 0)

    def claim(self, viewer: Viewer, alert: Alert) -> str:
        """The alert as one sentence."""
        return claim(alert, self.holders.get(alert.holder), self.permission(alert), viewer.language)


def load_names(engine: Engine) -> Names:
    """All of it; some dozen rows."""
    with reading(engine) as db:
        holders = {holder.usci: holder for holder in db.scalars(select(Holder))}
        lines = {line.line: line for line in db.scalars(select(LineRecord).options(joinedload(LineRecord.holder)))}
        permissions = {permission.id: permission for permission in db.scalars(select(Permission).options(joinedload(Permission.holder)))}
    return Names(holders, lines, permissions)
