"""Fields of TLS, HTTP/1 and DNS against a second opinion (expected/tshark), and JA4 against its authors' own values.

Per capture and field the values, with the ends they went between, are compared as multisets. What this version does not cover
(tunnels, QUIC, fragments, decrypted or wrapped protocols …) is listed apart with the reason.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.accuracy.said import Fact, Listener, listen

FIELDS = {
    "tls_client_hellos": ("sni", "alpn", "version", "supported"), "tls_server_hellos": ("cipher", "alpn"), "certs": ("dns",),
    "http_requests": ("method", "host", "uri", "ua", "ctype"), "http_responses": ("code", "ctype"),
    "dns_queries": ("name", "type"), "dns_answers": ("name", "a", "aaaa", "cname"),
}
ENDLESS = ("dns_queries", "dns_answers")  # the second opinion does not say between whom
LONGEST_LIST = 400
TCP = 6


def read_expected(path: Path) -> Iterator[Fact]:
    """The facts of one file of expected/tshark."""
    said = json.loads(path.read_text("utf-8"))
    for kind, names in FIELDS.items():
        for row in said.get(kind, ()):
            if kind == "dns_queries":
                yield from [Fact(kind, ("", "", "", ""), {"name": row[0], "type": row[1]})] * row[3]
            else:
                ends = tuple(row.get(end, "") for end in ("src", "sport", "dst", "dport"))
                fields = {name: row[name] for name in names} | {"proto": row.get("proto", "")}
                yield from split_frame(Fact(kind, ends, fields))  # type: ignore[arg-type]


def split_frame(fact: Fact) -> list[Fact]:
    """Several heads in one frame come joined by bars: apart again, where every field has as many."""
    first = {"http_requests": "method", "http_responses": "code"}.get(fact.kind)
    if first is None or "|" not in fact.fields[first]:
        return [fact]
    n = fact.fields[first].count("|") + 1
    parts = {name: value.split("|") if value else [""] * n for name, value in fact.fields.items()}
    if any(len(values) != n for values in parts.values()):
        return [fact]
    return [Fact(fact.kind, fact.ends, {name: values[i] for name, values in parts.items()}) for i in range(n)]


def beyond(fact: Fact, heard: Listener) -> str:
    """Why this version does not cover an expected fact; empty if it does."""
    if fact.fields.get("proto") == "quic":
        return "QUIC"
    if "|" in fact.ends[0] or "|" in fact.ends[1]:
        return "tunnelled"
    if fact.kind in ENDLESS:
        return ""
    proto = heard.flows.get(fact.ends)
    if proto is None:
        return "no such TCP or UDP flow: other link, fragments, or carried in another protocol"
    if proto != TCP:
        return "over UDP"
    return ""


def compare(expected: list[Fact], heard: Listener) -> tuple[dict[str, Counter[str]], Counter[str], list[tuple[str, Any, Any]]]:
    """(counts by field, facts left out by reason, differences) of one capture."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    left_out: Counter[str] = Counter()
    differences: list[tuple[str, Any, Any]] = []
    for kind, names in FIELDS.items():
        theirs = []
        for fact in (f for f in expected if f.kind == kind):
            why = beyond(fact, heard)
            left_out.update([f"{kind}: {why}"] if why else [])
            theirs += [] if why else [fact]
        ours = [f for f in heard.facts if f.kind == kind]
        for name in names:
            wanted, seen = values(theirs, name), values(ours, name)
            equal = sum((wanted & seen).values())
            counts[f"{kind}.{name}"].update(expected=len(theirs), equal=equal, different=len(theirs) - equal)
            if wanted - seen:
                differences.append((f"{kind}.{name}", wanted - seen, seen - wanted))
    return counts, left_out, differences


def values(facts: list[Fact], name: str) -> Counter[tuple[str, ...]]:
    """The values of a field, with their ends where they are known, as a multiset."""
    return Counter((*(() if f.kind in ENDLESS else f.ends), f.fields[name]) for f in facts)
