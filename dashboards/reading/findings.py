"""Findings out of the store: those of an alert, those of a flow. Excerpts are masked since before they left the sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.reading.period import DAY_NS
from dashboards.words.moments import day_start_ns
from pipeline.incident.models import Alert

if TYPE_CHECKING:
    from dashboards.desk import Desk

_COLUMNS = (
    "toString(flow_id) AS flow, toUnixTimestamp64Nano(first) AS first_ns, signature, level, tier, count AS hits, "
    "subjects, excerpts, offsets, decoder_path, partial, "
    "server_name, replaceRegexpOne(toString(src_ip), '^::ffff:', '') AS src, replaceRegexpOne(toString(dst_ip), "
    "'^::ffff:', '') AS dst, dst_port, catalogue"
)


class Finding(NamedTuple):
    """One row; `flow` as text, because JavaScript's numbers are too narrow."""

    flow: str
    first_ns: int
    signature: str
    level: str
    tier: int
    hits: int
    subjects: int
    excerpts: list[str]
    offsets: list[int]
    decoder_path: list[str]
    partial: bool
    server_name: str
    src: str
    dst: str
    dst_port: int
    catalogue: str


def _findings(rows: list[dict[str, Any]]) -> list[Finding]:
    return [Finding(**row) for row in rows]


def findings_of_alert(desk: Desk, alert: Alert, limit: int = 4) -> list[Finding]:
    """The most telling ones: excerpts of different kinds, the surest and largest first."""
    begin = day_start_ns(alert.day)
    return _findings(
        desk.rows(
            f"SELECT {_COLUMNS} FROM findings WHERE holder = {{holder:String}} AND line = {{line:String}} AND destination = "
            f"{{destination:String}} "
            "AND evidence = {evidence:String} AND tier >= 2 AND findings.first >= fromUnixTimestamp64Nano({from_ns:Int64}) AND "
            "findings.first < fromUnixTimestamp64Nano({to_ns:Int64}) "
            f"ORDER BY level = 'sensitive' DESC, tier DESC, hits DESC, first_ns LIMIT 1 BY signature LIMIT {limit:d}",
            {
                "holder": alert.holder,
                "line": alert.line,
                "destination": alert.destination,
                "evidence": alert.evidence,
                "from_ns": begin,
                "to_ns": begin + DAY_NS,
            },
        )
    )


def findings_of_flow(desk: Desk, flow: int) -> list[Finding]:
    """All findings of one flow, low tier too."""
    return _findings(
        desk.rows(f"SELECT {_COLUMNS} FROM findings WHERE flow_id = {{flow:UInt64}} ORDER BY tier DESC, hits DESC LIMIT 50", {"flow": flow})
    )
