"""The overview's four figures, each with its coverage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dashboards.access.viewer import Viewer
from dashboards.reading.overview import OverviewRead
from dashboards.shell.markup import tag
from dashboards.summary import Cover
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.widgets.level_tag import level_tag
from dashboards.words.numbers import count, octets


def figures(viewer: Viewer, read: OverviewRead) -> None:
    """Open alerts, persons not permitted, holders over a threshold, octets out."""
    with tag("div", "card figures"):
        with _figure(viewer, "alerts", count(len(read.open_alerts)), viewer.t("figure.alerts_unit"), read.cover), tag("div", "row wide"):
            for level in (4, 3, 2):
                with tag("span", "row"):
                    level_tag(viewer, level)
                    tag("span", "strong", str(sum(alert.level == level for alert in read.open_alerts)))
        _persons(viewer, read)
        crossed = sum(year.crossed for year in read.years)
        with _figure(viewer, "holders", count(crossed), viewer.t("figure.of", whole=count(len(read.names.holders))), read.cover):
            tag("div", "caption", viewer.t("figure.this_year"))
        with _figure(viewer, "octets", octets(read.cover.total), viewer.t("figure.lines", lines=len(read.line_covers)), read.cover):
            parts = " · ".join(
                f"{viewer.t('cover.' + part)} {octets(getattr(read.cover, part))}" for part in ("encrypted", "other", "lost")
            )
            tag("div", "caption nowrap", parts)


def _persons(viewer: Viewer, read: OverviewRead) -> None:
    """Within one holder the larger alert bounds the persons from below; sums bound them from above, holders are told apart."""
    alerts = read.not_permitted
    holders = {alert.holder for alert in alerts}
    lower = sum(max(max(a.pi_lower, a.sensitive_lower) for a in alerts if a.holder == holder) for holder in holders)
    upper = sum(a.pi_upper + a.sensitive_upper for a in alerts)
    inferred = sum(alert.evidence == "inferred" for alert in read.open_alerts)
    with _figure(
        viewer, "persons", count(lower) if lower == upper else f"{count(lower)} – {count(upper)}", viewer.t("figure.bounds"), read.cover
    ):
        tag("div", "caption", viewer.t("figure.seen_only", inferred=inferred))


@contextmanager
def _figure(viewer: Viewer, name: str, value: str, unit: str, cover: Cover) -> Iterator[None]:
    with tag("div", "figure", data_test=f"figure-{name}"):
        with tag("div", "head"):
            tag("span", "", viewer.t(f"figure.{name}"))
            coverage_chip(viewer, cover)
        with tag("div", "value"):
            tag("span", "", value)
            tag("small", "", unit)
        yield
