"""GET /api/flows.csv, .jsonl, .parquet: every row of a question as a file, streamed a page at a time in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

from dashboards.access.audit import note
from dashboards.api.allowed import viewer_of
from dashboards.api.flow_columns import fields_of, read_columns
from dashboards.api.flows import asked_search
from dashboards.desk import Desk
from pipeline.search.fields import Field
from pipeline.search.output import new_writer
from pipeline.search.run import Search

TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}
BEGINNING = {"csv": b"\xef\xbb\xbf"}  # spreadsheets take Chinese for something else without it
ALL_ROWS = 2**62


class _Taken(io.RawIOBase):
    """A file that gives away what was written to it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, octets: object) -> int:
        part = bytes(octets)  # type: ignore[call-overload]
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def file_parts(search: Search, columns: Sequence[Field], form: str, rows: int = ALL_ROWS) -> Iterator[bytes]:
    """The file in parts; at most one page of rows is in memory."""
    taken = _Taken()
    writer = new_writer(form, taken)  # type: ignore[arg-type]
    yield BEGINNING.get(form, b"")
    for number, page in enumerate(search.rows(columns, rows)):
        if page.rows.num_rows or not number:
            writer.write(page.rows)
            yield taken.take()
    writer.close()
    yield taken.take()


def add_flow_files(app: FastAPI, desk: Desk) -> None:
    """The route; Starlette asks for the parts in its threads for blocking iterators, so a reader who is slow holds no thread of ours."""

    @app.get("/api/flows.{form}")
    async def export(request: Request, form: str, cols: str = "") -> StreamingResponse:
        viewer = viewer_of(request, "flows")
        if form not in TYPES:
            raise HTTPException(404, f"{form} is none of {', '.join(TYPES)}")
        _, search = await asked_search(desk, viewer, request.query_params)
        if search is None:
            raise HTTPException(404, "the store has no flows yet")
        await desk.ask(note, desk.engine, viewer.account, "export", f"flows.{form}?{request.url.query}")
        headers = {
            "content-disposition": f'attachment; filename="flows.{form}"',
            "cache-control": "no-store",
            "content-encoding": "identity",  # packed on the event loop a file of millions of rows would stall every page
        }
        return StreamingResponse(file_parts(search, fields_of(read_columns(cols)), form), media_type=TYPES[form], headers=headers)
