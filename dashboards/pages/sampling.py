"""Sampling: which inspections are there, and a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import Period, period_of
from dashboards.shell.act import act
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.words.moments import beijing, parse, stamp
from dashboards.words.numbers import percent
from pipeline.sampling.campaigns import create, list_campaigns
from pipeline.sampling.models import Campaign
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk

SIZES = {"flagged": 30, "unflagged": 60}


def _read(desk: Desk) -> Sequence[Campaign]:
    with reading(desk.engine) as db:
        return list_campaigns(db)


async def sampling(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    found, names = await desk.ask(_read, desk), await desk.ask(load_names, desk.engine)
    heading(viewer.t("nav.sampling"), viewer.t("sampling.sentence", count=len(found), open=sum(one.state != "closed" for one in found)))
    with tag("div", "card scroll"):
        if not found:
            tag("p", "quiet", viewer.t("sampling.none"))
        else:
            _table(viewer, names, found)
    if viewer.may_act:
        _create(desk, viewer, names, period_of({"period": "week"}, desk.summary))


def _table(viewer: Viewer, names: Names, found: Sequence[Campaign]) -> None:
    with tag("table", "table"):
        with tag("thead"), tag("tr"):
            for key in ("number", "name", "line", "holder", "from", "to", "state", "result"):
                tag("th", "", viewer.t(f"sampling.{key}"))
        with tag("tbody"):
            for one in found:
                with tag("tr"):
                    with tag("td", "nowrap"):
                        link(one.number, f"/sampling/{one.number}", "mono")
                    whole = (one.result or {}).get("whole", {})
                    rate = (
                        f"{percent(whole['rate'])} ({percent(whole['lower'])} – {percent(whole['upper'])})"
                        if whole.get("rate") is not None
                        else "—"
                    )
                    line, holder = (
                        one.line or viewer.t("sampling.all"),
                        names.holder(viewer, one.holder) if one.holder else viewer.t("sampling.all"),
                    )
                    for text in (
                        one.name,
                        line,
                        holder,
                        stamp(one.since)[:16],
                        stamp(one.until)[:16],
                        viewer.t(f"campaignstate.{one.state}"),
                        rate,
                    ):
                        tag("td", "", text)


def _create(desk: Desk, viewer: Viewer, names: Names, period: Period) -> None:
    with card(viewer.t("sampling.create")), tag("div", "row"):

        def field(key: str, value: str, width: int) -> ui.input:
            made = ui.input(label=viewer.t(f"sampling.{key}"), value=value).props("outlined dense stack-label").style(f"width:{width}px")
            made.props["data-test"] = f"campaign-{key}"
            return made

        everything = viewer.t("sampling.all")
        name, begin, end = (
            field("name", "", 200),
            field("from", stamp(period.from_ns)[:16], 170),
            field("to", stamp(period.to_ns)[:16], 170),
        )
        lines = {"": everything} | {line: line for line in names.lines}
        line = (
            ui.select(lines, value="", label=viewer.t("sampling.line"))
            .props("outlined dense options-dense stack-label")
            .style("width:150px")
        )
        holders = {"": everything} | {usci: names.holder(viewer, usci) for usci in names.holders}
        holder = (
            ui.select(holders, value="", label=viewer.t("sampling.holder"))
            .props("outlined dense options-dense stack-label")
            .style("width:220px")
        )
        sizes = {stratum: field(stratum, str(size), 150) for stratum, size in SIZES.items()}

        def make() -> Campaign:
            moments = [parse(str(text.value or "")) for text in (begin, end)]
            if moments[0] is None or moments[1] is None:
                raise ValueError(viewer.t("flows.bad_time", text=str((begin if moments[0] is None else end).value)))
            counts = {stratum: int(str(entry.value)) if str(entry.value).isdigit() else -1 for stratum, entry in sizes.items()}
            return create(
                desk.engine,
                name=str(name.value or ""),
                since=beijing(moments[0]),
                until=beijing(moments[1]),
                sizes=counts,
                actor=viewer.account,
                now=datetime.now(UTC),
                line=str(line.value) or None,
                holder=str(holder.value) or None,
            )

        async def go() -> None:
            campaign = await act(desk, viewer, "create_campaign", str(name.value or ""), make)
            if campaign is not None:
                ui.navigate.to(f"/sampling/{campaign.number}")

        tag("button", "button primary", viewer.t("sampling.made"), type="button", data_test="create").on("click", go)
