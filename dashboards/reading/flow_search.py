"""Flow search: what a form or URL asks for, as a bounded query; pages by key (time, id), never by offset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.reading.flow import PLAIN_DST, PLAIN_SRC
from dashboards.summary import Cover
from dashboards.words.moments import NS
from pipeline.search.compile import compile_filter
from pipeline.search.fields import SENT
from pipeline.search.language import parse, read_compare
from pipeline.search.period import stored_period
from pipeline.search.run import EMPTY_GROWTH, SLICES, WITHIN, check_expressions
from pipeline.search.tree import All, Tree
from pipeline.search.wrong import FilterError

if TYPE_CHECKING:
    from dashboards.desk import Desk

# An entry of the form, and the comparison it stands for.
ENTRIES = {
    "address": ("ip", "in"),
    "port": ("port", "=="),
    "server": ("server.name", "~"),
    "line": ("line", "=="),
    "destination": ("destination", "=="),
    "from": ("first", ">="),
    "to": ("first", "<"),
}
FIELDS = ("q", *ENTRIES)
PAGE_ROWS = 1000
_COLUMNS = (
    "toString(flow_id) AS flow, toUnixTimestamp64Nano(first) AS first_ns, line, holder, destination, domestic_end, "
    f"{PLAIN_SRC} AS src, {PLAIN_DST} AS dst, src_port, dst_port, octets_out, payload_out, inspected_out, encrypted_out, "
    f"protocol, server_name, {SENT} AS sent_out, "
    "packets_out + packets_in AS packets, findings"
)


class Filter(NamedTuple):
    """A checked question: its condition and bound values; `wrong` says what could not be understood, in the words of a language."""

    where: str
    parameters: dict[str, object]
    wrong: tuple[Wrong, ...]


class Wrong(NamedTuple):
    """Something typed that is not understood: in which entry, where in it, and the error that says why."""

    entry: str
    text: str
    error: FilterError


def read_filter(query: Mapping[str, str]) -> Filter:
    """The filter `q` and the form's other entries, all of which must hold; what cannot be understood is named, not guessed."""
    parts: list[Tree] = []
    wrong: list[Wrong] = []
    for entry, (field, operator) in ENTRIES.items():
        text = query.get(entry, "").strip()
        if text:
            try:
                parts.append(read_compare(field, operator, text))
            except FilterError as error:
                wrong.append(Wrong(entry, text, error))
    text = query.get("q", "")
    try:
        written = parse(text)
        parts += [written] if written else []
    except FilterError as error:
        wrong.append(Wrong("q", text, error))
    return Filter(*compile_filter(All(tuple(parts)) if parts else None), tuple(wrong))


def check_filter(desk: Desk, query: Mapping[str, str]) -> Filter:
    """The same, its regular expressions tried by the store, which alone knows them; call it inside `ask`."""
    asked = read_filter(query)
    if not asked.wrong:
        try:
            check_expressions(desk.store, parse(query.get("q", "")))
        except FilterError as error:
            return asked._replace(wrong=(Wrong("q", query["q"], error),))
    return asked


def find_flows(desk: Desk, asked: Filter, limit: int, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """One page, the latest first, and the key to ask the next one with (empty at the end).

    Asked for in slices of time, the latest first: a page must not sort months to show the last minutes.
    """
    stored, key = stored_period(desk.store), after.partition("-")
    if not stored or (after and not (key[0].isdigit() and key[2].isdigit())):
        return [], ""
    limit = max(1, min(limit, PAGE_ROWS))
    stop_ns = min(stored.until_ns, int(key[0]) + 1) if after else stored.until_ns
    width_ns = max((stop_ns - stored.since_ns) // SLICES, 60 * NS)
    rows: list[dict[str, Any]] = []
    while len(rows) < limit and stop_ns > stored.since_ns:
        conditions, parameters = f"{WITHIN} AND {asked.where}", {**asked.parameters, "since": stop_ns - width_ns, "until": stop_ns}
        if after:
            conditions += " AND (flows.first, flow_id) < (fromUnixTimestamp64Nano({after_ns:Int64}), {after_flow:UInt64})"
            parameters |= {"after_ns": int(key[0]), "after_flow": int(key[2])}
        order = f"ORDER BY flows.first DESC, flow_id DESC LIMIT {limit - len(rows):d}"
        found = desk.rows(f"SELECT {_COLUMNS} FROM flows WHERE {conditions} {order}", parameters)
        rows, stop_ns = rows + found, stop_ns - width_ns
        width_ns *= 2 if found else EMPTY_GROWTH
    return rows, f"{rows[-1]['first_ns']}-{rows[-1]['flow']}" if len(rows) == limit else ""


class Found(NamedTuple):
    """The whole of an answer in numbers."""

    flows: int
    unseen: int
    cover: Cover
    first_ns: int
    last_ns: int


def count_flows(desk: Desk, asked: Filter) -> Found:
    """How many, how much of them was seen, between which moments."""
    row = desk.rows(
        f"SELECT count() AS flows, countIf(inspected_out < {SENT}) AS unseen, sum(inspected_out) AS inspected, "
        "sum(encrypted_out) AS encrypted, "
        f"sum(greatest({SENT}, inspected_out + encrypted_out) - inspected_out - encrypted_out) AS other, "
        f"toUnixTimestamp64Nano(min(flows.first)) AS first_ns, toUnixTimestamp64Nano(max(flows.first)) AS last_ns FROM flows "
        f"WHERE {asked.where}",
        asked.parameters,
    )[0]
    covered = Cover(int(row["inspected"]), int(row["encrypted"]), int(row["other"]))
    return Found(int(row["flows"]), int(row["unseen"]), covered, int(row["first_ns"]), int(row["last_ns"]))


def flows_over_time(desk: Desk, asked: Filter, found: Found, steps: int = 60) -> tuple[list[int], list[int], list[int]]:
    """Starts in seconds, flows wholly inspected, flows not or not wholly seen."""
    if not found.flows:
        return [], [], []
    width = max(60, (found.last_ns - found.first_ns) // NS // steps + 1)
    rows = desk.rows(
        f"SELECT intDiv(toUnixTimestamp(flows.first), {{step:Int64}}) AS at, countIf(inspected_out >= {SENT}) AS seen, "
        f"countIf(inspected_out < {SENT}) AS unseen "
        f"FROM flows WHERE {asked.where} GROUP BY at",
        {**asked.parameters, "step": width},
    )
    by_step = {int(row["at"]): row for row in rows}
    starts = list(range(found.first_ns // NS // width, found.last_ns // NS // width + 1))
    empty: dict[str, int] = {"seen": 0, "unseen": 0}
    return (
        [at * width for at in starts],
        [int(by_step.get(at, empty)["seen"]) for at in starts],
        [int(by_step.get(at, empty)["unseen"]) for at in starts],
    )
