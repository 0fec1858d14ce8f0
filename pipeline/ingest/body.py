"""One batch's octets → an Arrow batch that the store can take, or the reason why not; of an older and a newer sensor too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from prometheus_client import Counter

from pipeline.schema import RECORDS, Record
from pipeline.schema.field import IDENTITY

# What pyarrow raises over damaged octets: its own errors, and some of Python's (a length gone wild asks for all memory there is).
DAMAGE = (pa.ArrowException, OSError, MemoryError, OverflowError, StopIteration)
UNKNOWN = Counter("ingest_unknown_fields_total", "values of fields that this version does not know: a newer sensor's", ["record"])
EMPTY = Counter("ingest_empty_fields_total", "values of fields that the sensor did not know: an older one's", ["record"])
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
    HEADERS = "headers"        # of the bus: they do not say whose batch it is


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
    _validate(batch)
    batch = _conform(batch, record)
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


def _validate(batch: pa.RecordBatch) -> None:
    try:
        batch.validate(full=True)  # offsets, dictionary indexes, UTF-8: the engine would read what they point at
    except DAMAGE as error:
        raise PoisonError(Reason.VALUES, str(error)) from error


def _conform(batch: pa.RecordBatch, record: Record) -> pa.RecordBatch:
    """The record's columns, in its order. An older sensor's missing fields are empty, a newer one's additional ones left; both are counted.

    What cannot be another version of the record: a field twice, a field of another type, a batch without its identity.
    """
    names = batch.schema.names
    if len(set(names)) < len(names):
        raise PoisonError(Reason.COLUMNS, f"one stands twice in {record.name}")
    for field in record.fields:
        if field.name not in names and field in IDENTITY:
            raise PoisonError(Reason.COLUMNS, f"{record.name} without {field.name}")
        if field.name in names and batch.schema.field(field.name).type != field.arrow:
            raise PoisonError(Reason.COLUMNS, f"{field.name} is {batch.schema.field(field.name).type} instead of {field.arrow}")
    known = {field.name for field in record.fields}
    UNKNOWN.labels(record.name).inc(len(set(names) - known) * batch.num_rows)
    EMPTY.labels(record.name).inc(len(known - set(names)) * batch.num_rows)
    columns = [batch.column(f.name) if f.name in names else empty(f.arrow, batch.num_rows) for f in record.fields]
    return pa.RecordBatch.from_arrays(columns, schema=record.arrow)


def empty(kind: pa.DataType, rows: int) -> pa.Array:
    """A column of nothing: zeros, empty texts, empty lists."""
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([""], kind.value_type))
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return pa.array([[]] * rows, kind)
    value = "" if pa.types.is_string(kind) else bytes(kind.byte_width) if pa.types.is_fixed_size_binary(kind) else 0
    return pa.repeat(pa.scalar(value).cast(kind) if not isinstance(value, bytes) else pa.scalar(value, kind), rows)


def _check_values(batch: pa.RecordBatch) -> None:
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
