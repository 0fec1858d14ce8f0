"""What must be equal in two stores that took the same batches in."""

from __future__ import annotations

from pipeline.store.store import Store

SUMS = {
    "flows": "count(), sum(flows.octets_out), sum(flows.octets_in), sum(flows.packets_out), sum(flows.findings), uniqExact(flow_id)",
    "findings": "count(), uniqExact(finding_id), sum(findings.count)",
    "coverage": "count(), sum(octets), sum(packets)",
    "sensor_reports": "count(), sum(packets)",
    "subject_ledger": (
        "uniqCombined64Merge(17)(persons), toUnixTimestamp64Nano(min(first)), toUnixTimestamp64Nano(max(last)), "
        "uniqExact(line, holder, destination, signature, tier)"
    ),
    "batches": "uniqExact(record, sensor, worker, epoch), max(sequence)",
}

# Answered by the projection alone (a test sees to it); its sums must be those of the flows.
BY_HOUR = (
    "SELECT sum(n) AS n, sum(o) AS o, sum(i) AS i, sum(f) AS f FROM (SELECT line, holder, destination, protocol, "
    "toStartOfHour(flows.first), count() AS n, sum(flows.octets_out) AS o, sum(flows.octets_in) AS i, sum(flows.findings) AS f "
    "FROM flows GROUP BY line, holder, destination, protocol, toStartOfHour(flows.first))"
)


def sums(store: Store) -> dict[str, list[object]]:
    """What must be equal in two stores of the same batches."""
    rows = {table: store.query(f"SELECT {what} FROM {table}").to_pylist()[0] for table, what in SUMS.items()}
    rows["flows by hour"] = store.query(BY_HOUR).to_pylist()[0]
    return {table: [str(value) for value in row.values()] for table, row in rows.items()}
