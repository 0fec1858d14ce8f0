"""One flow, as the store keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
