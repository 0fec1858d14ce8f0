"""Coverage: what was not seen, why, and what would make it seen?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dashboards.access.viewer import Viewer
from dashboards.pages.period_choice import period_choice, period_words
from dashboards.reading.cover import Balance, balance, cover, cover_by, cover_over_time
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import Period, period_of
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, tag
from dashboards.shell.page import Asked
from dashboards.summary import Cover
from dashboards.widgets.coverage_chip import PARTS, coverage_chip
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.time_histogram import TEXTURES, Stack, time_histogram
from dashboards.words.moments import NS, stamp
from dashboards.words.numbers import count, octets, percent
from pipeline.schema.codes import BESIDE_THE_WIRE

if TYPE_CHECKING:
    from dashboards.desk import Desk

ORDER = (
    "headers",
    "inspected",
    "encrypted",
    "undecodable",
    "truncated",
    "skipped_policy",
    "not_outbound",
    "duplicate",
    "shed",
    "kernel_lost",
    "missed",
    "given_up",
)
STEPS = 72


async def coverage(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    period = period_of(asked.query, desk.summary)
    whole, lines = await desk.ask(cover, desk, period), await desk.ask(cover_by, desk, period, "line")
    kept, names = await desk.ask(balance, desk, period), await desk.ask(load_names, desk.engine)
    parts = {part: octets(getattr(whole, part)) for part in PARTS}
    share = percent(whole.share) if whole.share is not None else "—"
    with heading(
        viewer.t("nav.coverage"),
        viewer.t(
            "coverage.sentence",
            period=period_words(period),
            total=octets(whole.total),
            share=share,
            encrypted=parts["encrypted"],
            other=parts["other"],
            lost=parts["lost"],
        ),
    ):
        period_choice(viewer, asked, period)
    with tag("div", "grid12"):
        with tag("div", "stack span7"):
            _balance(viewer, kept)
        with tag("div", "stack span5"):
            _lines(viewer, names, lines, whole)
    await _over_time(desk, viewer, period)


async def _over_time(desk: Desk, viewer: Viewer, period: Period) -> None:
    step_s = max(60, (period.to_ns - period.from_ns) // NS // STEPS)
    found = await desk.ask(cover_over_time, desk, period, step_s)
    first = period.from_ns // NS // step_s * step_s
    starts = range(first, period.to_ns // NS, step_s)
    stacks = [
        Stack(viewer.t(f"cover.{part}"), TEXTURES.get(part, "permit-fill"), [getattr(found.get(start, Cover()), part) for start in starts])
        for part in PARTS
    ]
    with card(viewer.t("coverage.over_time"), note=viewer.t("coverage.octets")), tag("div").style("height:200px"):
        time_histogram(viewer, [stamp(start * NS)[5:16] for start in starts], stacks, [], viewer.t("coverage.over_time"), octets=True)


def _balance(viewer: Viewer, kept: Balance) -> None:
    with card(viewer.t("coverage.balance"), note=viewer.t("coverage.balance_note")), tag("table", "table", data_test="balance"):
        with tag("thead"), tag("tr"):
            for key in ("reason", "octets", "share", "owner", "remedy"):
                tag("th", "num" if key in ("octets", "share") else "", viewer.t(f"coverage.{key}"))
        with tag("tbody"):
            _total(viewer, "wire", kept.wire, kept.wire)
            for reason in ORDER:
                if reason in kept.reasons:  # given up findings have no octets, and are shown
                    _reason(viewer, reason, kept.reasons[reason], kept.wire)
            _total(viewer, "unexplained", kept.unexplained, kept.wire)


def _reason(viewer: Viewer, reason: str, number: int, wire: int) -> None:
    with tag("tr"):
        tag("td", "", viewer.t(f"reason.{reason}"))
        tag("td", "num", octets(number), title=count(number))
        tag(
            "td",
            "num",
            "" if reason in BESIDE_THE_WIRE or not wire else percent(number / wire),
            title=viewer.t("coverage.outside") if reason in BESIDE_THE_WIRE else "",
        )
        tag("td", "caption nowrap", viewer.t(f"owner.{reason}"))
        tag("td", "caption", viewer.t(f"remedy.{reason}"))


def _total(viewer: Viewer, name: str, number: int, wire: int) -> None:
    with tag("tr", data_test=f"balance-{name}"):
        tag("td", "strong", viewer.t(f"coverage.{name}"))
        tag("td", "num strong", octets(number) if number >= 0 else f"−{octets(-number)}", title=count(number))
        tag("td", "num", percent(number / wire) if wire and number >= 0 else "")
        tag("td")
        tag("td")


def _lines(viewer: Viewer, names: Names, lines: Mapping[str, Cover], whole: Cover) -> None:
    with card(viewer.t("coverage.by_line")):
        if not lines:
            empty_note(viewer, viewer.t("overview.no_transfers"), whole)
            return
        with tag("table", "table"):
            with tag("thead"), tag("tr"):
                for key in ("line", "mode", "share", "octets"):
                    tag("th", "num" if key == "octets" else "", viewer.t(f"coverage.{key}"))
            with tag("tbody"):
                for name in sorted(set(lines) | set(names.lines)):
                    known = names.lines.get(name)
                    with tag("tr"):
                        tag("td", "nowrap", names.line(viewer, name))
                        tag("td", "caption", viewer.t(f"coverage.{known.inspection}") if known else viewer.t("names.no_line"))
                        with tag("td"):
                            coverage_chip(viewer, lines.get(name, Cover()))
                        tag("td", "num", octets(lines[name].total) if name in lines else "—")
