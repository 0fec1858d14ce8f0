"""Subject ledger: how many distinct persons has each holder exported this year, and what does that oblige?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dashboards.access.viewer import Viewer
from dashboards.reading.cover import cover, cover_by
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import Period, period_of
from dashboards.reading.persons import HolderYear, holder_years
from dashboards.shell.frame import heading
from dashboards.shell.markup import link, tag
from dashboards.shell.page import Asked
from dashboards.summary import Cover
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.person_range import bounds
from dashboards.widgets.threshold_track import threshold_track, track_scale
from dashboards.words.moments import beijing, day_start_ns
from pipeline.ledger.obligations import Bounds

if TYPE_CHECKING:
    from dashboards.desk import Desk


def year_of(desk: Desk, asked: Asked) -> tuple[int, Period]:
    """`?year=`, else the year of the last data, with its stretch of time."""
    text = asked.query.get("year", "")
    last = period_of({}, desk.summary).to_ns - 1
    year = int(text) if text.isascii() and text.isdigit() and 2000 <= int(text) <= 2999 else beijing(last).year
    first_day = beijing(day_start_ns(beijing(0).date())).date().replace(year=year, month=1, day=1)
    return year, Period(day_start_ns(first_day), day_start_ns(first_day.replace(year=year + 1)), "year")


async def ledger(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    year, period = year_of(desk, asked)
    years, names = await desk.ask(holder_years, desk, year), await desk.ask(load_names, desk.engine)
    whole, covers = await desk.ask(cover, desk, period), await desk.ask(cover_by, desk, period, "holder")
    with heading(
        viewer.t("nav.ledger"),
        viewer.t(
            "ledger.sentence",
            year=year,
            seen=len(years),
            crossed=sum(one.crossed for one in years),
            may=sum(one.may_cross for one in years),
            share=coverage_words(viewer, whole),
        ),
    ):
        coverage_chip(viewer, whole)
    with tag("div", "card scroll"):
        if not years:
            empty_note(viewer, viewer.t("ledger.nobody"), whole)
            return
        _table(viewer, names, years, covers, year)
    tag("p", "caption", viewer.t("ledger.counts_from"))


def _table(viewer: Viewer, names: Names, years: Sequence[HolderYear], covers: Mapping[str, Cover], year: int) -> None:
    with tag("table", "table", data_test="ledger"):
        with tag("thead"), tag("tr"):
            tag("th", "", viewer.t("ledger.holder"))
            for kind in ("sensitive", "pi"):
                with tag("th").style("width:260px"):
                    tag("div", "", viewer.t(f"kind.{kind}"))
                    track_scale(viewer)
            for key in ("obligation", "permission", "coverage"):
                tag("th", "", viewer.t(f"ledger.{key}"))
        with tag("tbody"):
            for one in years:
                _row(viewer, names, one, covers.get(one.holder, Cover()), year)


def _row(viewer: Viewer, names: Names, one: HolderYear, covered: Cover, year: int) -> None:
    with tag("tr"):
        with tag("td"):
            link(names.holder(viewer, one.holder), f"/ledger/{one.holder}?year={year}", "strong")
            tag("div", "caption mono", one.holder)
        for kind, persons in (("sensitive", one.sensitive), ("pi", one.pi)):
            with tag("td"):
                track_cell(viewer, kind, persons)
        with tag("td"):
            duty_words(viewer, one)
        held = [p for p in names.permissions.values() if p.current and p.holder.usci == one.holder]
        tag(
            "td",
            "",
            viewer.t("list.comma").join(f"{viewer.t('permitkind.' + p.kind)} {p.number}" for p in held) or viewer.t("permitkind.none"),
        )
        with tag("td"):
            coverage_chip(viewer, covered)


def track_cell(viewer: Viewer, kind: str, persons: Bounds) -> None:
    """The bounds in figures above their track."""
    tag("div", "strong", bounds(viewer, persons.lower, persons.upper))
    threshold_track(viewer, kind, persons.lower, persons.upper)


def duty_words(viewer: Viewer, one: HolderYear) -> None:
    """The certain duty with its article; the possible one where the bounds leave room."""
    duty = one.obligation
    tag("div", "", f"{viewer.t('duty.' + duty.duty)} · {duty.article_zh if viewer.language == 'zh' else duty.article_en}")
    certain = duty.duty == duty.possible
    tag("div", "caption", viewer.t("ledger.certain") if certain else viewer.t("ledger.possible", duty=viewer.t(f"duty.{duty.possible}")))
