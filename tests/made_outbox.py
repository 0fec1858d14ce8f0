"""Outboxes as several workers leave them: made-up batches of every record, the same for the same seed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT, SUBJECT, Record
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox

START_NS = 1_763_856_000 * 10**9  # 23 November 2025, 00:00 UTC
MONTHS_NS = 100 * 86_400 * 10**9  # a batch lands in up to four partitions
WORKERS = (Identity("beijing", 0, 7), Identity("beijing", 1, 2**64 - 5), Identity("replay-0123456789abcdef", 0, 2**60))
WORDS = {"line": ("L-1", "L-2"), "holder": ("91110105MA01BCHN7A", "91110105MA02HLPH72"), "destination": ("SG", "DE", "HK"),
         "signature": ("resident_id", "mobile"), "level": ("pi", "sensitive"), "reason": ("wire", "inspected"), "protocol": ("tls", "http")}
LEAST = {"tier": (1, 3), "findings": (0, 4), "key_epoch": (2025, 2026), "worker": (0, 0), "octets": (1, 9_000)}


def _value(rng: random.Random, name: str, kind: pa.DataType) -> Any:
    if pa.types.is_timestamp(kind):
        return START_NS + rng.randrange(MONTHS_NS)
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return rng.choice(WORDS.get(name, ("", "x")))
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return []
    if pa.types.is_fixed_size_binary(kind):
        return rng.randbytes(16)
    if pa.types.is_boolean(kind):
        return rng.random() < 0.5
    low, high = LEAST.get(name, (0, 200))
    return rng.getrandbits(64) if name == "token" else rng.randint(low, high)


def make_columns(rng: random.Random, record: Record, rows: int) -> dict[str, object]:
    columns: dict[str, object] = {}
    for field in record.fields[4:]:
        values = [_value(rng, field.name, field.arrow) for _ in range(rows)]
        text = pa.types.is_dictionary(field.arrow)
        columns[field.name] = pa.array(values, pa.string()).dictionary_encode() if text else pa.array(values, field.arrow)
    return columns


def fill_outboxes(data: Path, seed: int, rounds: int = 3) -> int:
    """Write the outboxes of three workers; how many batches."""
    batches = 0
    for identity in WORKERS:
        rng, outbox = random.Random(f"{seed} {identity}"), Outbox(data / "outbox", identity)
        for _ in range(rounds):
            for record, rows in ((FLOW, 60), (FINDING, 20), (SUBJECT, 80), (COVERAGE, 30), (SENSOR_REPORT, 1)):
                outbox.put(record, make_columns(rng, record, rows), rows)
            outbox.flush()
            batches += 5
        outbox.close()
    return batches
