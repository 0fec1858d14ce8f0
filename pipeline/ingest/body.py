"""One batch's octets → an Arrow batch that the store can take, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.schema import RECORDS, Record

# What pyarrow raises over damaged octets: its own errors, and some of Python's (a length gone wild asks for all memory there is).
DAMAGE = (pa.ArrowException, OSError, MemoryError, OverflowError, StopIteration)
SENSOR = re.compile(r"[A-Za-z0-9._-]{1,80}")  # it stands in deduplication tokens and file names
BY_NAME: Mapping[str, Record] = {record.name: record for record in RECORDS}


class Identity(NamedTuple):
    """Who made a batch, and of what record; its batches are numbered from 1 without a hole."""

    record: str
    sensor: str
    worker: int
    epoch: int


class Reason(StrEnum):
    """Why a batch was put aside."""

    RECORD = "record"          # of a record that is none of ours
    UNREADABLE = "unreadable"  # not one Arrow batch, compressed or not
    COLUMNS = "columns"        # not its record's
    VALUES = "values"          # missing, or not what their type allows
    IDENTITY = "identity"      # rows of another batch than it says


class PoisonError(Exception):
    """A batch that can never be stored."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


def decode(identity: Identity, sequence: int, body: bytes) -> pa.RecordBatch:
    """The batch in an outbox body, checked to the last value; PoisonError says what is wrong with it."""
    record = BY_NAME.get(identity.record)
    if record is None:
        raise PoisonError(Reason.RECORD, repr(identity.record))
    batch = _read(body)
    if batch.schema.names != record.arrow.names or batch.schema.types != record.arrow.types:
        raise PoisonError(Reason.COLUMNS, f"not those of {record.name}")
    _check_values(batch)
    _check_identity(batch, identity, sequence)
    return batch


def _read(body: bytes) -> pa.RecordBatch:
    try:
        with pa.ipc.open_stream(body) as reader:
            batches = list(reader)
    except DAMAGE as error:
        raise PoisonError(Reason.UNREADABLE, f"{type(error).__name__}: {error}") from error
    if len(batches) != 1:
        raise PoisonError(Reason.UNREADABLE, f"{len(batches)} batches in one body")
    return batches[0]


def _check_values(batch: pa.RecordBatch) -> None:
    try:
        batch.validate(full=True)  # offsets, dictionary indexes, UTF-8: the engine would read what they point at
    except DAMAGE as error:
        raise PoisonError(Reason.VALUES, str(error)) from error
    missing = [name for name, column in zip(batch.schema.names, batch.columns, strict=True) if column.null_count]
    if missing:
        raise PoisonError(Reason.VALUES, f"missing in {', '.join(missing)}")


def _check_identity(batch: pa.RecordBatch, identity: Identity, sequence: int) -> None:
    if not SENSOR.fullmatch(identity.sensor):
        raise PoisonError(Reason.IDENTITY, f"no sensor's name: {identity.sensor!r}")
    told = {"sensor": identity.sensor, "worker": identity.worker, "epoch": identity.epoch, "sequence": sequence}
    for name, value in told.items():
        found = pc.unique(batch.column(name)).to_pylist()
        if found != [value] and batch.num_rows:
            raise PoisonError(Reason.IDENTITY, f"{name} {found[:3]} instead of {value}")
