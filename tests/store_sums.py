"""What must be equal in two stores that took the same batches in."""

from __future__ import annotations

from pipeline.store.store import Store

SUMS = {
    "flows": "count(), sum(flows.octets_out), sum(flows.octets_in), sum(flows.packets_out), sum(flows.findings), uniqExact(flow_id)",
    "flows_1h": "sum(flows), sum(octets_out), sum(octets_in), sum(packets_out)",
    "findings": "count(), uniqExact(finding_id), sum(findings.count)",
    "findings_1m": "sum(findings), sum(hits)",
    "coverage": "count(), sum(octets), sum(packets)",
    "sensor_reports": "count(), sum(packets)",
    "subject_ledger": (
        "uniqCombined64Merge(17)(persons), toUnixTimestamp64Nano(min(first)), toUnixTimestamp64Nano(max(last)), "
        "uniqExact(line, holder, destination, signature, tier)"
    ),
    "batches": "uniqExact(record, sensor, worker, epoch), max(sequence)",
}


def sums(store: Store) -> dict[str, list[object]]:
    """What must be equal in two stores of the same batches."""
    rows = {table: store.query(f"SELECT {what} FROM {table}").to_pylist()[0] for table, what in SUMS.items()}
    return {table: [str(value) for value in row.values()] for table, row in rows.items()}
