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

PLAIN_SRC = "replaceRegexpOne(toString(src_ip), '^::ffff:', '')"
PLAIN_DST = "replaceRegexpOne(toString(dst_ip), '^::ffff:', '')"
_COLUMNS = (
    f"{SENT} AS sent_out",
    "toString(flow_id) AS flow",
    "toUnixTimestamp64Nano(first) AS first_ns",
    "toUnixTimestamp64Nano(last) AS last_ns",
    "sensor",
    "line",
    "holder",
    "domestic_end",
    "destination",
    "place_source",
    f"{PLAIN_SRC} AS src",
    f"{PLAIN_DST} AS dst",
    "src_port",
    "dst_port",
    "ip_protocol",
    "vlan",
    "mpls",
    "octets_out",
    "octets_in",
    "packets_out",
    "packets_in",
    "retransmitted_out",
    "retransmitted_in",
    "handshake_us",
    "end_reason",
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
    "payload_out",
    "inspected_out",
    "encrypted_out",
    "findings",
)


def read_flow(desk: Desk, flow: int) -> dict[str, Any] | None:
    """Its columns, moments in ns; a flow reported in parts gives its last part."""
    rows = desk.rows(
        f"SELECT {', '.join(_COLUMNS)} FROM flows WHERE flow_id = {{flow:UInt64}} ORDER BY flows.last DESC LIMIT 1", {"flow": flow}
    )
    return rows[0] if rows else None


class Told(NamedTuple):
    """One flow with what is known of it beside its record."""

    one: dict[str, Any]
    findings: Sequence[Finding]
    verdict: str
    alert: Alert | None  # that the verdict is of


def tell_flow(desk: Desk, flow: int) -> Told | None:
    """Call it inside `ask`. The findings are of the whole flow, so the verdict is too, whatever its last part holds."""
    one = read_flow(desk, flow)
    if one is None:
        return None
    findings = findings_of_flow(desk, flow)
    if not one["findings"] and not any(finding.tier >= Tier.MEDIUM for finding in findings):
        return Told(one, findings, "unseen" if one["inspected_out"] < one["sent_out"] else "nothing", None)
    alert = alert_of_flow(desk.engine, one)
    return Told(one, findings, alert.verdict if alert else "pending", alert)
