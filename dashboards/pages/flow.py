"""One flow: its ends, how much of it was seen, its names in clear, its findings, and where to go on from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dashboards.access.viewer import Viewer
from dashboards.pages.alert_why import one_finding
from dashboards.reading.findings import Finding, findings_of_flow
from dashboards.reading.flow import read_flow
from dashboards.reading.names import load_names
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, link, tag
from dashboards.shell.page import Asked
from dashboards.widgets.coverage_chip import coverage_chip, coverage_words
from dashboards.widgets.flow_card import cover_of_flow, flow_card
from dashboards.words.moments import NS, stamp, utc
from dashboards.words.numbers import octets

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


async def flow(desk: Desk, viewer: Viewer, asked: Asked) -> None:
    """The page."""
    number = asked.path["number"]
    one = await desk.ask(read_flow, desk, int(number)) if number.isascii() and number.isdigit() and len(number) <= 20 else None
    with tag("div", "row"):
        link(viewer.t("nav.flows"), "/flows")
        tag("span", "quiet", "/")
        tag("span", "mono", number[:20])
    if one is None:
        heading(viewer.t("nav.flows"), viewer.t("flow.not_found"))
        return
    names, findings = await desk.ask(load_names, desk.engine), await desk.ask(findings_of_flow, desk, int(number))
    seen = cover_of_flow(one)
    heading(
        viewer.t("flow.title", id=number),
        viewer.t(
            "flow.sentence",
            first=stamp(one["first_ns"]),
            holder=names.holder(viewer, one["holder"]),
            line=names.line(viewer, one["line"]),
            place=names.place(viewer, one["destination"]),
            octets=octets(one["octets_out"]),
            seen=coverage_words(viewer, seen),
        ),
    )
    with tag("div", "grid12"):
        with tag("div", "stack span8"):
            with card(viewer.t("flow.ends")):
                flow_card(viewer, names, one)
            _findings(viewer, findings)
        with tag("div", "stack span4"):
            with card(viewer.t("flow.how_much")):
                coverage_chip(viewer, seen)
                tag(
                    "p",
                    "caption",
                    viewer.t(
                        "flow.of_payload",
                        payload=octets(one["sent_out"]),
                        inspected=octets(seen.inspected),
                        encrypted=octets(seen.encrypted),
                        rest=octets(seen.other),
                    ),
                )
            _pivots(viewer, one)
            _pairs(viewer.t("flow.names"), one, NAMES_IN_CLEAR)
            _pairs(viewer.t("flow.record"), one, RECORD)


def _findings(viewer: Viewer, findings: list[Finding]) -> None:
    with card(viewer.t("flow.findings")), tag("div", "stack"):
        if not findings:
            tag("p", "quiet", viewer.t("flow.no_findings"))
        for finding in findings:
            one_finding(viewer, finding)


def _pivots(viewer: Viewer, one: dict[str, Any]) -> None:
    near = {"from": stamp(one["first_ns"] - AROUND_NS), "to": stamp(one["last_ns"] + AROUND_NS)}
    ways = [
        ("same_source", {"address": one["src"]}),
        ("same_destination", {"address": one["dst"]}),
        ("around", {"line": one["line"], **near}),
    ]
    if one["server_name"]:
        ways.insert(2, ("same_server", {"server": one["server_name"]}))
    with card(viewer.t("flow.pivot")), tag("div", "row"):
        for word, query in ways:
            link(viewer.t(f"flow.{word}"), "/flows?" + urlencode(query), "button")


def _pairs(title: str, one: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Fields that hold something, by their names in the schema; moments carry UTC on hover."""
    with card(title), tag("dl", "pair", title=utc(one["first_ns"])):
        for field in fields:
            value = one[field]
            if value in ("", 0, []) or value is None:
                continue
            tag("dt", "mono caption", field)
            tag("dd", "mono", " ".join(map(str, value)) if isinstance(value, list) else str(value))
