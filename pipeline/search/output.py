"""An answer written down: a table for a terminal, CSV, JSON lines or Parquet, a page at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from rich.cells import cell_len

from pipeline.search.values import write_moment

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
    return "'" + value if isinstance(value, str) and value.startswith(LEAD_INS) else value


def plain_rows(rows: pa.Table, moment: Callable[[int], object] = write_moment) -> list[dict[str, Any]]:
    """Rows as text and numbers; moments, from ns, in Beijing time with their offset, or as `moment` has them."""
    columns = []
    for column in rows.columns:
        if pa.types.is_timestamp(column.type):
            ns = column.cast(pa.timestamp("ns", "UTC")).cast(pa.int64()).to_pylist()
            columns.append([moment(at) for at in ns])
        else:
            columns.append(column.to_pylist())
    return [dict(zip(rows.column_names, values, strict=True)) for values in zip(*columns, strict=True)]


def printable(value: object) -> str:
    """What a terminal can be shown: nothing from the wire steers it."""
    return "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in str(value))


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
        text = io.StringIO()
        writer = csv.writer(text)
        if not self._begun:
            self._begun = True
            writer.writerow(rows.column_names)
        writer.writerows([cell(value) for value in row.values()] for row in plain_rows(rows))
        self._to.write(text.getvalue().encode())

    def close(self) -> None:
        self._to.flush()


class _Jsonl:
    def __init__(self, to: IO[bytes]) -> None:
        self._to = to

    def write(self, rows: pa.Table) -> None:
        self._to.writelines(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in plain_rows(rows))

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
