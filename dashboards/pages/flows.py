"""Flow search: what crossed, when, between whom?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from dashboards.access.viewer import Viewer
from dashboards.pages.choice import choice, entry
from dashboards.reading.flow_search import FIELDS, Wrong, check_filter, count_flows, flows_over_time
from dashboards.reading.names import Names, load_names
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, sentence, tag
from dashboards.shell.page import Asked
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.data_grid import column, data_grid
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.time_histogram import Stack, time_histogram
from dashboards.words.moments import NS, stamp
from dashboards.words.numbers import count, octets

if TYPE_CHECKING:
    from dashboards.desk import Desk


async def flows(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    names = await desk.ask(load_names, desk.engine)
    heading(viewer.t("nav.flows"), viewer.t("flows.sentence"))
    query = {field: asked.query[field] for field in FIELDS if asked.query.get(field)}
    _form(viewer, names, query)
    wanted = await desk.ask(check_filter, desk, query)
    for wrong in wanted.wrong:
        _say_wrong(viewer, wrong)
    if wanted.wrong:
        return
    found = await desk.ask(count_flows, desk, wanted)
    with tag("div", "row wide"):
        line = viewer.t(
            "flows.found",
            count=count(found.flows),
            octets=octets(found.cover.total),
            share=coverage_words(viewer, found.cover),
            unseen=count(found.unseen),
        )
        sentence(line).props["data-test"] = "found"
        coverage_chip(viewer, found.cover)
        tag("span").style("flex:1")
        link(
            viewer.t("flows.export"),
            "/api/flows.csv?" + urlencode(query),
            "button",
            title=viewer.t("flows.cut", rows="100,000"),
            download="flows.csv",
        )
    if not found.flows:
        with tag("div", "card"):
            empty_note(viewer, viewer.t("overview.no_transfers"), found.cover)
        return
    starts, seen, unseen = await desk.ask(flows_over_time, desk, wanted, found)
    with card(viewer.t("flows.histogram")), tag("div").style("height:120px"):
        stacks = [Stack(viewer.t("flows.seen"), "permit-fill", seen), Stack(viewer.t("flows.unseen"), "diag", unseen)]
        time_histogram(viewer, [stamp(start * NS)[5:16] for start in starts], stacks, [], line.replace("**", ""))
    with tag("div", "tall"):
        address = "/api/flows?" + urlencode(query)
        data_grid(
            viewer,
            _columns(viewer),
            "flows-grid",
            rowModelType="infinite",
            cacheBlockSize=200,
            maxBlocksInCache=20,
            **{":datasource": f"gk.source({_quoted(address)})"},
        )


def _quoted(address: str) -> str:
    """A JavaScript string of a URL-encoded address: percent-encoding leaves no quote, backslash or line end in it."""
    if not address.isascii() or any(c in address for c in "'\"\\`<>\n\r"):
        raise ValueError("an address that is not URL-encoded")
    return f"'{address}'"


def _say_wrong(viewer: Viewer, wrong: Wrong) -> None:
    """What was typed with the wrong part marked, where that is, and what would be right."""
    begin = wrong.error.column - 1
    end = begin + wrong.error.length
    with tag("div", "warning", role="alert", data_test="wrong"):
        with tag("code").style("white-space:pre-wrap;overflow-wrap:anywhere"):
            tag("span", "", wrong.text[:begin])
            tag("mark", "", wrong.text[begin:end] or "␣")
            tag("span", "", wrong.text[end:])
        place = viewer.t("flows.wrong", column=str(wrong.error.column), message=wrong.error.say(viewer.language))
        tag("p", "", " ".join((place, wrong.error.hint(viewer.language))).strip())


def _form(viewer: Viewer, names: Names, query: dict[str, str]) -> None:
    with tag("form", "filters", action="/flows", method="get"):
        entry(viewer.t("flows.q"), "q", query.get("q", ""), 420, 'dst.port == 443 and tls.sni ~ "upload"', spellcheck="false")
        entry(viewer.t("flows.address"), "address", query.get("address", ""), 180, "10.21.0.0/16", data_filter="1")
        entry(viewer.t("flows.port"), "port", query.get("port", ""), 80, "443", inputmode="numeric")
        entry(viewer.t("flows.server"), "server", query.get("server", ""), 180, "example.net")
        choice(viewer.t("flows.line"), "line", {line: line for line in names.lines}, query.get("line", ""), viewer.t("flows.all_lines"))
        places = {line.far: names.place(viewer, line.far) for line in names.lines.values() if line.far}
        chosen = query.get("destination", "")
        if chosen:
            places.setdefault(chosen, names.place(viewer, chosen))
        choice(viewer.t("flows.destination"), "destination", places, chosen, viewer.t("flows.all_places"))
        entry(viewer.t("flows.from"), "from", query.get("from", ""), 150, "2026-11-23 15:31")
        entry(viewer.t("flows.to"), "to", query.get("to", ""), 150, "2026-11-24")
        tag("button", "button primary", viewer.t("flows.search"), type="submit", data_test="search").style("height:30px")
        link(viewer.t("flows.clear"), "/flows", "button")


def _columns(viewer: Viewer) -> list[dict[str, object]]:
    return [
        column(viewer, "flows.time", "time", 184, "link", sortable=False),
        column(viewer, "flows.line", "line", 96, sortable=False),
        column(viewer, "flows.source", "source", 166, "mono", sortable=False),
        column(viewer, "flows.answer", "answer", 156, "mono", sortable=False),
        column(viewer, "flows.destination", "destination", 124, sortable=False),
        column(viewer, "flows.octets", "octets", 92, type="rightAligned", sortable=False),
        column(viewer, "flows.coverage", "coverage", 118, "cover", sortable=False),
        column(viewer, "flows.findings", "findings", 70, type="rightAligned", sortable=False),
        column(viewer, "flows.protocol", "protocol", 76, sortable=False),
        column(viewer, "flows.server_name", "server_name", 200, flex=1, minWidth=150, sortable=False),
        column(viewer, "flows.packets", "packets", 76, type="rightAligned", sortable=False),
    ]
