"""Flow search: what a form or URL asks for, as a bounded query; pages by key (time, id), never by offset."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.reading.flow import PLAIN_DST, PLAIN_SRC, SENT
from dashboards.summary import Cover
from dashboards.words.moments import NS, parse

if TYPE_CHECKING:
    from dashboards.desk import Desk

FIELDS = ("address", "port", "server", "line", "destination", "from", "to")
PAGE_ROWS = 1000
_ADDRESS = (
    "((src_ip >= toIPv6({low:String}) AND src_ip <= toIPv6({high:String}))"
    " OR (dst_ip >= toIPv6({low:String}) AND dst_ip <= toIPv6({high:String})))"
)
_ONE_ADDRESS = "(src_ip = toIPv6({low:String}) OR dst_ip = toIPv6({low:String}))"  # equality, so that the skip index helps
_COLUMNS = (
    "toString(flow_id) AS flow, toUnixTimestamp64Nano(first) AS first_ns, line, holder, destination, domestic_end, "
    f"{PLAIN_SRC} AS src, {PLAIN_DST} AS dst, src_port, dst_port, octets_out, payload_out, inspected_out, encrypted_out, "
    f"protocol, server_name, {SENT} AS sent_out, "
    "packets_out + packets_in AS packets, findings"
)


class Filter(NamedTuple):
    """A checked question: conditions and their bound values; `wrong` names what could not be understood, as (words' key, text)."""

    conditions: tuple[str, ...]
    parameters: dict[str, object]
    wrong: tuple[tuple[str, str], ...]

    @property
    def where(self) -> str:
        """For WHERE."""
        return " AND ".join(self.conditions) or "1"


def read_filter(query: Mapping[str, str]) -> Filter:
    """`?address=&port=&server=&line=&destination=&from=&to=`; what cannot be understood is named, not guessed."""
    conditions: list[str] = []
    parameters: dict[str, object] = {}
    wrong: list[tuple[str, str]] = []
    given = {field: query[field].strip() for field in FIELDS if query.get(field, "").strip()}
    if "address" in given:
        _address(given["address"], conditions, parameters, wrong)
    if "port" in given:
        port = given["port"]
        if port.isascii() and port.isdigit() and int(port) <= 65535:
            conditions.append("(src_port = {port:UInt16} OR dst_port = {port:UInt16})")
            parameters["port"] = int(port)
        else:
            wrong.append(("flows.bad_port", port))
    if "server" in given:
        conditions.append("(lower(server_name) LIKE {like:String} OR arrayExists(name -> lower(name) LIKE {like:String}, server_names))")
        parameters["like"] = "%" + given["server"].lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    for field in ("line", "destination"):
        if field in given:
            conditions.append(f"{field} = {{{field}:String}}")
            parameters[field] = given[field]
    for field, comparison in (("from", ">="), ("to", "<")):
        if field in given:
            moment = parse(given[field])
            if moment is None:
                wrong.append(("flows.bad_time", given[field]))
            else:
                conditions.append(f"flows.first {comparison} fromUnixTimestamp64Nano({{{field}_ns:Int64}})")
                parameters[f"{field}_ns"] = moment
    return Filter(tuple(conditions), parameters, tuple(wrong))


def _address(text: str, conditions: list[str], parameters: dict[str, object], wrong: list[tuple[str, str]]) -> None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        wrong.append(("flows.bad_address", text))
        return
    mapped = "::ffff:" if network.version == 4 else ""
    parameters["low"], parameters["high"] = f"{mapped}{network.network_address}", f"{mapped}{network.broadcast_address}"
    conditions.append(_ONE_ADDRESS if network.num_addresses == 1 else _ADDRESS)
    if network.num_addresses == 1:
        del parameters["high"]


def find_flows(desk: Desk, asked: Filter, limit: int, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """One page, the latest first, and the key to ask the next one with (empty at the end)."""
    conditions, parameters = asked.where, dict(asked.parameters)
    if after:
        moment, _, flow = after.partition("-")
        if not (moment.isdigit() and flow.isdigit()):
            return [], ""
        conditions += " AND (flows.first, flow_id) < (fromUnixTimestamp64Nano({after_ns:Int64}), {after_flow:UInt64})"
        parameters |= {"after_ns": int(moment), "after_flow": int(flow)}
    limit = max(1, min(limit, PAGE_ROWS))
    rows = desk.rows(f"SELECT {_COLUMNS} FROM flows WHERE {conditions} ORDER BY flows.first DESC, flow_id DESC LIMIT {limit:d}", parameters)
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
