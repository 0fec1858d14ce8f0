"""One holder's year: two tracks, the judgement step by step, and the parts, which do not add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.access.viewer import Viewer
from dashboards.pages.ledger import track_cell, year_of
from dashboards.reading.cover import cover
from dashboards.reading.names import Names, load_names
from dashboards.reading.persons import PARTS, HolderYear, Part, count_persons, holder_years
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.summary import Cover
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.person_range import bounds
from dashboards.widgets.threshold_track import track_scale
from pipeline.incident.claim import signature_name

if TYPE_CHECKING:
    from dashboards.desk import Desk


async def ledger_holder(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    usci = asked.path["holder"]
    year, period = year_of(desk, asked)
    names, years = await desk.ask(load_names, desk.engine), await desk.ask(holder_years, desk, year)
    covered = await desk.ask(cover, desk, period, "", usci)
    with tag("div", "row"):
        link(viewer.t("nav.ledger"), "/ledger")
        tag("span", "quiet", "/")
        tag("span", "mono", usci)
    one = next((found for found in years if found.holder == usci), None)
    if one is None:
        heading(names.holder(viewer, usci), viewer.t("ledger.nobody"))
        with tag("div", "card"):
            empty_note(viewer, viewer.t("ledger.nobody"), covered)
        return
    _head(viewer, names, one, covered, year)
    parts = {column: await desk.ask(count_persons, desk, year, column, usci) for column in PARTS}
    with tag("div", "grid12"):
        with tag("div", "stack span8"):
            _tracks(viewer, one)
            tag("p", "warning", viewer.t("ledger.no_sum"))
            for column in PARTS:
                _parts(viewer, names, column, parts[column])
        with tag("div", "stack span4"):
            _reasons(viewer, one)


def _head(viewer: Viewer, names: Names, one: HolderYear, covered: Cover, year: int) -> None:
    duty = one.obligation
    with heading(
        names.holder(viewer, one.holder),
        viewer.t(
            "ledger.holder_sentence",
            holder=names.holder(viewer, one.holder),
            year=year,
            sensitive=bounds(viewer, *one.sensitive),
            pi=bounds(viewer, *one.pi),
            duty=viewer.t(f"duty.{duty.duty}"),
            article=duty.article_zh if viewer.language == "zh" else duty.article_en,
        ),
    ):
        coverage_chip(viewer, covered)


def _tracks(viewer: Viewer, one: HolderYear) -> None:
    with card(viewer.t("ledger.thresholds"), note=viewer.t("ledger.counts_from")):
        track_scale(viewer)
        for kind, persons in (("sensitive", one.sensitive), ("pi", one.pi)):
            tag("div", "quiet", viewer.t(f"kind.{kind}"))
            track_cell(viewer, kind, persons)


def _parts(viewer: Viewer, names: Names, column: str, parts: list[Part]) -> None:
    with card(viewer.t(f"ledger.by_{column}")), tag("table", "table"):
        with tag("thead"), tag("tr"):
            tag("th", "", viewer.t("ledger.part"))
            for kind in ("sensitive", "pi"):
                tag("th", "num", viewer.t(f"kind.{kind}"))
        with tag("tbody"):
            for part in parts:
                word = {"destination": names.place(viewer, part.name), "signature": signature_name(part.name, viewer.language)}.get(
                    column, part.name
                )
                with tag("tr"):
                    tag("td", "", word)
                    for persons in (part.sensitive, part.pi):
                        tag("td", "num", bounds(viewer, *persons) if persons.upper else "—")


def _reasons(viewer: Viewer, one: HolderYear) -> None:
    with card(viewer.t("ledger.reasons"), note=one.obligation.rule_pack), tag("ul", "items"):
        for reason in one.obligation.reasons:
            with tag("li"):
                with tag("div", "row between"):
                    tag("span", "strong", reason.article_zh if viewer.language == "zh" else reason.article_en)
                    tag("span", "caption", viewer.t(f"ledger.{reason.status}"))
                tag("p", "caption", reason.zh if viewer.language == "zh" else reason.en)
