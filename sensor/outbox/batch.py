"""Columns → one Arrow batch of a record, as octets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.schema import Record
from pipeline.schema.field import ADDRESS, NAME, TIME


class Coded(NamedTuple):
    """A column of few words. The list may grow between two puts; it stays the same list."""

    codes: np.ndarray  # int (n,), indexes into words
    words: list[str]


class Ragged(NamedTuple):
    """A column of lists."""

    values: np.ndarray   # of all rows, one after another
    lengths: np.ndarray  # int (n,)


class Identity(NamedTuple):
    """Who made a batch; with the batch's sequence number it is the batch's identity."""

    sensor: str
    worker: int
    epoch: int


def make_batch(record: Record, identity: Identity, sequence: int, columns: Mapping[str, object], rows: int) -> pa.RecordBatch:
    """One batch of `rows` rows; `columns` holds every field of `record` but its identity.

    A column is a numpy array (of addresses uint64 (n, 2), high and low half), Coded, Ragged, a list, an Arrow array, or one value for all
    rows. KeyError names a missing or unknown field.
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


def merge(parts: Sequence[tuple[Mapping[str, object], int]]) -> tuple[dict[str, object], int]:
    """Columns put one after another (each with its rows) → the columns of all, and their rows."""
    names = parts[0][0].keys()
    for columns, _ in parts:
        if columns.keys() != names:
            raise KeyError(f"columns differ: {sorted(columns.keys() ^ names)}")
    rows = [n for _, n in parts]
    return {name: _merged([columns[name] for columns, _ in parts], rows) for name in names}, sum(rows)


def _merged(values: list[object], rows: list[int]) -> object:
    first = values[0]
    if len(values) == 1:
        return first
    kinds = {type(value) for value in values}
    if len(kinds) > 1 or (isinstance(first, Coded) and any(value.words is not first.words for value in values)):  # type: ignore[attr-defined]
        raise TypeError(f"a column of more than one kind or more than one list of words: {sorted(kind.__name__ for kind in kinds)}")
    if isinstance(first, np.ndarray):
        return np.concatenate(values)  # type: ignore[arg-type]
    if isinstance(first, list):
        return list(chain.from_iterable(values))  # type: ignore[arg-type]
    if isinstance(first, Coded):
        return Coded(np.concatenate([value.codes for value in values]), first.words)  # type: ignore[attr-defined]
    if isinstance(first, Ragged):
        return Ragged(*(np.concatenate(column) for column in zip(*values, strict=True)))  # type: ignore[call-overload]
    if all(value == first for value in values):
        return first
    return list(chain.from_iterable([value] * n for value, n in zip(values, rows, strict=True)))


def _array(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    if isinstance(value, pa.Array):
        return value
    if isinstance(value, Coded):
        return _coded(value)
    if isinstance(value, Ragged):
        edges = np.zeros(rows + 1, np.int32)
        np.cumsum(value.lengths, out=edges[1:])
        return pa.ListArray.from_arrays(pa.array(edges, pa.int32()), pa.array(value.values), type=kind)
    if isinstance(value, np.ndarray):
        if kind == ADDRESS:
            octets = np.ascontiguousarray(value).astype(">u8").tobytes()
            return pa.FixedSizeBinaryArray.from_buffers(ADDRESS, rows, [None, pa.py_buffer(octets)])
        return pa.array(value.astype(np.int64), pa.int64()).cast(kind) if kind == TIME else pa.array(value, kind)
    if isinstance(value, list):
        return pa.array(value, kind)
    if kind == NAME:
        return _coded(Coded(np.zeros(rows, np.int32), [str(value)]))
    return pa.repeat(pa.scalar(value, kind), rows)


def _coded(value: Coded) -> pa.Array:
    """A dictionary column; words that stand twice become one."""
    distinct = dict.fromkeys(value.words)
    number = {word: i for i, word in enumerate(distinct)}
    codes = np.array([number[word] for word in value.words], np.int32)[value.codes]
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(list(distinct), pa.string()))
