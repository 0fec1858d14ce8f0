"""CSV for spreadsheets: a byte order mark for Chinese, and no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from fastapi.responses import StreamingResponse

from pipeline.search.output import cell


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The file, a line at a time."""
    yield b"\xef\xbb\xbf"
    for row in chain([head], rows):
        line = io.StringIO()
        csv.writer(line).writerow([cell(value) for value in row])
        yield line.getvalue().encode()


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    """A download called `name`."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(csv_lines(head, rows), media_type="text/csv; charset=utf-8", headers=headers)
