"""A case through a whole worker → its outcome: flows, findings, subjects and coverage as JSON lines that people can read and compare.

Left out: who made the batch and the catalogue's version (they change without the outcome changing), sensor reports, and fields that are
empty or zero. Lines of a record stand together, sorted.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scapy.utils import PcapWriter

from detectors.tokens import FixedKeys
from pipeline.schema import COVERAGE, FINDING, FLOW, SUBJECT, Record
from pipeline.schema.field import ADDRESS, IDENTITY, TIME
from sensor.line.assign import LineBook
from sensor.line.registry import read_registry
from sensor.outbox.batch import make_batch
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from sensor.stream.engine import StreamEngine
from sensor.worker import Worker
from tests.accuracy.replay import IDENTITY as MAKER
from tests.accuracy.replay import MemoryOutbox, catalogue, places
from tests.golden.case import Case

SHOWN = (FLOW, FINDING, SUBJECT, COVERAGE)
LEFT_OUT = {*(field.name for field in IDENTITY), "catalogue"}
SECRETS = np.arange(1, 9, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
KEY = bytes(range(16))


class KeepingOutbox(MemoryOutbox):
    """Keeps the rows of every record as lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, list[str]] = {record.name: [] for record in SHOWN}

    def put(self, record: Record, columns: Mapping[str, object], rows: int) -> None:
        """See `Outbox.put`."""
        super().put(record, columns, rows)
        if rows and record in SHOWN:
            batch = make_batch(record, MAKER, 1, columns, rows)
            fields = [field for field in record.fields if field.name not in LEFT_OUT]
            whole = [spell_column(batch[field.name], field.arrow) for field in fields]
            for values in zip(*whole, strict=True):
                named = {field.name: value for field, value in zip(fields, values, strict=True) if value not in ("", 0, [], None, False)}
                self.lines[record.name].append(json.dumps({"record": record.name, **named}, ensure_ascii=False))


def spell_column(column: Any, kind: Any) -> list[Any]:
    """Values as people write them."""
    if kind == ADDRESS:
        return [spell_address(octets) for octets in column.to_pylist()]
    if kind == TIME:
        return [spell_time(ns) for ns in column.cast("int64").to_pylist()]
    values: list[Any] = column.to_pylist()
    return [value.partition(" ")[0] if isinstance(value, str) and value.startswith("iptocc ") else value for value in values]


def spell_address(octets: bytes) -> str:
    """An address, v4-mapped ones as v4."""
    address = ipaddress.IPv6Address(octets)
    return str(address.ipv4_mapped or address)


def spell_time(ns: int) -> str:
    """UTC to the nanosecond."""
    moment = datetime.datetime.fromtimestamp(ns // 10**9, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09d}Z"


def run_case(case: Case) -> str:
    """The outcome; the case's packets are made here."""
    with tempfile.TemporaryDirectory() as folder:
        capture, lines = Path(folder) / "case.pcap", Path(folder) / "lines.toml"
        lines.write_text(case.lines, "utf-8")
        with PcapWriter(str(capture), linktype=case.link, nano=True) as writer:
            for packet in case.packets():
                writer.write(packet)
        source = open_capture(capture)
        outbox = KeepingOutbox()
        engine = StreamEngine(entries=256, windows=1 << 10, pieces=256, capacity=1 << 10)
        book = LineBook(read_registry(lines), places(None), source.interfaces)
        settings = SensorSettings(flows=4096, batch_packets=1024)
        worker = Worker(source, book, catalogue(), FixedKeys(KEY), outbox, settings, "golden", False, SECRETS, engine)
        worker.run()
        source.close()
    assert outbox.unexplained == 0
    return "".join(f"{line}\n" for record in SHOWN for line in sorted(outbox.lines[record.name]))
