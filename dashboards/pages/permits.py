"""Permissions: what may each holder send, to whom, until when?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names, load_names
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.words.moments import beijing
from dashboards.words.numbers import count
from pipeline.incident.claim import category_name
from pipeline.registry.models import LineRecord, Permission
from pipeline.supervision.number import beijing_day

if TYPE_CHECKING:
    from dashboards.desk import Desk


async def permits(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    names = await desk.ask(load_names, desk.engine)
    today = beijing_day(beijing(time.time_ns()))
    current = sorted((p for p in names.permissions.values() if p.current), key=lambda p: p.number)
    expired = {p.id for p in current if p.valid_until is not None and p.valid_until < today}
    heading(
        viewer.t("nav.permits"),
        viewer.t(
            "permits.sentence",
            count=len(current) - len(expired),
            expired=len(expired),
            holders=len(names.holders),
            lines=sum(line.active for line in names.lines.values()),
        ),
    )
    with tag("div", "card scroll"):
        if not current:
            tag("p", "quiet", viewer.t("permits.none"))
        else:
            _permissions(viewer, names, current, expired)
    with card(viewer.t("permits.lines"), "scroll"), tag("table", "table"):
        with tag("thead"), tag("tr"):
            for word in ("alerts.line", "permits.holder", "alert.far", "alert.carrier", "alert.purposes", "coverage.mode", "permits.basis"):
                tag("th", "", viewer.t(word))
        with tag("tbody"):
            for line in names.lines.values():
                _line(viewer, names, line)


def _permissions(viewer: Viewer, names: Names, current: list[Permission], expired: set[int]) -> None:
    with tag("table", "table", data_test="permits"):
        with tag("thead"), tag("tr"):
            for key in ("number", "kind", "holder", "destinations", "categories", "persons", "valid"):
                tag("th", "", viewer.t(f"permits.{key}"))
        with tag("tbody"):
            for one in current:
                with tag("tr"):
                    tag("td", "mono nowrap", one.number)
                    tag("td", "", viewer.t(f"permitkind.{one.kind}"))
                    with tag("td"):
                        link(names.holder(viewer, one.holder.usci), f"/ledger/{one.holder.usci}")
                    tag("td", "", _listed(viewer, [names.place(viewer, code) for code in one.destinations]))
                    tag("td", "", _listed(viewer, [category_name(name, viewer.language) for name in one.categories]))
                    tag("td", "", _persons(viewer, one))
                    with tag("td", "nowrap"):
                        tag("span", "", f"{one.valid_from} – {one.valid_until or '…'}")
                        if one.id in expired:
                            tag("span", "tag beyond", viewer.t("permits.expired"))


def _listed(viewer: Viewer, words: list[str]) -> str:
    return viewer.t("list.comma").join(words) or viewer.t("alert.any")


def _persons(viewer: Viewer, one: Permission) -> str:
    parts = [
        f"{viewer.t('kind.' + kind)} {count(limit)}"
        for kind, limit in (("sensitive", one.persons_sensitive), ("pi", one.persons_pi))
        if limit is not None
    ]
    return " · ".join(parts) or "—"


def _line(viewer: Viewer, names: Names, line: LineRecord) -> None:
    basis = line.legal_basis
    with tag("tr"):
        tag("td", "nowrap", line.line)
        tag("td", "", names.holder(viewer, line.holder.usci))
        tag("td", "", names.full_place(viewer, line.far or ""))
        tag("td", "", line.carrier)
        tag("td", "", viewer.t("list.comma").join(line.purposes))
        tag("td", "", viewer.t(f"coverage.{line.inspection}"))
        tag("td", "", f"{basis['reference']} ({basis['from']} – {basis['until']})" if basis else viewer.t("alert.no_basis"))
