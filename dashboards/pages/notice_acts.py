"""What can be done with a notice: fill its fields in both languages, sign it as second reader, send it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.pages.incident_acts import line_of_text
from dashboards.shell.act import act
from dashboards.shell.markup import card, tag
from pipeline.notice.drafting import fill, sign
from pipeline.notice.fields import missing
from pipeline.notice.models import Notice
from pipeline.notice.outbox import queue
from pipeline.notice.words import FIELDS, say

if TYPE_CHECKING:
    from dashboards.desk import Desk

LANGUAGES = (("zh", "中文"), ("en", "English"))


def fields_form(desk: Desk, viewer: Viewer, notice: Notice) -> None:
    """Every field in both languages with its source; missing ones are marked. A signed text is read-only."""
    lacking, editable = missing(notice.fields), notice.state == "draft" and viewer.may_act
    entries: dict[str, dict[str, ui.textarea]] = {}
    with card(viewer.t("notice.fields")):
        for key in FIELDS:
            field = notice.fields[key]
            with tag("div", "notice-field"):
                with tag("div", "row wide"):
                    tag("span", "strong", say(FIELDS[key], viewer.language))
                    if key in lacking:
                        tag("span", "tag none", viewer.t("notice.missing"), data_test=f"missing-{key}")
                    elif field["source"]:
                        tag("span", "caption", viewer.t("notice.source", source=field["source"]))
                entries[key] = {lang: _entry(key, lang, word, field[lang], editable) for lang, word in LANGUAGES}
        if editable:
            _save(desk, viewer, notice, entries)


def _entry(key: str, lang: str, word: str, text: str, editable: bool) -> ui.textarea:
    field = line_of_text(word, f"field-{key}-{lang}")
    field.value = text
    if not editable:
        field.props("readonly")
    return field


def _save(desk: Desk, viewer: Viewer, notice: Notice, entries: dict[str, dict[str, ui.textarea]]) -> None:
    async def save() -> None:
        texts = {key: {lang: str(entry.value or "") for lang, entry in pair.items()} for key, pair in entries.items()}
        if await act(desk, viewer, "fill_notice", notice.number, lambda: fill(desk.engine, notice.number, texts, viewer.account)):
            ui.navigate.reload()

    primary = "button primary" if missing(notice.fields) else "button"
    tag("button", primary, viewer.t("notice.save"), type="button", data_test="save").on("click", save)


def sign_button(desk: Desk, viewer: Viewer, notice: Notice) -> None:
    """Only an account that did not write in it, and only when nothing is missing."""
    own, lacking = viewer.account in notice.changed_by, missing(notice.fields)
    if own:
        tag("p", "quiet", viewer.t("notice.own"), data_test="own")
    if not viewer.may_act or own:
        return

    async def put() -> None:
        if await act(
            desk, viewer, "sign_notice", notice.number, lambda: sign(desk.engine, notice.number, viewer.account, datetime.now(UTC))
        ):
            ui.navigate.reload()

    button = tag("button", "button" if lacking else "button primary", viewer.t("notice.sign"), type="button", data_test="sign").on(
        "click", put
    )
    if lacking:
        button.props["disabled"] = True


def send_form(desk: Desk, viewer: Viewer, notice: Notice) -> None:
    """Channel and address; what is queued goes out within a second."""
    with tag("div", "row"):
        channel = (
            ui.select({"smtp": viewer.t("notice.smtp"), "webhook": viewer.t("notice.webhook")}, value="smtp")
            .props("outlined dense options-dense")
            .style("min-width:200px")
        )
        address = ui.input(placeholder=viewer.t("notice.address")).props("outlined dense").style("flex:1;min-width:220px")
        channel.props["data-test"], address.props["data-test"] = "channel", "address"

        async def send() -> None:
            way, to = str(channel.value), str(address.value or "").strip()
            if await act(
                desk,
                viewer,
                "send_notice",
                notice.number,
                lambda: queue(desk.engine, notice.number, way, to, datetime.now(UTC), viewer.account),
            ):
                ui.navigate.reload()

        tag("button", "button primary", viewer.t("notice.send"), type="button", data_test="send").on("click", send)
