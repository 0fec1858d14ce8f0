"""Columns → one Arrow batch of a record, as octets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.schema import Record
from pipeline.schema.field import ADDRESS, NAME, TIME


class Identity(NamedTuple):
    """Who made a batch; with the batch's sequence number it is the batch's identity."""

    sensor: str
    worker: int
    epoch: int


def make_batch(record: Record, identity: Identity, sequence: int, columns: Mapping[str, object], rows: int) -> pa.RecordBatch:
    """One batch of `rows` rows; `columns` holds every field of `record` but its identity.

    A column is a numpy array, a list, an Arrow array, or one value for all rows. KeyError names a missing or unknown field.
    """
    given = {"sensor": identity.sensor, "worker": identity.worker, "epoch": identity.epoch, "sequence": sequence, **columns}
    names = [field.name for field in record.fields]
    if set(given) != set(names):
        raise KeyError(f"{record.name}: missing {sorted(set(names) - set(given))}, unknown {sorted(set(given) - set(names))}")
    arrays = [_array(given[field.name], field.arrow, rows) for field in record.fields]
    return pa.RecordBatch.from_arrays(arrays, schema=record.arrow)


def encode(batch: pa.RecordBatch) -> bytes:
    """The batch as an Arrow IPC stream, compressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def addresses(pairs: np.ndarray) -> pa.Array:
    """uint64 (n, 2) in host order → 16-octet addresses."""
    octets = np.ascontiguousarray(pairs).astype(">u8").tobytes()
    return pa.FixedSizeBinaryArray.from_buffers(ADDRESS, len(pairs), [None, pa.py_buffer(octets)])


def coded(codes: np.ndarray, words: list[str]) -> pa.Array:
    """int (n,) indexes into `words` → a dictionary column."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string()))


def _array(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value
    if isinstance(value, np.ndarray):
        return pa.array(value.astype(np.int64), pa.int64()).cast(kind) if kind == TIME else pa.array(value, kind)
    if isinstance(value, list):
        return pa.array(value, kind)
    if kind == NAME:
        return coded(np.zeros(rows, np.int32), [str(value)])
    return pa.repeat(pa.scalar(value, kind), rows)
