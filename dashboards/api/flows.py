"""GET /api/flows and /api/flows.csv: flows a page at a time by key, or as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

from dashboards.access.audit import note
from dashboards.access.viewer import Viewer
from dashboards.api.allowed import viewer_of
from dashboards.api.csv_file import csv_answer
from dashboards.desk import Desk
from dashboards.reading.flow_search import PAGE_ROWS, Filter, Wrong, check_filter, find_flows
from dashboards.reading.names import Names, load_names
from dashboards.widgets.coverage_chip import coverage_cell
from dashboards.widgets.flow_card import address, cover_of_flow
from dashboards.words.moments import stamp
from dashboards.words.numbers import count, octets

FILE_ROWS = 100_000
FILE_COLUMNS = (
    "flow",
    "first",
    "line",
    "holder",
    "destination",
    "src",
    "src_port",
    "dst",
    "dst_port",
    "octets_out",
    "payload_out",
    "inspected_out",
    "encrypted_out",
    "protocol",
    "server_name",
    "packets",
    "findings",
)


def flow_row(viewer: Viewer, names: Names, flow: dict[str, Any]) -> dict[str, Any]:
    """One row of the grid."""
    return {
        "time": {"text": stamp(flow["first_ns"], milliseconds=True)[5:], "href": f"/flows/{flow['flow']}", "mono": True},
        "findings": count(flow["findings"]) if flow["findings"] else "",
        "line": flow["line"],
        "destination": names.place(viewer, flow["destination"]),
        "source": address(flow["src"], flow["src_port"]),
        "answer": address(flow["dst"], flow["dst_port"]),
        "octets": octets(flow["octets_out"]),
        "coverage": coverage_cell(cover_of_flow(flow)),
        "protocol": flow["protocol"],
        "server_name": flow["server_name"],
        "packets": count(flow["packets"]),
    }


def _wrong(viewer: Viewer, wrong: Wrong) -> dict[str, Any]:
    error = wrong.error
    return {
        "entry": wrong.entry,
        "text": wrong.text,
        "column": error.column,
        "length": error.length,
        "message": error.say(viewer.language),
        "expected": list(error.expected),
    }


async def _asked(desk: Desk, viewer: Viewer, request: Request) -> Filter:
    asked = await desk.ask(check_filter, desk, dict(request.query_params))
    if asked.wrong:
        raise HTTPException(400, [_wrong(viewer, wrong) for wrong in asked.wrong])
    return asked


def add_flows(app: FastAPI, desk: Desk) -> None:
    """Both routes."""

    @app.get("/api/flows")
    async def flows(request: Request, limit: int = 200, after: str = "") -> dict[str, Any]:
        viewer = viewer_of(request, "flows")
        found, following = await desk.ask(find_flows, desk, await _asked(desk, viewer, request), limit, after)
        names = await desk.ask(load_names, desk.engine)
        return {"rows": [flow_row(viewer, names, flow) for flow in found], "next": following}

    @app.get("/api/flows.csv")
    async def export(request: Request) -> Response:
        viewer = viewer_of(request, "flows")
        asked = await _asked(desk, viewer, request)
        await desk.ask(note, desk.engine, viewer.account, "export", f"flows?{request.url.query}")

        def rows() -> Iterator[tuple[object, ...]]:
            """A page at a time, in Starlette's thread for blocking iterators."""
            after, given = "", 0
            while given < FILE_ROWS:
                found, after = find_flows(desk, asked, PAGE_ROWS, after)
                yield from (
                    tuple(stamp(f["first_ns"], milliseconds=True) + "+08:00" if c == "first" else f[c] for c in FILE_COLUMNS) for f in found
                )
                given += len(found)
                if not after:
                    return

        return csv_answer("flows.csv", FILE_COLUMNS, rows())
