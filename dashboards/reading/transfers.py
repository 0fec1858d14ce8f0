"""Who sent how much over which line to where, and of it: how much fell under which verdict, how much was not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.reading.period import Period
from pipeline.incident.models import Alert
from pipeline.search.fields import SENT

if TYPE_CHECKING:
    from dashboards.desk import Desk


class Transfer(NamedTuple):
    """One ribbon: payload octets and flows sent out."""

    holder: str
    line: str
    destination: str
    verdict: str
    octets: int
    flows: int


def transfers(desk: Desk, period: Period, alerts: Sequence[Alert]) -> list[Transfer]:
    """Ribbons by verdict.

    Content with values found takes the verdict of its alert (to be confirmed while there is none); content without any is exempt
    (Order 16 Art. 3: neither PI nor important data seen); what was not inspected is unseen.
    """
    gravest: dict[tuple[str, str, str], str] = {}
    for alert in alerts:
        if alert.evidence == "seen":
            gravest.setdefault((alert.holder, alert.line, alert.destination), alert.verdict)
    found = []
    for row in _sums(desk, period):
        key = (row["holder"], row["line"], row["destination"])
        parts = (
            (gravest.get(key, "pending"), row["found"], row["found_flows"]),
            ("exempt", row["clear"], row["clear_flows"]),
            ("unseen", row["unseen"], row["unseen_flows"]),
        )
        found += [Transfer(*key, verdict, octets, flows) for verdict, octets, flows in parts if octets]
    return found


def _sums(desk: Desk, period: Period) -> list[dict[str, Any]]:
    return desk.rows(
        "SELECT holder, line, destination, sumIf(inspected_out, findings > 0) AS found, countIf(findings > 0) AS found_flows, "
        "sumIf(inspected_out, findings = 0) AS clear, countIf(findings = 0 AND inspected_out > 0) AS clear_flows, "
        f"sum(greatest({SENT}, inspected_out) - inspected_out) AS unseen, countIf(inspected_out < {SENT}) AS unseen_flows "
        "FROM flows WHERE first >= fromUnixTimestamp64Nano({from_ns:Int64}) AND first < fromUnixTimestamp64Nano({to_ns:Int64}) "
        f"AND domestic_end IN ('src', 'dst') AND {SENT} > 0 GROUP BY holder, line, destination ORDER BY sum({SENT}) DESC LIMIT 60",
        period.parameters,
    )
