"""A notice: fields with their sources, the sheet as it will be read, a second reader's signature, sending and receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.pages.notice_acts import fields_form, send_form, sign_button
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.words.moments import stamp, utc
from pipeline.notice.drafting import find_notice
from pipeline.notice.fields import missing
from pipeline.notice.models import Delivery, Notice
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk


def read_notice(desk: Desk, number: str) -> Notice | None:
    """Call it inside `ask`."""
    with reading(desk.engine) as db:
        return find_notice(db, number)


async def notice(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    number = asked.path["number"]
    found = await desk.ask(read_notice, desk, number)
    if found is None:
        heading(viewer.t("nav.notices"), viewer.t("shell.not_found", number=number))
        return
    with tag("div", "row"):
        link(viewer.t("nav.notices"), "/notices")
        tag("span", "quiet", "/")
        tag("span", "mono", number)
    heading(
        number,
        viewer.t(
            "notice.sentence", incident=found.incident.number, state=viewer.t(f"noticestate.{found.state}"), next=_next(viewer, found)
        ),
    )
    with tag("div", "grid12"):
        with tag("div", "stack span6"):
            fields_form(desk, viewer, found)
        with tag("div", "stack span6"):
            _sending(desk, viewer, found)
            _preview(viewer, found)


def _next(viewer: Viewer, found: Notice) -> str:
    lacking = missing(found.fields)
    if found.state == "draft":
        return viewer.t("notice.next_fields", missing=len(lacking)) if lacking else viewer.t("notice.next_sign")
    if found.state == "sent":
        return viewer.t("notice.next_done")
    if any(delivery.state == "queued" for delivery in found.deliveries):
        return viewer.t("notice.next_wait")
    return viewer.t("notice.next_send", who=found.signed_by or "")


def _sending(desk: Desk, viewer: Viewer, found: Notice) -> None:
    with card(viewer.t("notice.send_title")):
        if found.state == "draft":
            sign_button(desk, viewer, found)
            return
        if viewer.may_act:
            send_form(desk, viewer, found)
        if not found.deliveries:
            tag("p", "quiet", viewer.t("notice.no_deliveries"))
            return
        states = "/".join(f"{d.state}{d.attempts}" for d in found.deliveries)
        with tag("ul", "items", data_test="deliveries"):
            for delivery in found.deliveries:
                _delivery(viewer, delivery)
    _watch(desk, found, states)


def _delivery(viewer: Viewer, delivery: Delivery) -> None:
    with tag("li"):
        with tag("div", "row wide"):
            tag("span", "strong", viewer.t(f"noticestate.{delivery.state}"), data_test="delivery-state", data_state=delivery.state)
            tag("span", "", viewer.t(f"notice.{delivery.channel}"))
            tag("span", "mono", delivery.address)
            tag("span", "caption", f"{viewer.t('notice.attempts')} {delivery.attempts}")
        if delivery.sent_at is not None:
            tag("p", "caption", f"{stamp(delivery.sent_at)} {viewer.t('zone')}", title=utc(delivery.sent_at))
        if delivery.receipt:
            tag(
                "p",
                "caption mono",
                f"{viewer.t('notice.receipt')}: " + " · ".join(f"{key} {value}" for key, value in delivery.receipt.items()),
                data_test="receipt",
            )
        elif delivery.last_error:
            tag("p", "caption", viewer.t("notice.error", why=delivery.last_error))


def _watch(desk: Desk, found: Notice, states: str) -> None:
    """While something is on its way: look every second, show it anew when it moved."""
    if not any(delivery.state == "queued" for delivery in found.deliveries):
        return

    async def look() -> None:
        now = await desk.ask(read_notice, desk, found.number)
        if now is not None and "/".join(f"{d.state}{d.attempts}" for d in now.deliveries) != states:
            ui.navigate.reload()

    ui.timer(1.0, look)


def _preview(viewer: Viewer, found: Notice) -> None:
    with card():
        with tag("div", "card-head"):
            tag("h2", "grow", viewer.t("notice.preview"))
            if found.state != "draft":
                for lang, word in (("zh", "中文"), ("en", "English")):
                    link(f"{viewer.t('notice.pdf')} {word}", f"/api/notices/{found.number}/{lang}.pdf", "button", data_test=f"pdf-{lang}")
        tag(
            "iframe",
            "paper",
            src=f"/api/notices/{found.number}/{viewer.language}/preview",
            title=viewer.t("notice.preview"),
            data_test="preview",
        )
