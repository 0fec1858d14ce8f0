"""Which period a page shows: links, so that the URL is the state."""

from __future__ import annotations

from urllib.parse import urlencode

from dashboards.access.viewer import Viewer
from dashboards.reading.period import Period
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from dashboards.words.moments import NS, stamp

NAMES = ("day", "week", "month", "year")


def period_choice(viewer: Viewer, asked: Asked, period: Period) -> None:
    """Day, week, month, year up to the last day with data; the moments meant on hover."""
    meant = f"{stamp(period.from_ns)} – {stamp(period.to_ns - NS)} {viewer.t('zone')}"
    kept = {key: value for key, value in asked.query.items() if key not in ("period", "from", "to")}
    with tag("div", "segments", title=meant, role="group", aria_label=viewer.t("period.choose")):
        for name in NAMES:
            link(
                viewer.t(f"period.{name}"),
                f"{asked.url}?{urlencode({**kept, 'period': name})}",
                "button on" if name == period.name else "button",
            )


def period_words(period: Period) -> str:
    """The period in prose: its first day, and its last where it has more than one."""
    first, last = stamp(period.from_ns), stamp(period.to_ns - NS)
    if first[:10] == last[:10] and first.endswith("00:00:00") and last.endswith("23:59:59"):
        return first[:10]
    return f"{first[:16]} – {last[:16]}"
