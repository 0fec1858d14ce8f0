"""Made-up records of the demonstration's lines, written to an outbox as a sensor would; hostile names among them.

python tests/browser/made_records.py DATA
"""

from __future__ import annotations

import ipaddress
import random
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT, SUBJECT, Record
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox

HOSTILE = "<script>window.hacked=1</script>.example"
SERVERS = (
    "dms-sg.example.net",
    "orders.example.com",
    "telemetry.example.net",
    "ctms.example.org",
    "cdn.example.com",
    "git.example.jp",
    "www.example.com",
)
LINES = (
    ("BJ-SIN-07", "91110105MA01BCHN7A", "SG", 21, True),
    ("BJ-FRA-02", "91110105MA02HLPH72", "DE", 22, True),
    ("BJ-HKG-11", "91110105MA04RHHR39", "HK", 24, True),
    ("BJ-NRT-05", "91110105MA05YNRJ79", "JP", 25, False),
)
KINDS = (("resident_id", "sensitive", "身份"), ("mobile", "pi", "基本"), ("name", "pi", "基本"))
EXCERPTS = ['{"owner":"⟦name:李**⟧","id":"⟦resident_id:110*************2X⟧"}', '"note":"<img src=x onerror=window.hacked=2>"']
MINUTE_NS = 60 * 10**9
SPAN_NS = 3 * 3600 * 10**9


def _blank(kind: pa.DataType) -> Any:
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return ""
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return []
    return b"\0" * 16 if pa.types.is_fixed_size_binary(kind) else False if pa.types.is_boolean(kind) else 0


def _put(outbox: Outbox, record: Record, rows: list[dict[str, Any]]) -> None:
    """Rows by name; what a row does not name is blank."""
    columns = {}
    for field in record.fields[4:]:
        values = [row.get(field.name, _blank(field.arrow)) for row in rows]
        text = pa.types.is_dictionary(field.arrow)
        columns[field.name] = pa.array(values, pa.string()).dictionary_encode() if text else pa.array(values, field.arrow)
    outbox.put(record, columns, len(rows))


def _address(text: str) -> bytes:
    return ipaddress.ip_address("::ffff:" + text).packed


def write_records(data: Path, flows: int = 400, seed: int = 7) -> None:
    """About three hours of traffic up to now."""
    rng, now_ns = random.Random(seed), time.time_ns()
    rows: dict[str, list[dict[str, Any]]] = {record.name: [] for record in (FLOW, FINDING, SUBJECT, COVERAGE)}
    for number in range(flows):
        _one_flow(rng, rows, 10**18 + number, now_ns - int(rng.random() * SPAN_NS))
    outbox = Outbox(data / "outbox", Identity("made", 0, now_ns))
    for record in (FLOW, FINDING, SUBJECT, COVERAGE):
        _put(outbox, record, rows[record.name])
    _put(
        outbox,
        SENSOR_REPORT,
        [{"at": now_ns, "source": "made-up", "version": "0", "packets": flows * 9, "octets": 10**8, "kernel_drops": 3}],
    )
    outbox.close()


def _one_flow(rng: random.Random, rows: dict[str, list[dict[str, Any]]], flow: int, at_ns: int) -> None:
    line, holder, place, net, content = LINES[rng.randrange(len(LINES))]
    sealed = not content or rng.random() < 0.4
    payload = rng.randrange(2_000, 400_000)
    where = {"line": line, "holder": holder, "destination": place}
    ends = {"src_ip": _address(f"10.{net}.0.{rng.randrange(1, 200)}"), "dst_ip": _address(f"10.1{net}.8.{rng.randrange(1, 9)}")}
    server = HOSTILE if flow % 5 == 0 else SERVERS[flow % 7]
    found = [] if sealed or rng.random() < 0.7 else list(KINDS)
    seen = 0 if sealed else payload
    rows["flows"].append(
        {
            **where,
            **ends,
            "flow_id": flow,
            "first": at_ns,
            "last": at_ns + 10**9,
            "domestic_end": "src",
            "place_source": "registry",
            "src_port": 40_000,
            "dst_port": 443 if sealed else 80,
            "ip_protocol": 6,
            "octets_out": payload + 900,
            "octets_in": 700,
            "packets_out": 9,
            "packets_in": 5,
            "handshake_us": 12_400 if sealed else 0,
            "end_reason": "fin",
            "protocol": "tls" if sealed else "http",
            "server_name": server,
            "server_names": [server],
            "payload_out": payload,
            "inspected_out": seen,
            "encrypted_out": payload if sealed and content else 0,
            "findings": 20 * len(found),
        }
    )
    for place_in_flow, (kind, level, group) in enumerate(found):
        rows["findings"].append(
            {
                **where,
                **ends,
                "finding_id": flow * 8 + place_in_flow,
                "flow_id": flow,
                "first": at_ns,
                "last": at_ns,
                "dst_port": 80,
                "server_name": server,
                "signature": kind,
                "level": level,
                "class": group,
                "tier": 3,
                "evidence": "seen",
                "count": 20,
                "subjects": 20,
                "excerpts": EXCERPTS,
                "offsets": [64, 512],
                "decoder_path": ["http", "gzip", "utf-8"],
                "catalogue": "made-up",
            }
        )
        rows["subjects"] += [
            {
                **where,
                "at": at_ns,
                "level": level,
                "signature": kind,
                "tier": 3,
                "principal": kind == "resident_id",
                "key_epoch": 2026,
                "token": rng.getrandbits(63),
            }
            for _ in range(20)
        ]
    minute = {**where, "minute": at_ns - at_ns % MINUTE_NS, "direction": "out"}
    fate = "inspected" if not sealed else "encrypted" if content else "skipped_policy"
    rows["coverage"] += [
        {**minute, "reason": reason, "octets": octets} for reason, octets in (("wire", payload + 900), ("headers", 900), (fate, payload))
    ]


if __name__ == "__main__":
    write_records(Path(sys.argv[1]))
