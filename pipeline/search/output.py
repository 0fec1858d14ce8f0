"""An answer written down: a table for a terminal, CSV, JSON lines or Parquet, a page at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv
from rich.cells import cell_len

from pipeline.search.values import BEIJING_NS

FORMATS = ("table", "csv", "jsonl", "parquet")
LEAD_INS = ("=", "+", "-", "@", "\t", "\r")


class Writer(Protocol):
    """Takes tables of one schema, then is closed."""

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Write what is still to be written; the file stays open."""
        ...


def new_writer(form: str, to: IO[bytes]) -> Writer:
    """A writer of one of FORMATS."""
    writers: dict[str, Callable[[IO[bytes]], Writer]] = {"table": _Table, "csv": _Csv, "jsonl": _Jsonl, "parquet": _Parquet}
    return writers[form](to)


def cell(value: object) -> object:
    """For spreadsheets: text that begins like a formula gets a quote before it: server names come from the wire."""
    value = " ".join(value) if isinstance(value, list) else value
    return "'" + value if isinstance(value, str) and value.startswith(LEAD_INS) else value


def in_beijing(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """As `write_moment` has them; of many at once."""
    ns = in_ns(moments)
    here = pc.cast(pc.add(ns, BEIJING_NS), pa.timestamp("ns"))
    parts = pc.not_equal(pc.subtract(ns, pc.multiply(pc.divide(ns, 1000), 1000)), 0)
    exact, short = (pc.strftime(pc.cast(here, pa.timestamp(unit), safe=False), "%Y-%m-%dT%H:%M:%S+08:00") for unit in ("ns", "us"))
    return pc.if_else(parts, exact, short)


def in_ns(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    """Since 1970."""
    return moments.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())


def plain_rows(rows: pa.Table, moments: Callable[[pa.ChunkedArray], pa.ChunkedArray] = in_beijing) -> list[dict[str, Any]]:
    """Rows as text and numbers, moments as `moments` has them."""
    return list(_plain(rows, moments).to_pylist())


def _plain(rows: pa.Table, moments: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    columns = [moments(column) if pa.types.is_timestamp(column.type) else column for column in rows.columns]
    return pa.table(columns, names=rows.column_names)


def printable(value: object) -> str:
    """What a terminal can be shown: nothing from the wire steers it."""
    text = " ".join(value) if isinstance(value, list) else str(value)
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)


class _Table:
    """Columns as wide as the first page needs; later values that are longer push theirs aside."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._widths: list[int] = []

    def write(self, rows: pa.Table) -> None:
        lines = [[printable(value) for value in row.values()] for row in plain_rows(rows)]
        numbers = [pa.types.is_integer(t) or pa.types.is_floating(t) for t in rows.schema.types]
        if not self._widths:
            lines.insert(0, rows.column_names)
            self._widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            self._to.write((self._line(line, numbers) + "\n").encode())

    def _line(self, line: Sequence[str], numbers: Sequence[bool]) -> str:
        parts = []
        for text, width, right in zip(line, self._widths, numbers, strict=True):
            space = " " * (width - cell_len(text))
            parts.append(space + text if right else text + space)
        return "  ".join(parts).rstrip()

    def close(self) -> None:
        self._to.flush()


class _Csv:
    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._begun = False

    def write(self, rows: pa.Table) -> None:
        plain = _plain(rows, in_beijing)
        text = pa.BufferOutputStream()
        cells = pa.table([_cells(column) for column in plain.columns], names=plain.column_names)
        csv.write_csv(cells, text, csv.WriteOptions(include_header=not self._begun))
        self._begun = True
        self._to.write(text.getvalue())

    def close(self) -> None:
        self._to.flush()


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As `cell` has them; of many at once."""
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, " ")
    if not pa.types.is_string(column.type):
        return column
    leads = pc.match_substring_regex(column, f"^[{re.escape(''.join(LEAD_INS))}]")
    return pc.if_else(leads, pc.binary_join_element_wise("'", column, ""), column)


class _Jsonl:
    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._encode = json.JSONEncoder(ensure_ascii=False).encode

    def write(self, rows: pa.Table) -> None:
        self._to.writelines(self._encode(row).encode() + b"\n" for row in plain_rows(rows))

    def close(self) -> None:
        self._to.flush()


class _Parquet:
    """Moments stay timestamps, in ns and UTC."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._writer: Any = None

    def write(self, rows: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._to, rows.schema, compression="zstd")
        if rows.num_rows:
            self._writer.write_table(rows)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._to.flush()
