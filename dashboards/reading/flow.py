"""One flow, as the store keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.reading.cases import alert_of_flow
from dashboards.reading.findings import Finding, findings_of_flow
from pipeline.incident.models import Alert
from pipeline.schema.codes import Tier
from pipeline.search.fields import SENT

if TYPE_CHECKING:
    from dashboards.desk import Desk

PLAIN_SRC = "replaceRegexpOne(toString(flows.src_ip), '^::ffff:', '')"
PLAIN_DST = "replaceRegexpOne(toString(flows.dst_ip), '^::ffff:', '')"
# A long flow is reported in parts, each with the first packet of the whole and its own last one; what each part counts is its own.
_SUMMED = (
    "octets_out",
    "octets_in",
    "packets_out",
    "packets_in",
    "retransmitted_out",
    "retransmitted_in",
    "requests",
    "payload_out",
    "inspected_out",
    "encrypted_out",
    "findings",
)
_OF_LAST = (
    "sensor",
    "line",
    "holder",
    "domestic_end",
    "destination",
    "place_source",
    "src_port",
    "dst_port",
    "ip_protocol",
    "vlan",
    "mpls",
    "end_reason",
    "protocol",
    "server_name",
    "alpn",
    "tls_version",
    "ja4",
    "http_method",
    "http_path",
    "http_status",
    "user_agent",
    "content_type",
)
_COLUMNS = (
    "toString(any(flows.flow_id)) AS flow",
    "if(count() > 1, count(), 0) AS parts",
    "toUnixTimestamp64Nano(min(flows.first)) AS first_ns",
    "toUnixTimestamp64Nano(max(flows.last)) AS last_ns",
    "max(flows.handshake_us) AS handshake_us",
    f"any({PLAIN_SRC}) AS src",
    f"any({PLAIN_DST}) AS dst",
    "arrayDistinct(arrayFlatten(groupArray(flows.server_names))) AS server_names",
    f"sum({SENT}) AS sent_out",
    *(f"sum(flows.{name}) AS {name}" for name in _SUMMED),
    *(f"argMax(flows.{name}, flows.last) AS {name}" for name in _OF_LAST),
)


def read_flow(desk: Desk, flow: int) -> dict[str, Any] | None:
    """The whole flow, its parts added up; moments in ns."""
    rows = desk.rows(f"SELECT {', '.join(_COLUMNS)} FROM flows WHERE flow_id = {{flow:UInt64}} HAVING count() > 0", {"flow": flow})
    return rows[0] if rows else None


class Told(NamedTuple):
    """One flow with what is known of it beside its record."""

    one: dict[str, Any]
    findings: Sequence[Finding]
    verdict: str
    alert: Alert | None  # that the verdict is of


def tell_flow(desk: Desk, flow: int) -> Told | None:
    """Call it inside `ask`. Low tier alone is no finding to judge by."""
    one = read_flow(desk, flow)
    if one is None:
        return None
    findings = findings_of_flow(desk, flow)
    if not one["findings"] and not any(finding.tier >= Tier.MEDIUM for finding in findings):
        return Told(one, findings, "unseen" if one["inspected_out"] < one["sent_out"] else "nothing", None)
    alert = alert_of_flow(desk.engine, one)
    return Told(one, findings, alert.verdict if alert else "pending", alert)
