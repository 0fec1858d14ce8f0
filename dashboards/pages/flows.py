"""Flow search: what crossed, when, between whom?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from nicegui import background_tasks, ui
from sqlalchemy import select

from dashboards.access.viewer import Viewer
from dashboards.api.flow_columns import DEFAULT, cover_of_row, read_columns
from dashboards.api.flows import GRID_ROWS
from dashboards.pages.flow_address import FlowAddress, address_of
from dashboards.pages.flow_drawer import FlowDrawer
from dashboards.pages.flow_facets import facets
from dashboards.pages.flow_form import columns_choice, export_links, filter_form
from dashboards.reading.flow_search import Over, Wrong, count_over, open_search, read_question, said, width_of
from dashboards.reading.names import Names, load_names
from dashboards.searching import Searching
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, sentence, tag
from dashboards.shell.page import Asked
from dashboards.shell.part import load_part
from dashboards.shell.slow_note import slow_note
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.data_grid import data_grid, titled
from dashboards.widgets.empty_note import empty_note
from dashboards.widgets.no_answer import no_answer
from dashboards.widgets.time_histogram import Stack, time_histogram
from dashboards.words.moments import NS, span, stamp
from dashboards.words.numbers import count, octets
from pipeline.search.period import DAY_NS
from pipeline.search.run import Search
from pipeline.search.saved import list_saved
from pipeline.store.server import StoreAwayError
from pipeline.supervision.accounts import Account
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dashboards.desk import Desk

ROWS_A_SECOND = 20_000_000  # that one core looks through; a guess, said as one
WIDE_S = 30  # half of what the store gives a question


class View(NamedTuple):
    """What the parts of the page share."""

    desk: Desk
    viewer: Viewer
    names: Names
    address: FlowAddress
    searching: Searching


def kept_columns(engine: Engine, account: str) -> str:
    """The columns that an account chose last; empty where it never did."""
    with reading(engine) as db:
        return db.scalar(select(Account.flow_columns).where(Account.name == account)) or ""


async def flows(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    names, saved = await desk.ask(load_names, desk.engine), await desk.ask(list_saved, desk.engine)
    kept = await desk.ask(kept_columns, desk.engine, viewer.account)
    question = read_question(asked.query)
    view = View(desk, viewer, names, address_of(asked.query, question.text), _new_searching(desk, viewer))
    heading(viewer.t("nav.flows"), viewer.t("flows.sentence"))
    away, found, wrong = False, None, question.wrong
    try:
        found = None if wrong else await desk.ask(open_search, desk, question)
    except StoreAwayError:
        away = True
    if isinstance(found, Wrong):
        wrong, found = (found,), None
    of_filter = [said(viewer.language, one) for one in wrong if one.entry == "q"]
    filter_form(desk, viewer, view.address, of_filter[0] if of_filter else None, view.searching, saved)
    for one in wrong:
        if one.entry != "q":
            tag("div", "warning", one.error.say(viewer.language), role="alert", data_test="wrong-period")
    if away:
        no_answer(viewer, "away", [(viewer.t("flows.again"), view.address.url())])
    elif found is None:
        if not wrong:
            no_answer(viewer, "nothing_stored")
    elif not await _said_wide(view, found):
        _answer(view, found, view.address.cols or kept or DEFAULT)


def _new_searching(desk: Desk, viewer: Viewer) -> Searching:
    """Known to the API by the client's number, so that the grid's rows are stopped with the rest; ended with the client."""
    searching, client = Searching(desk, viewer.account), ui.context.client
    desk.views[client.id] = searching

    def end() -> None:
        desk.views.pop(client.id, None)
        background_tasks.create(searching.cancel(), name="searches of a page that is gone")

    client.on_delete(end)
    return searching


async def _said_wide(view: View, search: Search) -> bool:
    """Whether the search would take too long and was not asked for all the same; then ways to narrow it are shown."""
    rows = await view.desk.ask(search.estimate)
    if rows < ROWS_A_SECOND * WIDE_S or view.address.wide:
        return False
    t, until = view.viewer.t, search.period.until_ns
    ways = [(t(f"flows.last_{word}"), view.address.url(since=stamp(until - length), until="")) for word, length in
            (("week", 7 * DAY_NS), ("day", DAY_NS), ("hour", 3600 * NS))]  # fmt: skip
    ways.append((t("flows.all_the_same"), view.address.url(wide="1")))
    about = {"rows": count(rows), "span": span(rows / ROWS_A_SECOND, view.viewer.language)}
    no_answer(view.viewer, "wide", ways, **about)
    return True


def _answer(view: View, search: Search, cols: str) -> None:
    viewer, begun = view.viewer, time.monotonic()
    slow_note(viewer, view.searching, view.address.url(cols=view.address.cols))
    with tag("div", "row wide"):
        found = tag("div", "row wide grow")
        columns_choice(view.desk, viewer, view.address, cols)
        export_links(viewer, view.address, cols)
    with tag("div", "searched"):
        with tag("aside", "stack tight", aria_label=viewer.t("flows.facets")):
            facets(viewer, view.names, view.searching, search, view.address)
        with tag("div", "stack"):
            with card(viewer.t("flows.histogram"), note=viewer.t("flows.brush")):
                chart = tag("div").style("height:120px")
            grid = tag("div", "tall")
    drawer = FlowDrawer(view.desk, viewer, view.names, view.address)
    with grid:
        _grid(view, cols, drawer)
    load_part(viewer, view.searching, found, "count", search, lambda _: search.count().to_pylist()[0], lambda row: _found(view, row, begun))
    load_part(viewer, view.searching, chart, "over_time", search, lambda _: count_over(search), lambda over: _histogram(view, search, over))


def _found(view: View, row: dict[str, int], begun: float) -> None:
    viewer, cover = view.viewer, cover_of_row(row)
    words = {
        "count": count(row["flows"]),
        "octets": octets(cover.total),
        "share": coverage_words(viewer, cover),
        "unseen": count(row["unseen"]),
    }
    if not row["flows"]:
        empty_note(viewer, viewer.t("flows.nothing"), cover)
        return
    sentence(viewer.t("flows.found", **words)).props["data-test"] = "found"
    coverage_chip(viewer, cover)
    tag("span", "caption", viewer.t("flows.took", seconds=f"{time.monotonic() - begun:.1f}"))
    if row["flows"] > GRID_ROWS:
        tag("span", "caption", viewer.t("flows.cut", rows=count(GRID_ROWS)), data_test="cut")


def _histogram(view: View, search: Search, over: Over) -> None:
    viewer, width = view.viewer, width_of(search.period)
    label = slice(11, 19) if width < 60 * NS else slice(5, 16)
    stacks = [Stack(viewer.t("flows.seen"), "permit-fill", over.seen), Stack(viewer.t("flows.unseen"), "diag", over.unseen)]

    def brushed(first: int, last: int) -> None:
        since, until = over.starts[max(0, first)], over.starts[min(last, len(over.starts) - 1)] + width
        ui.navigate.to(view.address.url(since=stamp(since), until=stamp(until)))

    described = viewer.t("flows.over_time", count=count(sum(over.seen) + sum(over.unseen)), unseen=count(sum(over.unseen)))
    chart = time_histogram(viewer, [stamp(start)[label] for start in over.starts], stacks, [], described, brushed=brushed)
    chart.props["data-test"] = "histogram"


def _grid(view: View, cols: str, drawer: FlowDrawer) -> None:
    viewer, columns = view.viewer, read_columns(cols)
    asked = view.address._replace(cols=cols, top="", flow="", wide="").query() + f"&view={ui.context.client.id}"
    defs = [
        titled(c.title(viewer), c.name, c.width, c.renderer, sortable=False, headerTooltip=c.meaning(viewer) or c.title(viewer),
               **({"type": "rightAligned"} if c.right else {}), **({"flex": 1, "minWidth": 150} if c.name == "server.name" else {}))
        for c in columns
    ]  # fmt: skip
    data_grid(
        viewer,
        defs,
        "flows-grid",
        rowModelType="infinite",
        cacheBlockSize=200,
        maxBlocksInCache=20,
        suppressFieldDotNotation=True,
        **{
            ":datasource": f"gk.source({quoted('/api/flows?' + asked)})",
            ":onRowClicked": "gk.openFlow",
            ":onCellKeyDown": "gk.flowKey",
            ":getRowId": "gk.flowId",
        },
    )
    ui.on("gk-flow", lambda event: drawer.show(str(event.args)))
    if view.address.flow:
        background_tasks.create(drawer.show(view.address.flow))


def quoted(address: str) -> str:
    """A JavaScript string of a URL-encoded address: percent-encoding leaves no quote, backslash or line end in it."""
    if not address.isascii() or any(c in address for c in "'\"\\`<>\n\r"):
        raise ValueError("an address that is not URL-encoded")
    return f"'{address}'"
