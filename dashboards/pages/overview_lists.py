"""The overview's right side: what needs a decision, and how near each holder is to a threshold."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboards.access.viewer import Viewer
from dashboards.reading.overview import OverviewRead
from dashboards.shell.markup import card, link, tag
from dashboards.widgets.clock import said, time_left
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.evidence_mark import evidence_mark
from dashboards.widgets.level_tag import level_tag
from dashboards.widgets.person_range import count_range
from dashboards.widgets.threshold_track import threshold_track, track_scale
from dashboards.words.moments import stamp

SHOWN = 6


def decisions(viewer: Viewer, read: OverviewRead) -> None:
    """Open alerts by level, then time."""
    waiting = sorted(read.open_alerts, key=lambda alert: (-alert.level, alert.state == "incident", -alert.last.timestamp()))
    now = datetime.now(UTC)
    with card(viewer.t("overview.decide"), "half"):
        if not waiting:
            empty_note(viewer, viewer.t("overview.no_alerts"), read.cover)
            return
        with tag("ul", "items", data_test="decisions"):
            for alert in waiting[:SHOWN]:
                limit = read.limits.get(alert.incident_id or 0)
                with tag("li"), link("", f"/alerts/{alert.number}", "whole"):
                    words = read.names.claim(viewer, alert)
                    tag("div", "strong two-lines", words, title=words)
                    with tag("div", "row wide line"):
                        level_tag(viewer, alert.level)
                        evidence_mark(viewer, alert.evidence)
                        tag("span", "caption", stamp(alert.last)[5:16])
                        if limit is not None:
                            left, state = time_left(viewer, limit, now)
                            tag("span", f"caption strong left {state}", left, title=said(viewer, limit, "what"))
        link(viewer.t("overview.all_alerts", count=len(waiting)), "/alerts")


def tracks(viewer: Viewer, read: OverviewRead) -> None:
    """Distinct persons this year beside the thresholds of Order 16, the nearest holders first."""
    nearest = sorted(read.years, key=lambda year: (-year.sensitive.upper, -year.pi.upper))[:3]
    with card(viewer.t("overview.tracks"), "half"):
        if not nearest:
            empty_note(viewer, viewer.t("ledger.nobody"), read.cover)
            return
        track_scale(viewer)
        with tag("ul", "items"):
            for year in nearest:
                kind = "sensitive" if year.sensitive.upper else "pi"
                persons = year.sensitive if kind == "sensitive" else year.pi
                with tag("li"):
                    with tag("div", "row line between"):
                        link(read.names.holder(viewer, year.holder), f"/ledger/{year.holder}", "strong")
                        tag("span", "caption", f"{viewer.t('kind.' + kind)} {count_range(persons.lower, persons.upper)}")
                    threshold_track(viewer, kind, persons.lower, persons.upper)
                    article = year.obligation.article_zh if viewer.language == "zh" else year.obligation.article_en
                    tag("div", "caption", f"{viewer.t('duty.' + year.obligation.duty)} · {article}")
