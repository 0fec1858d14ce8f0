"""What a flow search is asked with: filter bar, period, saved searches; and what its rows are taken away or shown with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.api.flow_columns import COLUMNS, DEFAULT, read_columns
from dashboards.pages.choice import entry
from dashboards.pages.flow_address import FlowAddress
from dashboards.searching import Searching
from dashboards.shell.act import act
from dashboards.shell.choices import keep_choice
from dashboards.shell.markup import link, tag
from dashboards.widgets.filter_bar import FilterBar
from dashboards.words.moments import NS, stamp
from pipeline.search.models import SavedSearch
from pipeline.search.period import Period
from pipeline.search.saved import save
from pipeline.search.wrong import FilterError

if TYPE_CHECKING:
    from dashboards.desk import Desk

FORMS = {"csv": "CSV", "parquet": "Parquet", "jsonl": "JSON Lines"}


def filter_form(
    desk: Desk, viewer: Viewer, address: FlowAddress, wrong: Mapping[str, Any] | None, searching: Searching, saved: Sequence[SavedSearch]
) -> None:
    """A plain form: sending it is opening its address."""
    with tag("div", "filters top-aligned"):
        with tag("form", "filters grow", action=address.page, method="get"):
            FilterBar(viewer, address.q, wrong).on("leave", searching.cancel)
            entry(viewer.t("flows.from"), "from", address.since, 158, "2026-11-23 15:31")
            entry(viewer.t("flows.to"), "to", address.until, 158, "2026-11-24")
            for name, value in (("cols", address.cols), ("top", address.top), ("sort", address.sort)):
                if value:
                    tag("input", "", type="hidden", name=name, value=value)
            tag("button", "button primary", viewer.t("flows.search"), type="submit", data_test="search")
        _saved(desk, viewer, address, saved)


def _saved(desk: Desk, viewer: Viewer, address: FlowAddress, saved: Sequence[SavedSearch]) -> None:
    with tag("details", "pop", data_test="saved"):
        tag("summary", "button", viewer.t("flows.saved"))
        with tag("div", "popped stack"):
            with tag("ul", "items"):
                for one in saved:
                    with tag("li"):
                        link(one.name, address.url(q=one.text), "strong", data_test="load-saved")
                        tag("span", "caption", f" {one.saved_by}")
                        tag("div", "mono two-lines", one.text or viewer.t("flows.everything"))
                if not saved:
                    tag("li", "quiet", viewer.t("flows.none_saved"))
            tag("p", "caption", viewer.t("flows.saved_shared"))
            _save(desk, viewer, address)


def _save(desk: Desk, viewer: Viewer, address: FlowAddress) -> None:
    with tag("div", "row"):
        name = ui.input(placeholder=viewer.t("flows.save_name")).props("outlined dense maxlength=64").style("flex:1")
        name.props["aria-label"], name.props["data-test"] = viewer.t("flows.save_name"), "save-name"

        def keep_it() -> bool:
            try:
                return save(desk.engine, str(name.value or "").strip(), address.q, viewer.account, datetime.now(UTC)) or True
            except FilterError as wrong:
                raise ValueError(wrong.say(viewer.language)) from None
            except ValueError:
                raise ValueError(viewer.t("flows.bad_name")) from None

        async def keep() -> None:
            if await act(desk, viewer, "save_search", str(name.value or ""), keep_it, allowed=viewer.may_open("flows")):
                ui.navigate.reload()

        tag("button", "button", viewer.t("flows.save"), type="button", data_test="save-search").on("click", keep)


def columns_choice(desk: Desk, viewer: Viewer, address: FlowAddress, shown: str) -> None:
    """Every column there is; the choice is kept for the account and stands in the URL."""
    chosen, usual = [column.name for column in read_columns(shown)], DEFAULT.split(",")

    async def show(names: Sequence[str]) -> None:
        text = ",".join(names)
        await desk.ask(keep_choice, desk.engine, viewer.account, flow_columns="" if text == DEFAULT else text)
        ui.navigate.to(address.url(cols=text))

    with tag("details", "pop", data_test="columns"):
        tag("summary", "button", viewer.t("flows.columns"))
        with tag("div", "popped stack"):
            boxes: dict[str, ui.checkbox] = {}

            def ticked() -> list[str]:
                return [name for name in dict.fromkeys([*chosen, *boxes]) if boxes[name].value]

            with tag("div", "row"):
                tag("button", "button", viewer.t("flows.show_columns"), type="button", data_test="show-columns").on(
                    "click", lambda: show(ticked())
                )
                usually = tag("button", "button", viewer.t("flows.usual_columns"), type="button", data_test="usual-columns")
                usually.on("click", lambda: show(usual))
            with tag("div", "boxes"):
                for name in dict.fromkeys([*usual, *COLUMNS]):
                    column = COLUMNS[name]
                    boxes[name] = ui.checkbox(column.title(viewer), value=name in chosen).props("dense size=xs")
                    boxes[name].props["data-test"] = f"column-{name}"
                    boxes[name].props["title"] = column.meaning(viewer)


def export_links(viewer: Viewer, address: FlowAddress, shown: str) -> None:
    """Every row with the columns shown, in three forms."""
    query = address._replace(cols=shown, top="", flow="", wide="", sort="").query()
    with tag("details", "pop", data_test="exports"):
        tag("summary", "button", viewer.t("flows.export"))
        with tag("div", "popped stack"):
            tag("p", "caption", viewer.t("flows.export_all"))
            with tag("div", "row"):
                for form, word in FORMS.items():
                    link(word, f"/api/flows.{form}?{query}", "button", download=f"flows.{form}", data_test=f"export-{form}")


def copy_link(viewer: Viewer, period: Period) -> None:
    """Copies the page's full address, with the period's ends where it names none: tomorrow it is to open the same (gk.js)."""
    until = -(-period.until_ns // NS) * NS
    ends = {"data_from": stamp(period.since_ns), "data_to": stamp(until)}
    words = {"data_done": viewer.t("flows.copied"), "data_failed": viewer.t("flows.not_copied"), "data_test": "copy-link"}
    with tag("div", "copy"):
        tag("button", "button", viewer.t("flows.copy_link"), type="button", data_copy="1", data_key="y", **ends, **words)
        tag("span", "caption", role="status", aria_live="polite", data_copied="1", data_test="copied")
