"""What a store holds that pages are asked of: made flows, findings on the demonstration's lines, coverage; and flows that go on coming."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.ingest.body import Identity
from pipeline.schema import COVERAGE, FINDING, FLOW, SUBJECT, Record
from pipeline.store.store import Store
from sensor.outbox.batch import encode
from tests.bench.ingest import WORKERS, of
from tests.bench.made_flows import BEGIN_NS, DAY_NS, DAYS, MAPPED, make_flows
from tests.conftest import ROOT

END_NS = BEGIN_NS + DAYS * DAY_NS
MINUTE_NS = 60 * 10**9
STRETCH_ROWS = 400_000  # rows in one insert, as ingest's
MESSAGES_A_SECOND = 10
SAMPLES = 300
KINDS = (("resident_id", "sensitive"), ("mobile", "pi"), ("name", "pi"))
FLOWS_A_DAY, PERSONS = 4, 20  # with findings, on each line; persons of each kind in each of them
REASONS = (("wire", 900_000), ("headers", 60_000), ("inspected", 500_000), ("encrypted", 340_000))


class Asked(NamedTuple):
    """What may be asked for and is there: as unevenly as the flows hold it."""

    addresses: list[str]
    servers: list[str]


def fill(store: Store, rows: int) -> Asked:
    """Put `rows` flows of DAYS into the store, findings of each day, coverage of each minute (fewer where the flows are few)."""
    asked: list[Asked] = []
    for i, made in enumerate(make_flows(rows, STRETCH_ROWS)):
        store.insert(FLOW.name, made.batch, f"stock-{i}")
        asked.append(_sample(made.batch, i))
    for record, batch in (*_found(), (COVERAGE, _coverage(min(DAYS * 1440, rows // 50)))):
        store.insert(record.name, batch, f"stock-{record.name}")
    return Asked(*(sum(lists, []) for lists in zip(*asked, strict=True)))


def make_messages(rate: int, seconds: int) -> list[tuple[Identity, int, int, bytes]]:
    """Flows from END_NS on, `rate` a second, as sensors' messages: identity, sequence, rows, body. Made now: sending costs little."""
    rows, messages = max(1, rate // MESSAGES_A_SECOND), []
    for made in make_flows(rate * seconds, STRETCH_ROWS, seed=2):
        for start in range(0, made.batch.num_rows, rows):
            number = len(messages)
            identity = Identity(FLOW.name, f"gateway-{number % WORKERS}", 0, 7)
            part = of(made.batch.slice(start, rows), identity, number // WORKERS + 1)
            body = encode(_at(part, END_NS + number * 10**9 // MESSAGES_A_SECOND, 10**9 // rate))
            messages.append((identity, number // WORKERS + 1, part.num_rows, body))
    return messages


def _at(batch: pa.RecordBatch, first_ns: int, step_ns: int) -> pa.RecordBatch:
    """The same flows, beginning then, one each `step_ns`."""
    first, last = (batch.column(name).cast(pa.int64()).to_numpy() for name in ("first", "last"))
    moved = first_ns + np.arange(len(first)) * step_ns
    own = {"first": pa.array(moved, FLOW.field("first").arrow), "last": pa.array(moved + last - first, FLOW.field("last").arrow)}
    return pa.RecordBatch.from_arrays([own.get(name, batch.column(name)) for name in batch.schema.names], schema=batch.schema)


def _sample(batch: pa.RecordBatch, seed: int) -> Asked:
    chosen = np.random.default_rng(seed).integers(0, batch.num_rows, SAMPLES)
    ends = [ipaddress.IPv6Address(batch.column(("src_ip", "dst_ip")[i % 2])[row].as_py()) for i, row in enumerate(chosen.tolist())]
    names = [batch.column("server_name")[row].as_py() for row in chosen.tolist()]
    return Asked([str(end.ipv4_mapped or end) for end in ends], [name for name in names if name])


def _lines() -> list[dict[str, str]]:
    """The demonstration's lines whose content may be read: their registry makes alerts of findings on them."""
    told = tomllib.loads((ROOT / "deploy" / "demo" / "lines.toml").read_text("utf-8"))["line"]
    return [
        {"line": one["id"], "holder": one["holder"]["usci"], "destination": one["far"]} for one in told if one["inspection"] == "content"
    ]


def _found() -> Iterator[tuple[Record, pa.RecordBatch]]:
    """Findings, and tokens of the persons in them; an alert a line and day comes of it."""
    draw = np.random.default_rng(3)
    findings: list[dict[str, Any]] = []
    subjects: list[dict[str, Any]] = []
    for day in range(DAYS):
        for number, where in enumerate(_lines() * FLOWS_A_DAY):
            at = BEGIN_NS + day * DAY_NS + int(draw.integers(0, DAY_NS))
            flow = int(draw.integers(1, 2**63))
            ends = {name: _packed(0x0A00_0000 + number * 65_536 + int(draw.integers(0, 250))) for name in ("src_ip", "dst_ip")}
            for i, (signature, level) in enumerate(KINDS):
                kind = {**where, "signature": signature, "level": level, "tier": 3}
                more = {"dst_port": 80, "server_name": f"api{number % 7}.example.net", "evidence": "seen", "count": 20, "subjects": PERSONS}
                findings.append({**kind, **ends, **more, "finding_id": flow + i, "flow_id": flow, "first": at, "last": at})
                tokens = draw.integers(0, 2**63, PERSONS).tolist()
                subjects += [{**kind, "at": at, "principal": i == 0, "key_epoch": 2026, "token": token} for token in tokens]
    for record, rows in ((FINDING, findings), (SUBJECT, subjects)):
        yield record, _batch(record, {name: [row[name] for row in rows] for name in rows[0]}, len(rows))


def _coverage(minutes: int) -> pa.RecordBatch:
    """The last `minutes` up to END_NS of each line and reason."""
    lines = _lines()
    n = minutes * len(lines) * len(REASONS)
    row = np.arange(n)
    line, reason = row // len(REASONS) % len(lines), row % len(REASONS)
    minute = (END_NS - minutes * MINUTE_NS + row // (len(REASONS) * len(lines)) * MINUTE_NS) // 10**9
    coded = {name: _coded(line, [one[name] for one in lines]) for name in ("line", "holder", "destination")}
    octets = np.array([octets for _, octets in REASONS])[reason]
    given = {"minute": pa.array(minute).cast(pa.timestamp("s", "UTC")).cast(COVERAGE.field("minute").arrow), "octets": pa.array(octets)}
    return _batch(
        COVERAGE, {**coded, **given, "direction": _coded(row * 0, ["out"]), "reason": _coded(reason, [name for name, _ in REASONS])}, n
    )


def _batch(record: Record, columns: dict[str, Any], n: int) -> pa.RecordBatch:
    """`columns` by name, lists or arrays; what is not named is blank."""
    arrays = []
    for field in record.fields:
        values = columns.get(field.name)
        if isinstance(values, pa.Array):
            arrays.append(values.cast(field.arrow))
            continue
        if pa.types.is_dictionary(field.arrow):
            arrays.append(pa.array(values or [""] * n, pa.string()).dictionary_encode())
        else:
            arrays.append(pa.array(values or [_blank(field.arrow)] * n, field.arrow))
    return pa.RecordBatch.from_arrays(arrays, schema=record.arrow)


def _blank(kind: pa.DataType) -> Any:
    """Of any type a field has."""
    if pa.types.is_list(kind):
        return []
    return "" if pa.types.is_string(kind) else False if pa.types.is_boolean(kind) else 0


def _coded(codes: np.ndarray, words: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words))


def _packed(v4: int) -> bytes:
    return (int(MAPPED) | v4).to_bytes(16, "big")
