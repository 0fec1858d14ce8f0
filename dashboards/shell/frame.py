"""The frame: side bar, top bar, title and sentence; a page fills what is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from dashboards.access.viewer import Viewer
from dashboards.shell.choices import choices
from dashboards.shell.markup import icon, link, sentence, tag
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.words.moments import BEIJING, NS, beijing, clock, span, stamp, utc

if TYPE_CHECKING:
    from dashboards.desk import Desk

GROUPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "watch": (("overview", "/", "overview"), ("alerts", "/alerts", "bell"), ("coverage", "/coverage", "coverage")),
    "act": (("incidents", "/incidents", "incident"), ("sampling", "/sampling", "sampling"), ("notices", "/notices", "notice")),
    "look": (("flows", "/flows", "flows"), ("ledger", "/ledger", "persons"), ("permits", "/permits", "permit")),
    "system": (("sensors", "/sensors", "sensors"), ("audit", "/audit", "audit"), ("settings", "/settings", "settings")),
}
STALE_AFTER_S = 30


@contextmanager
def frame(desk: Desk, viewer: Viewer, active: str) -> Iterator[None]:
    """Everything around a page; what is drawn inside lands in `main`."""
    link(viewer.t("shell.skip"), "#title", "skip")
    if active == "flows":
        ui.add_body_html('<script>document.body.classList.add("slim")</script>')
    with tag("div", "shell"):
        _side(desk, viewer, active)
        with tag("div", "side"):
            _top(desk, viewer)
            with tag("main", "page"):
                yield


def heading(title: str, sentence_text: str) -> TextElement:
    """The page's title and its one plain sentence; what is drawn inside the result stands at the right."""
    lead = tag("div", "lead")
    with lead:
        tag("h1", "", title, id="title", tabindex="-1")
        sentence(sentence_text).props["data-test"] = "sentence"
    return lead


def _side(desk: Desk, viewer: Viewer, active: str) -> None:
    counts = {"alerts": desk.summary.open_alerts, "incidents": desk.summary.open_incidents}
    with tag("nav", "nav", aria_label=viewer.t("shell.nav")):
        with tag("div", "brand"):
            icon("gate")
            tag("span", "", viewer.t("brand"))
        for group, items in GROUPS.items():
            shown = [item for item in items if viewer.may_open(item[0])]
            if shown:
                tag("div", "nav-group", viewer.t(f"group.{group}"))
            for name, href, symbol in shown:
                with link("", href, title=viewer.t(f"nav.{name}")) as item:
                    icon(symbol)
                    tag("span", "grow", viewer.t(f"nav.{name}"))
                    if counts.get(name):
                        tag("span", "badge hot" if name == "alerts" and desk.summary.open_critical else "badge", str(counts[name]))
                if name == active:
                    item.props["aria-current"] = "page"
        tag("div", "nav-foot", f"{viewer.t('role.' + viewer.role)} · {viewer.account}\n{viewer.unit}").style("white-space:pre-line")


def _top(desk: Desk, viewer: Viewer) -> None:
    with tag("header", "top"):
        with tag("div", "fresh", aria_live="polite") as fresh:
            tag("i")
            words = tag("span", "", data_test="fresh")
        coverage_chip(viewer, desk.summary.cover, href="/coverage", boxed=True)
        choices(desk, viewer)

    def tell() -> None:
        text, stale = freshness(desk, viewer, time.time_ns())
        if desk.summary.trouble:
            text, stale = viewer.t("shell.trouble", what=desk.summary.trouble), True
        words.set_text(text)
        fresh.classes(add="stale") if stale else fresh.classes(remove="stale")
        fresh.props["title"] = utc(desk.summary.data_to_ns) if desk.summary.data_to_ns else ""

    tell()
    ui.timer(5.0, tell)


def freshness(desk: Desk, viewer: Viewer, now_ns: int) -> tuple[str, bool]:
    """How far the data reaches and when the last of it came; stale once nothing came for 30 s."""
    summary = desk.summary
    if not summary.data_to_ns:
        return viewer.t("shell.no_data"), True
    today = beijing(now_ns).date() == beijing(summary.data_to_ns).date()
    to = clock(summary.data_to_ns) if today else stamp(summary.data_to_ns)
    silent_s = (now_ns - summary.arrived_ns) / NS
    if silent_s <= STALE_AFTER_S:
        return viewer.t("shell.fresh", to=to, zone=viewer.t("zone"), ago=span(silent_s, viewer.language)), False
    since = beijing(summary.arrived_ns).astimezone(BEIJING)
    return viewer.t("shell.stale", to=to, zone=viewer.t("zone"), since=stamp(since)[11:]), True
