"""GET /api/flows and /api/flows/complete: rows a page at a time by key or the largest at once; what may stand at the cursor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import FastAPI, HTTPException, Request

from dashboards.access.viewer import Viewer
from dashboards.api.allowed import viewer_of
from dashboards.api.flow_columns import Column, fields_of, read_columns
from dashboards.desk import Desk
from dashboards.last_answers import KEPT_ROWS
from dashboards.reading.flow_search import Question, Wrong, open_search, read_question, said
from dashboards.reading.names import Names, load_names
from dashboards.searching import Doing, NoAnswerError
from pipeline.search.complete import Completion, Saved, complete, store_values
from pipeline.search.fields import BY_NAME, Field
from pipeline.search.language import parse
from pipeline.search.output import in_ns, plain_rows
from pipeline.search.period import read_period, stored_period
from pipeline.search.run import Key, Search
from pipeline.search.saved import expand, saved_texts
from pipeline.search.wrong import FilterError
from pipeline.store.server import StoreAwayError

PAGE_ROWS = 1000
GRID_ROWS = 100_000  # more is for a narrower question or a file
SORTED_ROWS = 2_000  # of the whole result, by something else than time: one answer
SORTS = {"octets.out": "octets", "findings": "findings"}  # a column, and how the words about it are called
STATUS = {"cancelled": 409, "too_wide": 422, "away": 503}


def flow_row(viewer: Viewer, names: Names, columns: Sequence[Column], row: dict[str, Any]) -> dict[str, Any]:
    """One row of the grid; `id` is the flow's number as text, because JavaScript's numbers are too narrow."""
    return {"id": row["flow"]} | {column.name: column.cell(viewer, names, row) for column in columns}


def read_key(text: str) -> Key | None:
    """The key of a page, `<first>-<flow>-<last>`; None of any other text."""
    parts = text.split("-") if text.isascii() and len(text) <= 62 else []
    return (int(parts[0]), int(parts[1]), int(parts[2])) if len(parts) == 3 and all(part.isdecimal() for part in parts) else None


def read_page(search: Search, columns: Sequence[Column], limit: int, after: Key | None, doing: Doing) -> tuple[list[dict[str, Any]], str]:
    """Rows with moments in ns, and the key to ask the next page with (empty at the end)."""
    rows: list[dict[str, Any]] = []
    key: Key | None = None
    for page in search.rows(fields_of(columns), limit, after=after):
        rows += plain_rows(page.rows, in_ns)
        key, doing.share = page.key, page.share
    return rows, "-".join(map(str, key)) if key and len(rows) == limit else ""


def read_sort(text: str) -> str:
    """The column to sort by; empty, which is by time, of any other text."""
    return text if text in SORTS else ""


def read_largest(search: Search, columns: Sequence[Column], sort: str, limit: int) -> list[dict[str, Any]]:
    """The rows with the most of `sort`, moments in ns."""
    return plain_rows(search.largest(fields_of(columns), BY_NAME[sort], limit), in_ns)


async def asked_search(desk: Desk, viewer: Viewer, query: Mapping[str, str]) -> tuple[Question, Search | None]:
    """What a route is asked and its search; 400 with what was not understood, 503 where the store is away."""

    def read() -> tuple[Question, Search | Wrong | None]:
        question = read_question(query, partial(saved_texts, desk.engine))
        return question, None if question.wrong else open_search(desk, question)

    try:
        question, search = await desk.ask(read)
    except StoreAwayError:
        raise HTTPException(STATUS["away"], "away") from None
    if isinstance(search, Wrong) or question.wrong:
        wrong = (search,) if isinstance(search, Wrong) else question.wrong
        raise HTTPException(400, [said(viewer.language, one) for one in wrong])
    return question, search


def _complete(desk: Desk, viewer: Viewer, text: str, cursor: int) -> tuple[Completion, Wrong | None]:
    """What may stand at the cursor, and what is wrong so far.

    Values are those of the last day that has flows: a narrow question, so that it is answered while somebody types.
    """

    def values(field: Field, part: str) -> Sequence[str]:
        try:
            stored = stored_period(desk.store)
            return store_values(desk.store, read_period("", "", time.time_ns(), stored))(field, part) if stored else ()
        except StoreAwayError:
            return ()

    saved = partial(saved_texts, desk.engine)
    return complete(text, cursor, values, viewer.language, saved), _wrong_so_far(text, saved)


def _wrong_so_far(text: str, saved: Saved) -> Wrong | None:
    """What is wrong with a filter as it is being typed; that it is unfinished is not."""
    try:
        parse(expand(text, saved))
    except FilterError as error:
        return None if error.code == "unfinished" else Wrong("q", text, error)
    return None


def add_flows(app: FastAPI, desk: Desk) -> None:
    """Both routes."""

    @app.get("/api/flows")
    async def flows(
        request: Request, limit: int = 200, after: str = "", cols: str = "", sort: str = "", view: str = ""
    ) -> dict[str, Any]:
        viewer = viewer_of(request, "flows")
        question, search = await asked_search(desk, viewer, request.query_params)
        if search is None:
            return {"rows": [], "next": ""}
        by, columns = read_sort(sort), read_columns(cols)
        limit = max(1, min(limit, SORTED_ROWS if by else PAGE_ROWS))
        searching = desk.searching(view, viewer.account)

        def page(doing: Doing) -> tuple[list[dict[str, Any]], str]:
            return (read_largest(search, columns, by, limit), "") if by else read_page(search, columns, limit, read_key(after), doing)

        try:
            rows, following = await searching.ask("rows", search, page)
        except NoAnswerError as none:
            raise HTTPException(STATUS[none.why], none.why) from None
        if not after and limit >= KEPT_ROWS:  # as a page asks for them
            desk.last.keep((*question.key, by, *(column.name for column in columns)), rows[:KEPT_ROWS], time.time_ns())
        names = await desk.ask(load_names, desk.engine)
        return {"rows": [flow_row(viewer, names, columns, row) for row in rows], "next": following}

    @app.get("/api/flows/complete")
    async def completion(request: Request, q: str = "", cursor: int = 0) -> dict[str, Any]:
        viewer = viewer_of(request, "flows")
        async with desk.room:
            found, wrong = await desk.ask(_complete, desk, viewer, q, cursor)
        said_wrong = said(viewer.language, wrong) if wrong else None
        return {"start": found.start, "options": [option._asdict() for option in found.options], "wrong": said_wrong}
