"""Beside an alert: its limits, what was seen against what is permitted, line and holder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names
from dashboards.shell.markup import card, icon, link, tag
from dashboards.widgets.clock import clock_row
from dashboards.widgets.person_range import bounds
from pipeline.incident.claim import category_name
from pipeline.incident.clocks import Clock
from pipeline.incident.models import Alert

WITHIN = {True: ("permit", "tick", "within"), False: ("none", "cross", "beyond"), None: ("pending", "question", "unsure")}


def limits(viewer: Viewer, clocks: Sequence[Clock]) -> None:
    """Limits that run and limits that do not, each with its reason; none without an incident."""
    now = datetime.now(UTC)
    with card(viewer.t("alert.limits")):
        if not clocks:
            tag("p", "quiet", viewer.t("alert.no_limits"))
        for clock in clocks:
            clock_row(viewer, clock, now)


def compared(viewer: Viewer, names: Names, alert: Alert) -> None:
    """Field by field; where no permission is on record, that."""
    permission = names.permission(alert)
    title = f"{viewer.t('permitkind.' + permission.kind)} {permission.number}" if permission else ""
    with card(viewer.t("alert.compare"), note=title):
        if permission is None or not alert.comparison:
            tag("p", "quiet", viewer.t("alert.no_permission"))
            return
        with tag("ul", "items", data_test="comparison"):
            for field in alert.comparison:
                _field(viewer, names, field)


def _field(viewer: Viewer, names: Names, field: dict[str, Any]) -> None:
    code, glyph, word = WITHIN[field["within"]]
    with tag("li"):
        with tag("div", "row between"):
            tag("span", "strong", viewer.t(f"field.{field['field']}"))
            with tag("span", f"tag {code}"):
                icon(glyph, "glyph")
                tag("span", "", viewer.t(f"alert.{word}"))
        with tag("dl", "pair"):
            for key, side in (("observed", "seen"), ("permitted", "permitted")):
                tag("dt", "caption", viewer.t(f"alert.{key}"))
                tag("dd", "", in_words(viewer, names, field["field"], field[side]) or viewer.t("alert.any"))


def in_words(viewer: Viewer, names: Names, field: str, value: Any) -> str:
    """A compared value in the reader's language."""
    if value is None or value == []:
        return ""
    if field == "destination":
        return viewer.t("list.comma").join(names.place(viewer, code) for code in ([value] if isinstance(value, str) else value))
    if field == "categories":
        return viewer.t("list.comma").join(category_name(one, viewer.language) for one in value)
    if field == "mechanism":
        return viewer.t(f"duty.{value}") if value in ("none", "contract", "assessment") else viewer.t(f"permitkind.{value}")
    if field.startswith("persons") and isinstance(value, list):
        return bounds(viewer, int(value[0]), int(value[1]))
    if field == "validity" and isinstance(value, list):
        return f"{value[0]} – {value[1] or '…'}"
    return (
        viewer.t("list.comma").join(map(str, value)) if isinstance(value, list) else f"{value:,}" if isinstance(value, int) else str(value)
    )


def line_and_holder(viewer: Viewer, names: Names, alert: Alert) -> None:
    """Declared use and legal basis, as registered."""
    line, holder = names.lines.get(alert.line), names.holders.get(alert.holder)
    with card(viewer.t("alert.line_holder")), tag("dl", "pair"):
        pairs = [(viewer.t("alerts.line"), alert.line)]
        if line is not None:
            basis = line.legal_basis
            pairs += [
                (viewer.t("alert.carrier"), line.carrier),
                (viewer.t("alert.far"), names.full_place(viewer, line.far or "")),
                (viewer.t("alert.purposes"), viewer.t("list.comma").join(line.purposes)),
                (
                    viewer.t("alert.basis"),
                    f"{basis['reference']} ({basis['from']} – {basis['until']})" if basis else viewer.t("alert.no_basis"),
                ),
            ]
        pairs += [(viewer.t("alert.servers"), " ".join(alert.servers[:5])), (viewer.t("alert.addresses"), " ".join(alert.addresses[:5]))]
        tag("dt", "", viewer.t("ledger.holder"))
        with tag("dd"):
            link(names.holder(viewer, alert.holder), f"/ledger/{alert.holder}")
            tag("span", "caption mono", f" {alert.holder}")
        for term, text in pairs:
            tag("dt", "", term)
            tag("dd", "", text)
        if holder is not None and holder.green_channel:
            tag("dd", "", viewer.t("alert.green"))
