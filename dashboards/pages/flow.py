"""One flow: its ends, how much of it was seen, its names in clear, its findings, and where to go on from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dashboards.access.viewer import Viewer
from dashboards.pages.alert_why import one_finding
from dashboards.pages.flow_address import FlowAddress
from dashboards.reading.findings import Finding
from dashboards.reading.flow import Told, tell_flow
from dashboards.reading.names import Names, load_names
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.flow_card import cover_of_flow, flow_card
from dashboards.widgets.masked_excerpt import as_shown, hits
from dashboards.widgets.no_answer import no_answer
from dashboards.widgets.verdict_tag import verdict_tag
from dashboards.words.moments import NS, length, stamp, utc
from dashboards.words.numbers import octets
from pipeline.incident.claim import signature_name
from pipeline.search.values import write_text
from pipeline.store.server import StoreAwayError

if TYPE_CHECKING:
    from dashboards.desk import Desk

NAMES_IN_CLEAR = (
    "protocol",
    "server_name",
    "server_names",
    "alpn",
    "tls_version",
    "ja4",
    "http_method",
    "http_path",
    "http_status",
    "user_agent",
    "content_type",
    "requests",
)
RECORD = (
    "sensor",
    "parts",
    "vlan",
    "mpls",
    "ip_protocol",
    "octets_out",
    "octets_in",
    "packets_out",
    "packets_in",
    "retransmitted_out",
    "retransmitted_in",
    "handshake_us",
    "end_reason",
)
AROUND_NS = 300 * NS
TELLING, MOST_VALUES = 4, 6  # characters left by a mask that are enough to look for others; values offered


def flow_number(text: str) -> int | None:
    """The number of a flow; None of any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None


async def flow(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    number = asked.path["number"]
    known = flow_number(number)
    try:
        told, away = await desk.ask(tell_flow, desk, known) if known is not None else None, False
    except StoreAwayError:
        told, away = None, True
    with tag("div", "row"):
        link(viewer.t("nav.flows"), "/flows")
        tag("span", "quiet", "/")
        tag("span", "mono", number[:20])
    if told is None:
        heading(viewer.t("nav.flows"), "" if away else viewer.t("flow.not_found"))
        if away:
            no_answer(viewer, "away", [(viewer.t("error.again"), asked.url)])
        return
    names = await desk.ask(load_names, desk.engine)
    heading(viewer.t("flow.title", id=number), flow_sentence(viewer, names, told.one))
    with tag("div", "grid12"):
        draw_flow(viewer, names, told, "stack span8", "stack span4")


def flow_sentence(viewer: Viewer, names: Names, one: dict[str, Any]) -> str:
    """The flow in words."""
    return viewer.t(
        "flow.sentence",
        first=stamp(one["first_ns"]),
        holder=names.holder(viewer, one["holder"]),
        line=names.line(viewer, one["line"]),
        place=names.place(viewer, one["destination"]),
        octets=octets(one["octets_out"]),
        seen=coverage_words(viewer, cover_of_flow(one)),
    )


def draw_flow(viewer: Viewer, names: Names, told: Told, main: str = "stack", beside: str = "stack") -> None:
    """All cards of a flow in two columns of these classes."""
    one = told.one
    with tag("div", main):
        _verdict(viewer, told)
        with card(viewer.t("flow.ends")):
            flow_card(viewer, names, one)
        _findings(viewer, told.findings, cover_of_flow(one).inspected > 0)
    with tag("div", beside):
        _how_much(viewer, one)
        _timers(viewer, one)
        _pivots(viewer, told)
        _pairs(viewer.t("flow.names"), one, NAMES_IN_CLEAR)
        _pairs(viewer.t("flow.record"), one, RECORD)


def _verdict(viewer: Viewer, told: Told) -> None:
    """The verdict, and the alert that it is of: there it says why."""
    with tag("div", "row", data_test="flow-verdict"):
        verdict_tag(viewer, told.verdict)
        if told.alert is not None:
            link(viewer.t("flow.alert", number=told.alert.number), f"/alerts/{told.alert.number}", data_test="flow-alert")
        elif told.verdict == "pending":
            tag("span", "caption", viewer.t("flow.no_alert"))


def _timers(viewer: Viewer, one: dict[str, Any]) -> None:
    """How long it took; a handshake of 0 was not seen."""
    lasted, handshake = one["last_ns"] - one["first_ns"], one["handshake_us"] * 1000
    with card(viewer.t("flow.timers")), tag("dl", "pair", data_test="flow-timers"):
        tag("dt", "", viewer.t("flow.duration"))
        tag("dd", "", length(lasted, viewer.language))
        tag("dt", "", viewer.t("flow.handshake"))
        tag("dd", "", length(handshake, viewer.language) if handshake else viewer.t("flow.no_handshake"))
        for end in ("first", "last"):
            tag("dt", "", viewer.t(f"flow.{end}_packet"))
            moment = one[f"{end}_ns"]
            tag("dd", "mono", stamp(moment, milliseconds=True), title=utc(moment), tabindex="0")


def _how_much(viewer: Viewer, one: dict[str, Any]) -> None:
    seen = cover_of_flow(one)
    parts = {
        "payload": octets(one["sent_out"]),
        "inspected": octets(seen.inspected),
        "encrypted": octets(seen.encrypted),
        "rest": octets(seen.other),
    }
    with card(viewer.t("flow.how_much")):
        coverage_chip(viewer, seen)
        tag("p", "caption", viewer.t("flow.of_payload", **parts))


def _findings(viewer: Viewer, findings: Sequence[Finding], is_inspected: bool) -> None:
    with card(viewer.t("flow.findings")), tag("div", "stack"):
        if not findings:
            tag("p", "quiet", viewer.t("flow.no_findings" if is_inspected else "flow.not_inspected"))
        for finding in findings:
            one_finding(viewer, finding)


def pivots(one: dict[str, Any]) -> list[tuple[str, str]]:
    """Where to go on from a flow: keys of words, and addresses of searches. An address is looked for at either end, on every line."""
    near = {"since": stamp(one["first_ns"] - AROUND_NS), "until": stamp(one["last_ns"] + AROUND_NS)}
    ways = [("same_source", FlowAddress(f"ip == {one['src']}")), ("same_destination", FlowAddress(f"ip == {one['dst']}"))]
    if one["server_name"]:
        ways.append(("same_server", FlowAddress(f"server.name == {write_text(one['server_name'])}")))
    if one["ja4"]:
        ways.append(("same_ja4", FlowAddress(f"tls.ja4 == {write_text(one['ja4'])}")))
    ways.append(("around", FlowAddress(f"line == {write_text(one['line'])}", **near)))
    return [(word, address.url()) for word, address in ways]


def same_values(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """Signature and masked value of each hit shown of which enough can be read, and the address of a search for what is masked alike."""
    shown = dict.fromkeys(hit for finding in findings for excerpt in finding.excerpts for hit in hits(excerpt))
    told = [hit for hit in shown if sum(map(str.isalnum, hit[1])) >= TELLING]
    return [(*hit, FlowAddress(f"finding.excerpt ~ {write_text(as_shown(*hit))}").url()) for hit in told[:MOST_VALUES]]


def _pivots(viewer: Viewer, told: Told) -> None:
    with card(viewer.t("flow.pivot")), tag("div", "stack"):
        with tag("div", "row"):
            for word, address in pivots(told.one):
                link(viewer.t(f"flow.{word}"), address, "button", data_test=f"pivot-{word}")
        values = same_values(told.findings)
        if values:
            tag("p", "caption", viewer.t("flow.same_value"))
            with tag("div", "row"):
                for signature, masked, address in values:
                    kind = signature_name(signature, viewer.language)
                    link(f"{kind} {masked}", address, "button", data_test="pivot-same_value")


def _pairs(title: str, one: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Fields that hold something, by their names in the schema; no card where none does."""
    held = [field for field in fields if one[field] not in ("", 0, [], None)]
    if not held:
        return
    with card(title), tag("dl", "pair"):
        for field in held:
            value = one[field]
            tag("dt", "mono caption", field)
            tag("dd", "mono", " ".join(map(str, value)) if isinstance(value, list) else str(value))
