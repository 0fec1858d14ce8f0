"""One campaign: is the sample fair, and what does it say of the whole?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.reading.cover import add_up
from dashboards.reading.names import Names, load_names
from dashboards.shell.act import act
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, sentence, tag
from dashboards.shell.page import Asked
from dashboards.widgets.coverage_chip import coverage_chip
from dashboards.words.moments import stamp
from dashboards.words.numbers import count, percent
from pipeline.sampling.campaigns import VERDICTS, conclude, draw, find_campaign, judge, result
from pipeline.sampling.models import Campaign, Draw
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk


def read_campaign(desk: Desk, number: str) -> Campaign | None:
    """Call it inside `ask`."""
    with reading(desk.engine) as db:
        return find_campaign(db, number)


async def campaign(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    number = asked.path["number"]
    one, names = await desk.ask(read_campaign, desk, number), await desk.ask(load_names, desk.engine)
    if one is None:
        heading(viewer.t("nav.sampling"), viewer.t("shell.not_found", number=number))
        return
    with tag("div", "row"):
        link(viewer.t("nav.sampling"), "/sampling")
        tag("span", "quiet", "/")
        tag("span", "mono", number)
    with heading(number, _sentence(viewer, names, one)):
        if one.coverage:
            coverage_chip(viewer, add_up(one.coverage["octets"].items()))
    with tag("div", "grid12"):
        with tag("div", "stack span7"):
            _worklist(desk, viewer, one)
        with tag("div", "stack span5"):
            _result(desk, viewer, one)
            _strata(desk, viewer, one)


def _sentence(viewer: Viewer, names: Names, one: Campaign) -> str:
    everything = viewer.t("sampling.all")
    frame = viewer.t("campaign.frame", line=one.line or everything, holder=names.holder(viewer, one.holder) if one.holder else everything)
    return viewer.t(
        "campaign.sentence",
        name=one.name,
        since=stamp(one.since)[:16],
        until=stamp(one.until)[:16],
        frame=frame,
        state=viewer.t(f"campaignstate.{one.state}"),
    )


def _result(desk: Desk, viewer: Viewer, one: Campaign) -> None:
    with card(viewer.t("campaign.result")):
        if one.state == "open":
            tag("p", "quiet", viewer.t("campaign.no_result"))
            return
        told = one.result or result(one)
        whole = told["whole"]
        if whole["rate"] is None:
            tag("p", "quiet", viewer.t("campaign.no_result"))
        else:
            ends = {
                "rate": percent(whole["rate"]),
                "low": percent(whole["lower"]),
                "high": percent(whole["upper"]),
                "confidence": percent(whole["confidence"]),
            }
            sentence(viewer.t("campaign.rate", **ends)).props["data-test"] = "rate"
        tag("p", "", viewer.t("campaign.progress", judged=told["judged"], drawn=told["drawn"]), data_test="progress")
        share = told["inspected_share"]
        if share is not None:
            tag("p", "warning", viewer.t("campaign.says_nothing", share=percent(share), rest=percent(1 - share)))
        if one.state == "drawn" and viewer.may_act:

            async def close() -> None:
                if await act(desk, viewer, "close_campaign", one.number, lambda: conclude(desk.engine, one.number, datetime.now(UTC))):
                    ui.navigate.reload()

            tag("button", "button", viewer.t("campaign.close"), type="button", data_test="close").on("click", close)


def _strata(desk: Desk, viewer: Viewer, one: Campaign) -> None:
    with card(viewer.t("campaign.strata")):
        if one.state == "open":
            tag("p", "quiet", viewer.t("campaign.draw_note"))
            tag("p", "", " · ".join(f"{viewer.t('campaign.' + name)} {size}" for name, size in one.sizes.items()))
            if viewer.may_act:

                async def go() -> None:
                    if await act(
                        desk, viewer, "draw_campaign", one.number, lambda: draw(desk.engine, desk.store, one.number, datetime.now(UTC))
                    ):
                        ui.navigate.reload()

                tag("button", "button primary", viewer.t("campaign.draw"), type="button", data_test="draw").on("click", go)
            return
        with tag("table", "table"):
            with tag("thead"), tag("tr"):
                for key in ("stratum", "size", "drawn", "probability"):
                    tag("th", "" if key == "stratum" else "num", viewer.t(f"campaign.{key}"))
            with tag("tbody"):
                for stratum in one.strata:
                    with tag("tr"):
                        tag("td", "", viewer.t(f"campaign.{stratum['name']}"))
                        tag("td", "num", count(stratum["size"]))
                        tag("td", "num", count(stratum["drawn"]))
                        tag("td", "num", f"{stratum['probability']:.4g}")
        with tag("dl", "pair").style("margin-top:10px"):
            for key in ("seed", "frame_digest", "draw_digest"):
                tag("dt", "", viewer.t(f"campaign.{key}"))
                tag("dd", "mono", getattr(one, key) or "")


def _worklist(desk: Desk, viewer: Viewer, one: Campaign) -> None:
    with card(viewer.t("campaign.worklist")):
        if not one.draws:
            tag("p", "quiet", viewer.t("campaign.draw_note"))
            return
        with tag("table", "table", data_test="worklist"):
            with tag("thead"), tag("tr"):
                tag("th", "num", "#")
                for key in ("flow", "stratum", "verdict"):
                    tag("th", "", viewer.t(f"campaign.{key}"))
            with tag("tbody"):
                for drawn in one.draws:
                    _drawn(desk, viewer, one, drawn)


def _drawn(desk: Desk, viewer: Viewer, one: Campaign, drawn: Draw) -> None:
    with tag("tr"):
        tag("td", "num", str(drawn.rank))
        with tag("td"):
            link(drawn.flow_id, f"/flows/{drawn.flow_id}", "mono")
        tag("td", "", viewer.t(f"campaign.{drawn.stratum}"))
        with tag("td"):
            if one.state != "drawn" or not viewer.may_act:
                tag("span", "", viewer.t(f"campaign.{drawn.verdict or 'undecided'}"))
                return
            with tag("div", "segments"):
                buttons = {
                    verdict: tag("button", "button", viewer.t(f"campaign.{verdict}"), type="button", data_test=f"judge-{verdict}")
                    for verdict in VERDICTS
                }
            if drawn.verdict:
                buttons[drawn.verdict].classes(add="on")
            for verdict, button in buttons.items():
                button.on("click", lambda verdict=verdict: _judge(desk, viewer, one, drawn, verdict, buttons))


async def _judge(desk: Desk, viewer: Viewer, one: Campaign, drawn: Draw, verdict: str, buttons: Mapping[str, ui.element]) -> None:
    """The mark moves in place: a worklist must not jump under the hand."""
    done = await act(
        desk,
        viewer,
        "judge_flow",
        f"{one.number} {drawn.flow_id}",
        lambda: judge(desk.engine, one.number, drawn.flow_id, verdict, "", viewer.account, datetime.now(UTC)),
    )
    if done is not None:
        for name, button in buttons.items():
            button.classes(add="on") if name == verdict else button.classes(remove="on")
