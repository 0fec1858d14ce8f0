"""Fields of TLS, HTTP/1 and DNS against a second opinion (expected/tshark), and JA4 against its authors' own values.

Per capture and field the values, with the ends they went between, are compared as multisets. What this version does not cover
(tunnels, QUIC, fragments, decrypted or wrapped protocols …) is listed apart with the reason.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.accuracy.explained import BEYOND, DIFFERENT, reason_for
from tests.accuracy.said import Ends, Fact, Listener, listen

FIELDS = {
    "tls_client_hellos": ("sni", "alpn", "version", "supported"), "tls_server_hellos": ("cipher", "alpn"), "certs": ("dns",),
    "http_requests": ("method", "host", "uri", "ua", "ctype"), "http_responses": ("code", "ctype"),
    "dns_queries": ("name", "type"), "dns_answers": ("name", "a", "aaaa", "cname"),
}
PROTOCOLS = {"tls_client_hellos": "tls", "tls_server_hellos": "tls", "certs": "tls", "http_requests": "http", "http_responses": "http",
             "dns_queries": "dns", "dns_answers": "dns"}
ENDLESS = ("dns_queries", "dns_answers")  # the second opinion does not say between whom
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


class Difference(NamedTuple):
    """One field of one capture in which we and the second opinion differ; values with their ends, where those are known."""

    capture: str
    field: str
    why: str
    missing: Counter[tuple[str, ...]]  # theirs alone
    more: Counter[tuple[str, ...]]     # ours alone

    def __str__(self) -> str:
        return f"{self.capture} {self.field} {self.why}: {list(self.missing.items())[:3]} / {list(self.more.items())[:3]}"


class Tally:
    """Counts by field, what is left out and what differs by reason; differences with their values, for a look at them."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.left_out: Counter[str] = Counter()
        self.different: Counter[str] = Counter()
        self.differences: list[Difference] = []

    def compare(self, capture: str, expected: list[Fact], heard: Listener) -> None:
        """Add one capture."""
        for kind, names in FIELDS.items():
            theirs = [fact for fact in expected if fact.kind == kind]
            reasons = [beyond(fact, heard) for fact in theirs]
            self.left_out.update(f"{kind}: {why}" for why in reasons if why)
            theirs = [fact for fact, why in zip(theirs, reasons, strict=True) if not why]
            ours = [fact for fact in heard.facts if fact.kind == kind]
            for name in names:
                self.compare_values(capture, f"{kind}.{name}", values(theirs, name), values(ours, name))

    def compare_values(self, capture: str, field: str, wanted: Counter[tuple[str, ...]], seen: Counter[tuple[str, ...]]) -> None:
        """Add one field of one capture."""
        missing = (wanted - seen).total()
        apart = reason_for(capture, field, BEYOND) if missing else ""
        if apart:
            self.left_out[f"{field}: {apart}"] += missing
        elif missing:
            why = reason_for(capture, field, DIFFERENT) or "NOT EXPLAINED"
            self.different[f"{field}: {why}"] += missing
            self.differences.append(Difference(capture, field, why, wanted - seen, seen - wanted))
        equal = wanted.total() - missing
        self.counts[field].update(expected=wanted.total() - (missing if apart else 0), equal=equal, different=0 if apart else missing)


def values(facts: list[Fact], name: str) -> Counter[tuple[str, ...]]:
    """The values of a field, with their ends where they are known, as a multiset."""
    return Counter((*(() if f.kind in ENDLESS else f.ends), f.fields[name]) for f in facts)


def read_ja4(corpora: Path) -> dict[str, list[tuple[Ends, str]]]:
    """Fingerprints by capture as the authors' own program gives them, of TLS over TCP."""
    found: dict[str, list[tuple[Ends, str]]] = {}
    for path in sorted((corpora / "expected" / "ja4" / "python").glob("*.json")):
        rows = [row for row in json.loads(path.read_text("utf-8")) if row.get("JA4.1", "").startswith("t")]
        found[f"captures/ja4/{path.stem}"] = [((r["src"], r["srcport"], r["dst"], r["dstport"]), r["JA4.1"]) for r in rows]
    return found


def read_ndpi(corpora: Path, capture: str) -> Counter[tuple[str, ...]]:
    """Fingerprints of TLS over TCP by nDPI of October 2024, which always says `d`, and for ALPN the first two letters: without both."""
    path = corpora / "expected" / "ndpi" / f"{Path(capture).name}.out"
    if not capture.startswith("captures/ndpi/") or not path.is_file():
        return Counter()
    return Counter((plain_ja4(value),) for value in re.findall(r"\sTCP .*\[JA4: (t[^\]]+)\]", path.read_text("utf-8", "replace")))


def plain_ja4(value: str) -> str:
    """A fingerprint without the parts that nDPI writes its own way: name given or not, ALPN, the digest of nothing."""
    return value[:3] + value[4:8] + value[10:].replace("e3b0c44298fc", "0" * 12)


def expected_captures(corpora: Path) -> Iterator[tuple[str, list[Fact]]]:
    """Captures, by path in `corpora`, and what the second opinion found in them."""
    for path in sorted((corpora / "expected" / "tshark").rglob("*.json")):
        expected = list(read_expected(path))
        if expected:
            yield str(Path("captures") / path.relative_to(corpora / "expected" / "tshark").with_suffix("")), expected


def compare_capture(
    corpora: Path, capture: str, expected: list[Fact], tally: Tally, fingerprints: dict[str, list[tuple[Ends, str]]]
) -> Listener:
    """Replay one capture and add it to `tally`; what was heard in it."""
    heard = listen(corpora / capture)
    tally.compare(capture, expected, heard)
    if wanted := fingerprints.get(capture):
        ours: Counter[tuple[str, ...]] = Counter((*f.ends, f.fields["ja4"]) for f in heard.facts if f.kind == "tls_client_hellos")
        tally.compare_values(capture, "tls_client_hellos.ja4", Counter((*ends, value) for ends, value in wanted), ours)
    if others := read_ndpi(corpora, capture):
        plain: Counter[tuple[str, ...]] = Counter((plain_ja4(f.fields["ja4"]),) for f in heard.facts if "ja4" in f.fields)
        tally.compare_values(capture, "tls_client_hellos.ja4_ndpi", others, plain)
    return heard


def measure_fields(corpora: Path) -> dict[str, Any]:
    """Every capture of `corpora` that the second opinion found one of the fields in; plain dicts."""
    tally, fingerprints = Tally(), read_ja4(corpora)
    for capture, expected in expected_captures(corpora):
        compare_capture(corpora, capture, expected, tally, fingerprints)
    protocols: dict[str, Counter[str]] = defaultdict(Counter)
    for name, counts in tally.counts.items():
        protocols[PROTOCOLS[name.partition(".")[0]]].update(counts)
    return {"fields": {name: dict(c) for name, c in sorted(tally.counts.items())},
            "protocols": {name: dict(c) for name, c in sorted(protocols.items())}, "left_out": dict(sorted(tally.left_out.items())),
            "different": dict(sorted(tally.different.items())), "details": list(map(str, tally.differences))}
