"""Overview: is anything crossing that should not, and what am I not seeing?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.pages.overview_figures import figures
from dashboards.pages.overview_lists import decisions, tracks
from dashboards.pages.period_choice import period_choice, period_words
from dashboards.reading.overview import OverviewRead, label, read_overview
from dashboards.reading.period import period_of
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.theme.tokens import VERDICTS
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.time_histogram import Stack, time_histogram
from dashboards.widgets.transfer_sankey import transfer_sankey
from dashboards.widgets.verdict_tag import verdict_legend
from dashboards.words.moments import beijing
from dashboards.words.numbers import percent

if TYPE_CHECKING:
    from dashboards.desk import Desk

LEVELS = (4, 3, 2, 1)


async def overview(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page; it is drawn anew when data came, at most every two seconds."""
    holder = tag("div", "stack")
    drawn = -1

    async def draw() -> None:
        nonlocal drawn
        version = desk.summary.version
        if version == drawn:
            return
        drawn = version
        period = period_of(asked.query, desk.summary)
        read = await desk.ask(read_overview, desk, period, beijing(period.to_ns - 1).year)
        holder.clear()
        with holder:
            _draw(viewer, asked, read)

    await draw()
    ui.timer(2.0, draw)


def _draw(viewer: Viewer, asked: Asked, read: OverviewRead) -> None:
    with heading(viewer.t("nav.overview"), _sentence(viewer, read)):
        period_choice(viewer, asked, read.period)
    figures(viewer, read)
    with tag("div", "grid12 fit"):
        with tag("div", "stack span8"):
            _sankey(viewer, asked, read)
            _timeline(viewer, read)
        with tag("div", "stack span4"):
            decisions(viewer, read)
            tracks(viewer, read)


def _sentence(viewer: Viewer, read: OverviewRead) -> str:
    critical = sum(alert.level == 4 for alert in read.open_alerts)
    crossed = sum(year.crossed for year in read.years)
    share = read.cover.share
    seen = viewer.t("overview.nothing_sent") if share is None else viewer.t("overview.unseen", share=percent(1 - share))
    return viewer.t(
        "overview.sentence", critical=critical, open=len(read.open_alerts), crossed=crossed, seen=seen, period=period_words(read.period)
    )


def _sankey(viewer: Viewer, asked: Asked, read: OverviewRead) -> None:
    metric = "flows" if asked.query.get("metric") == "flows" else "octets"
    with card(classes="half"):
        with tag("div", "card-head"):
            tag("h2", "nowrap", viewer.t("overview.sankey"))
            tag("span", "caption grow", viewer.t(f"overview.sankey_by_{metric}"))
            with tag("div", "segments"):
                for name in ("octets", "flows"):
                    link(
                        viewer.t(f"metric.{name}"),
                        f"/?metric={name}&period={read.period.name}",
                        "button on" if name == metric else "button",
                    )
        verdict_legend({verdict: viewer.t(f"verdict.{verdict}") for verdict in VERDICTS})
        if not read.transfers:
            empty_note(viewer, viewer.t("overview.no_transfers"), read.cover)
            return
        with tag("div", "chart"):
            transfer_sankey(viewer, read.names, read.transfers, lambda t: getattr(t, metric), read.line_covers)


def _timeline(viewer: Viewer, read: OverviewRead) -> None:
    with card(viewer.t("overview.timeline"), "half", viewer.t("overview.timeline_note", zone=viewer.t("zone"))):
        with tag("div", "legend"):
            for level in LEVELS:
                _swatch(viewer.t(f"level.{level}"), f"background:var(--level-{level}-fill)")
            for part in ("inspected", "encrypted", "other", "lost"):
                _swatch(viewer.t(f"cover.{part}"), "", part)
        stacks = [Stack(viewer.t(f"level.{level}"), f"level-{level}-fill", [step[level - 1] for step in read.levels]) for level in LEVELS]
        with tag("div", "chart"):
            description = viewer.t("overview.timeline_aria", alerts=sum(map(sum, read.levels)))
            time_histogram(viewer, [label(start, read.period) for start in read.starts], stacks, read.step_covers, description)


def _swatch(word: str, style: str, kind: str = "") -> None:
    with tag("span"):
        tag("i", f"swatch {kind}").style(style)
        tag("span", "", word)
