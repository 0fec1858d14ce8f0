"""How a page over a flow search begins: its form, what was not understood, and the search where it is to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from nicegui import background_tasks, ui

from dashboards.access.viewer import Viewer
from dashboards.pages.flow_address import FlowAddress, address_of
from dashboards.pages.flow_form import filter_form
from dashboards.reading.flow_search import Question, Wrong, open_search, read_question, said
from dashboards.reading.names import Names, load_names
from dashboards.searching import Searching
from dashboards.shell.frame import heading
from dashboards.shell.markup import tag
from dashboards.shell.slow_note import slow_note
from dashboards.widgets.no_answer import no_answer
from dashboards.words.moments import NS, span, stamp
from dashboards.words.numbers import count
from pipeline.search.period import DAY_NS
from pipeline.search.run import Search
from pipeline.search.saved import list_saved
from pipeline.store.server import StoreAwayError

if TYPE_CHECKING:
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
    question: Question


async def open_view(desk: Desk, viewer: Viewer, query: Mapping[str, str], page: str, title: str, lead: str) -> tuple[View, Search | None]:
    """Draw title and form of `page`; None where there is nothing to ask, which is then said (`searching.why` where the store is away)."""
    names, saved = await desk.ask(load_names, desk.engine), await desk.ask(list_saved, desk.engine)
    heading(title, lead)  # with the form: a page that waits is shown as far as it is drawn
    question = read_question(query, lambda: {one.name: one.text for one in saved})
    view = View(desk, viewer, names, address_of(query, question.text, page), _new_searching(desk, viewer), question)
    found, wrong = None, question.wrong
    try:
        found = None if wrong else await desk.ask(open_search, desk, question)
    except StoreAwayError:
        view.searching.why = "away"
    if isinstance(found, Wrong):
        wrong, found = (found,), None
    of_filter = [said(viewer.language, one) for one in wrong if one.entry == "q"]
    filter_form(desk, viewer, view.address, of_filter[0] if of_filter else None, view.searching, saved)
    for one in wrong:
        if one.entry != "q":
            tag("div", "warning", one.error.say(viewer.language), role="alert", data_test="wrong-period")
    if not wrong and "@" in query.get("q", ""):  # what is saved under a name may be replaced, but the URL is the state
        ui.navigate.history.replace(view.address.url(flow=view.address.flow, wide=view.address.wide))
    if found is None and not wrong and not view.searching.why:
        no_answer(viewer, "nothing_stored")
    elif not wrong and not (found and await _said_wide(view, found)):
        slow_note(viewer, view.searching, view.address.url())
        return view, found
    return view, None


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
    try:
        rows = await view.desk.ask(search.estimate)
    except StoreAwayError:
        return False  # as every part will say
    if rows < ROWS_A_SECOND * WIDE_S or view.address.wide:
        return False
    t, until = view.viewer.t, search.period.until_ns
    ways = [(t(f"flows.last_{word}"), view.address.url(since=stamp(until - length), until="")) for word, length in
            (("week", 7 * DAY_NS), ("day", DAY_NS), ("hour", 3600 * NS))]  # fmt: skip
    ways.append((t("flows.all_the_same"), view.address.url(wide="1")))
    about = {"rows": count(rows), "span": span(rows / ROWS_A_SECOND, view.viewer.language)}
    no_answer(view.viewer, "wide", ways, **about)
    return True
