"""Captures through a whole worker, in memory: what its records are made of can be looked at, nothing reaches a disk."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from detectors.compile import Catalogue, load_catalogue
from detectors.tokens import FixedKeys
from pipeline.schema import COVERAGE, RECORDS, Record
from sensor.coverage.ledger import BESIDE_THE_WIRE
from sensor.line.assign import Assignment, Fresh, LineBook
from sensor.line.assign_kernels import SRC
from sensor.line.places import Places
from sensor.line.registry import Holder, LegalBasis, Line, Registry
from sensor.outbox.batch import Identity, make_batch
from sensor.outbox.queue import Outbox
from sensor.packet.batch import Source
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from sensor.stream.engine import StreamEngine
from sensor.worker import Worker

SETTINGS = SensorSettings(flows=1 << 14, batch_packets=4096)
IDENTITY = Identity("accuracy", 0, 1)


class MemoryOutbox(Outbox):
    """Batches are made as for the disk, counted, and let go; of coverage the sums by reason stay."""

    def __init__(self) -> None:
        self.identity = IDENTITY
        self.rows = {record.name: 0 for record in RECORDS}
        self.coverage: Counter[str] = Counter()

    def put(self, record: Record, columns: Mapping[str, object], rows: int) -> None:
        """Make the batch; see `Outbox.put`."""
        if rows == 0:
            return
        batch = make_batch(record, IDENTITY, 1, columns, rows)
        batch.validate()
        self.rows[record.name] += rows
        if record is COVERAGE:
            for reason, octets in zip(batch["reason"].cast(pa.string()).to_pylist(), batch["octets"].to_pylist(), strict=True):
                self.coverage[reason] += octets

    def flush(self, names: list[str] | None = None) -> None:
        """Nothing waits."""

    @property
    def octets(self) -> int:
        """Nothing is on a disk."""
        return 0

    def close(self) -> None:
        """Nothing is open."""

    @property
    def unexplained(self) -> int:
        """Octets on the wire less those with a reason."""
        beside = {str(reason) for reason in BESIDE_THE_WIRE}
        return self.coverage["wire"] - sum(n for reason, n in self.coverage.items() if reason != "wire" and reason not in beside)


class EveryFlow(LineBook):
    """Every flow goes out from its opener and may be looked into: measures protocols where nothing is domestic."""

    def assign(self, fresh: Fresh) -> Assignment:
        """See `LineBook.assign`."""
        given = super().assign(fresh)
        return given._replace(domestic_end=np.full_like(given.domestic_end, SRC), content=np.ones_like(given.content))


def measuring_registry() -> Registry:
    """One line that takes everything, with a legal basis at any time."""
    always = LegalBasis.model_validate(
        {"kind": "authority", "reference": "measurement", "from": datetime.date(1970, 1, 1), "until": datetime.date(2262, 1, 1)}
    )
    holder = Holder(name="测量", name_en="Measurement", usci="91310000MA1FL00006")
    return Registry(line=[Line(id="all", holder=holder, any=True, legal_basis=always, inspection="content")])


@cache
def catalogue() -> Catalogue:
    """The catalogue, compiled once."""
    return load_catalogue()


@cache
def places(mmdb: Path | None) -> Places:
    """The geography, opened once."""
    return Places(mmdb)


def open_worker(path: Path, mmdb: Path | None = None, every_flow: bool = False) -> tuple[Worker, MemoryOutbox]:
    """A small worker over the capture at `path`; ValueError where that is no capture."""
    source: Source = open_capture(path)
    book = (EveryFlow if every_flow else LineBook)(measuring_registry(), places(mmdb), source.interfaces)
    outbox = MemoryOutbox()
    engine = StreamEngine(entries=1 << 13, windows=1 << 10, pieces=1 << 11, capacity=1 << 11)
    secrets = np.arange(1, 9, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    worker = Worker(source, book, catalogue(), FixedKeys(), outbox, SETTINGS, path.name, False, secrets, engine)
    return worker, outbox
