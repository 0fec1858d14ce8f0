"""Made filters and flows, and the obvious slow twin of the compiled condition: a tree held against one flow in plain Python."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from pipeline.search.fields import FIELDS, Field, Kind
from pipeline.search.tree import All, Compare, Not, Tree
from pipeline.search.tree import Any as Either
from pipeline.search.values import Item, Regex, Span

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
BEGIN_NS = int(BEGIN.timestamp()) * 10**9
NAMES = ("", "Upload.example.net", "up%load_x.example", "DNS.example", "中文É.example", "a\\b'c\"d", "line\nbreak", "<script>")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.1.0", "203.0.113.9", "2001:db8::1", "2001:db8:0:1::")
NUMBERS = (0, 1, 6, 53, 80, 443, 1500, 65535)


def address(text: str) -> int:
    """As records hold it."""
    one = ipaddress.ip_address(text)
    return int(one) + (0xFFFF << 32 if one.version == 4 else 0)


@st.composite
def flows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows for `put`, each with its findings under "found"."""
    rows = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        first = BEGIN + timedelta(seconds=draw(st.integers(0, 7200)))
        row: dict[str, Any] = {"flow_id": number, "first": first}
        row["last"] = first + timedelta(milliseconds=draw(st.sampled_from((0, 20, 7200000))))
        row |= {f"{end}_ip": address(draw(st.sampled_from(ADDRESSES))).to_bytes(16) for end in ("src", "dst")}
        row |= {f"{end}_port": draw(st.sampled_from(NUMBERS)) for end in ("src", "dst")}
        for column in ("ip_protocol", "vlan", "http_status", "octets_out", "octets_in", "handshake_us", "findings"):
            row[column] = draw(st.sampled_from(NUMBERS[:4] if column == "ip_protocol" else NUMBERS))
        for column in ("line", "server_name", "http_path", "content_type"):
            row[column] = draw(st.sampled_from(NAMES))
        more = draw(st.lists(st.sampled_from(NAMES), max_size=2))  # as a sensor has them: the first is the server's
        row["server_names"] = [name for name in (row["server_name"], *more) if name] if row["server_name"] else []
        row["protocol"] = draw(st.sampled_from(("", "tls", "http", "dns")))
        row["found"] = draw(st.lists(st.fixed_dictionaries({
            "signature": st.sampled_from(NAMES), "tier": st.integers(1, 3), "excerpts": st.lists(st.sampled_from(NAMES), max_size=3),
        }), max_size=2))  # fmt: skip
        rows.append(row)
    return rows


def items(field: Field) -> st.SearchStrategy[Span]:
    """Values of a field: those that made flows have, and any other."""
    if field.kind in (Kind.WORD, Kind.TEXT):
        return st.one_of(st.sampled_from(NAMES), st.text(st.characters(codec="utf-8"), max_size=8)).map(lambda text: Span(text, text))
    if field.kind is Kind.ADDRESS:
        ends = st.one_of(st.sampled_from(ADDRESSES).map(address), st.integers(0, 2**128 - 1))
    elif field.kind is Kind.TIME:
        ends = st.integers(0, 7200).map(lambda s: BEGIN_NS + s * 10**9)
    elif field.kind is Kind.LENGTH:
        ends = st.one_of(st.sampled_from((0, 20_000_000, 7200 * 10**9)), st.integers(0, 2**63 - 1))
    else:
        ends = st.one_of(st.sampled_from(NUMBERS), st.integers(0, 65535 if field.kind is Kind.PORT else 2**64 - 1))
    return st.tuples(ends, ends).map(lambda two: Span(min(two), max(two)))


PATTERNS = ("up.*x", "^a", "[0-9]+\\.", "(load|DNS)", "É", "a/b", "\\\\")


@st.composite
def comparisons(draw: st.DrawFn, among: Iterable[Field] = FIELDS) -> Compare:
    """One comparison of any field with any operator it has."""
    field = draw(st.sampled_from(list(among)))
    operator = draw(st.sampled_from(field.operators))
    if operator in ("~", "!~"):
        found: tuple[Item, ...] = (draw(st.one_of(items(field), st.sampled_from(PATTERNS).map(Regex))),)
    elif operator in ("in", "not in"):
        found = tuple(draw(st.lists(items(field), min_size=1, max_size=3)))
    else:
        low = draw(items(field)).low
        found = (Span(low, low),)
    return Compare(field, operator, found, ((1, 1),) * len(found))


def trees(among: Iterable[Field] = FIELDS) -> st.SearchStrategy[Tree]:
    """Whole filters."""
    return st.recursive(
        comparisons(among),
        lambda part: st.one_of(
            part.map(Not),
            st.lists(part, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(part, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
        ),
        max_leaves=6,
    )


def holds(tree: Tree, row: dict[str, Any]) -> bool:
    """Whether the filter holds for a flow."""
    if isinstance(tree, Not):
        return not holds(tree.part, row)
    if isinstance(tree, All):
        return all(holds(part, row) for part in tree.parts)
    if isinstance(tree, Either):
        return any(holds(part, row) for part in tree.parts)
    values = READ[tree.field.name](row)
    fits = any(_fits(tree.operator, item, value) for item in tree.items for value in values)
    return not fits if tree.operator in ("!=", "not in", "!~") else fits


def _fits(operator: str, item: Item, value: Any) -> bool:
    if isinstance(item, Regex):
        return re.search(item.pattern, value, re.IGNORECASE | re.DOTALL) is not None
    if "~" in operator:
        return _lower(str(item.low)) in _lower(value)
    low, high = item
    match operator:
        case "<":
            return bool(value < low)
        case "<=":
            return bool(value <= low)
        case ">":
            return bool(value > low)
        case ">=":
            return bool(value >= low)
    return bool(low <= value <= high)


def _lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def _ns(moment: datetime) -> int:
    return int((moment - BEGIN) / timedelta(microseconds=1)) * 1000 + BEGIN_NS


def _names(protocol: str = "") -> Any:
    return lambda row: [row["server_name"], *row["server_names"]] if protocol in ("", row["protocol"]) else []


READ: dict[str, Any] = {
    "ip": lambda row: [int.from_bytes(row["src_ip"]), int.from_bytes(row["dst_ip"])],
    "dst.ip": lambda row: [int.from_bytes(row["dst_ip"])],
    "port": lambda row: [row["src_port"], row["dst_port"]],
    "src.port": lambda row: [row["src_port"]],
    "octets": lambda row: [row["octets_out"] + row["octets_in"]],
    "octets.out": lambda row: [row["octets_out"]],
    "ip.protocol": lambda row: [row["ip_protocol"]],
    "vlan": lambda row: [row["vlan"]],
    "http.status": lambda row: [row["http_status"]],
    "findings": lambda row: [row["findings"]],
    "flow": lambda row: [row["flow_id"]],
    "handshake": lambda row: [row["handshake_us"] * 1000],
    "duration": lambda row: [_ns(row["last"]) - _ns(row["first"])],
    "first": lambda row: [_ns(row["first"])],
    "line": lambda row: [row["line"]],
    "content.type": lambda row: [row["content_type"]],
    "http.path": lambda row: [row["http_path"]],
    "server.name": _names(),
    "tls.sni": lambda row: [row["server_name"]] if row["protocol"] == "tls" else [],
    "http.host": _names("http"),
    "dns.question": _names("dns"),
    "finding.signature": lambda row: [found["signature"] for found in row["found"]],
    "finding.excerpt": lambda row: [text for found in row["found"] for text in (found["excerpts"] or [""])],
    "finding.tier": lambda row: [found["tier"] for found in row["found"]],
}
EVALUATED = tuple(field for field in FIELDS if field.name in READ)
