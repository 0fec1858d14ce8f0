"""The drawer: one flow beside the rows, in the URL as `flow=`; closed, the focus is back in its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.pages.flow import draw_flow, flow_number, flow_sentence
from dashboards.pages.flow_address import FlowAddress
from dashboards.reading.flow import tell_flow
from dashboards.reading.names import Names
from dashboards.shell.markup import link, sentence, tag
from dashboards.widgets.no_answer import no_answer
from pipeline.store.server import StoreAwayError

if TYPE_CHECKING:
    from dashboards.desk import Desk


class FlowDrawer:
    """Empty and out of sight until a flow is shown."""

    def __init__(self, desk: Desk, viewer: Viewer, names: Names, address: FlowAddress) -> None:
        self._desk, self._viewer, self._names, self._address = desk, viewer, names, address
        self._area = tag("aside", "drawer", aria_label=viewer.t("flows.drawer"), data_test="drawer")
        self._area.visible = False

    async def show(self, number: str) -> None:
        """Show the flow of that number; none of an empty one."""
        known = flow_number(number)
        self._area.clear()
        self._area.visible = known is not None
        with self._area:  # known to the page also where no click led here
            ui.navigate.history.replace(self._address.url(flow=number if known is not None else ""))
        if known is None:
            return
        try:
            told, away = await self._desk.ask(tell_flow, self._desk, known), False
        except StoreAwayError:
            told, away = None, True
        with self._area:
            self._head(number)
            if told is None:
                no_answer(self._viewer, "away" if away else "no_flow")
            else:
                sentence(flow_sentence(self._viewer, self._names, told.one))
                draw_flow(self._viewer, self._names, told)
            ui.run_javascript("gk.focusDrawer()")

    def _head(self, number: str) -> None:
        with tag("div", "row between"):
            tag("h2", "mono", self._viewer.t("flow.title", id=number), id="drawer-title", tabindex="-1")
            with tag("div", "row"):
                link(self._viewer.t("flows.whole_page"), f"/flows/{number}", "button")
                close = tag("button", "button", "✕", type="button", aria_label=self._viewer.t("flows.close"), data_test="close-drawer")
                close.props["data-close"] = "1"
