"""Arrow columns → columns of ClickHouse's native protocol, by buffers instead of by values.

clickhouse-driver takes lists and tuples; a row of flows is 44 of them. Its connection, handshake and packets are used as they are, and only
the columns of an inserted block are written here: a fixed-width column is its buffer.
Source: ClickHouse, interfaces/native "Native format", and clickhouse_driver/columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_driver.block import BlockInfo
from clickhouse_driver.streams.native import BlockOutputStream
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

PLAIN = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"}
KEYS_VERSION = (1).to_bytes(8, "little")
ADDITIONAL_KEYS, UPDATE_DICTIONARY = 1 << 9, 1 << 10
KEY_TYPES = (np.uint8, np.uint16, np.uint32, np.uint64)
WITH_SERIALIZATION = 54454  # protocol revision from which a column says how it is serialised


class ArrowBlock:
    """What the driver sends as a block: Arrow rows, and the types the server asked for."""

    types_check = False

    def __init__(self, rows: pa.Table, types: list[tuple[str, str]]) -> None:
        self.info, self.columns_with_types = BlockInfo(), types
        self.num_columns, self.num_rows = len(types), rows.num_rows
        self.columns = [rows.column(name).chunks for name, _ in types]


class ArrowOutputStream(BlockOutputStream):  # type: ignore[misc]
    """The driver's stream of blocks, which takes an ArrowBlock too."""

    def write(self, block: Any) -> None:
        """Write one block."""
        if not isinstance(block, ArrowBlock):
            super().write(block)
            return
        block.info.write(self.fout)
        write_varint(block.num_columns, self.fout)
        write_varint(block.num_rows, self.fout)
        for (name, kind), chunks in zip(block.columns_with_types, block.columns, strict=True):
            write_binary_str(name, self.fout)
            write_binary_str(kind, self.fout)
            if self.context.server_info.used_revision >= WITH_SERIALIZATION:
                write_binary_uint8(0, self.fout)
            for octets in encode_column(chunks, kind):
                self.fout.write(octets)
        self.finalize()


def encode_column(chunks: Sequence[pa.Array], kind: str) -> Iterator[bytes]:
    """A column without nulls as the octets of ClickHouse type `kind`, piece by piece; TypeError for a type that no record has.

    `chunks` are its rows one after another, whatever their dictionaries.
    """
    if kind.startswith("LowCardinality("):
        yield from _low_cardinality(chunks)
    elif kind.startswith("SimpleAggregateFunction("):
        yield from encode_column(chunks, kind[kind.index(",") + 1 : -1].strip())
    elif kind.startswith("Array("):
        ends, values = _lists(chunks)
        yield from ends
        yield from encode_column(values, kind[6:-1])
    elif kind.startswith("Map("):
        keys, values_kind = re.split(r",\s*", kind[4:-1], maxsplit=1)
        pair = pa.struct([("key", chunks[0].type.key_type), ("value", chunks[0].type.item_type)]) if chunks else pa.null()
        ends, pairs = _lists([chunk.cast(pa.list_(pair)) for chunk in chunks])
        yield from ends
        yield from encode_column([pair.field("key") for pair in pairs], keys)
        yield from encode_column([pair.field("value") for pair in pairs], values_kind)
    else:
        encode = _strings if kind == "String" else lambda chunk: _fixed(chunk, kind)
        yield from map(encode, chunks)


def _fixed(column: pa.Array, kind: str) -> bytes:
    """Values that all have one width."""
    if kind == "Bool":
        return bytes(np.asarray(column.to_numpy(zero_copy_only=False), np.uint8).tobytes())
    if kind == "IPv6":
        return bytes(column.buffers()[1][column.offset * 16 : (column.offset + len(column)) * 16])
    if kind.startswith("DateTime64(9"):
        return bytes(column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64()).to_numpy().tobytes())
    if kind.startswith("DateTime64("):
        digits = int(kind[11])
        return bytes((column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64()).to_numpy() // 10 ** (9 - digits)).tobytes())
    if kind.startswith("DateTime"):
        seconds = pc.floor_temporal(column, unit="second").cast(pa.timestamp("s", column.type.tz)).cast(pa.int64()).to_numpy()
        return bytes(seconds.astype(np.uint32).tobytes())
    if kind not in PLAIN:
        raise TypeError(f"no record has a column of type {kind}")
    return bytes(column.to_numpy(zero_copy_only=False).astype(kind.lower(), copy=False).tobytes())


def _low_cardinality(chunks: Sequence[pa.Array]) -> Iterator[bytes]:
    coded = [chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode() for chunk in chunks]
    if len(coded) > 1:
        coded = pa.chunked_array(coded).unify_dictionaries().chunks
    yield KEYS_VERSION
    if not sum(map(len, coded)):
        return
    words = coded[0].dictionary
    kind = next(i for i, one in enumerate(KEY_TYPES) if len(words) < 1 << 8 * np.dtype(one).itemsize)
    yield np.array([kind | ADDITIONAL_KEYS | UPDATE_DICTIONARY, len(words)], np.int64).tobytes()
    yield _strings(words)
    yield sum(map(len, coded)).to_bytes(8, "little")
    for chunk in coded:
        yield chunk.indices.to_numpy(zero_copy_only=False).astype(KEY_TYPES[kind]).tobytes()


def _lists(chunks: Sequence[pa.Array]) -> tuple[list[bytes], list[pa.Array]]:
    """Ends of the lists as uint64, counted through all chunks, and all their values."""
    ends, values, before = [], [], 0
    for chunk in chunks:
        offsets = chunk.offsets.to_numpy().astype(np.uint64)
        if len(offsets):
            ends.append((offsets[1:] - offsets[0] + np.uint64(before)).tobytes())
            values.append(chunk.values[int(offsets[0]) : int(offsets[-1])])
            before += len(values[-1])
    return ends, values


def _strings(column: pa.Array) -> bytes:
    """Each string behind its length (LEB128); moved by one gather, whatever the lengths."""
    if not len(column):
        return b""
    offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4).astype(np.int64)
    lengths, data = np.diff(offsets), column.buffers()[2]
    heads = 1 + np.sum([lengths >> (7 * i) > 0 for i in range(1, 5)], axis=0)  # octets of the length
    starts = np.cumsum(heads + lengths) - lengths  # of each string's octets
    out = np.empty(int(starts[-1] + lengths[-1]), np.uint8)
    for i in range(int(heads.max())):
        rows = np.flatnonzero(heads > i) if i else slice(None)
        more = np.where(heads[rows] > i + 1, 0x80, 0)
        out[starts[rows] - heads[rows] + i] = (lengths[rows] >> (7 * i)) & 0x7F | more
    if data is not None and offsets[-1] > offsets[0]:
        octets = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
        is_head = np.zeros(len(out), bool)
        for i in range(int(heads.max())):
            rows = np.flatnonzero(heads > i) if i else slice(None)
            is_head[starts[rows] - heads[rows] + i] = True
        out[~is_head] = octets
    return bytes(out.tobytes())
