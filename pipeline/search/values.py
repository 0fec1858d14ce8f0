"""Values of a filter as numbers or text, and back: what a person writes, whatever its unit, is compared as one thing.

Addresses are 128-bit integers (IPv4 as ::ffff:a.b.c.d, as the store keeps it), octets are octets, lengths and moments are ns.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import NamedTuple

from pipeline.search.fields import Kind

BEIJING = timezone(timedelta(hours=8), "UTC+8")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS = 1_000_000_000
BEIJING_NS = 8 * 3600 * NS
MOST = 2**64 - 1
MAPPED = 0xFFFF << 32
_AMOUNT = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,12})?)([a-zµ]*)", re.IGNORECASE)
_SIZES = {"": 1, "b": 1} | {f"{p}{b}": 1000**n for n, p in enumerate("kmgtp", 1) for b in ("", "b")}
_SIZES |= {f"{p}ib": 1024**n for n, p in enumerate("kmgtp", 1)}
_LENGTHS = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": NS, "m": 60 * NS, "min": 60 * NS, "h": 3600 * NS}
_LENGTHS |= {"d": 86_400 * NS, "w": 7 * 86_400 * NS}


class Span(NamedTuple):
    """From `low` to `high`, both included; one value where they are the same."""

    low: int | str
    high: int | str


class Regex(NamedTuple):
    """A regular expression in RE2's syntax; upper and lower case are the same to it."""

    pattern: str


Item = Span | Regex


def read_value(kind: Kind, text: str, names: Mapping[str, int] = {}) -> Span:  # noqa: B006
    """The value that `text` stands for; ValueError when it stands for none."""
    if text.lower() in names:
        text = str(names[text.lower()])
    return _READERS[kind](text)


def read_length(text: str) -> int:
    """ns of 20ms, 90s, 2h or 30d."""
    return 0 if text == "0" else _amount(text, _LENGTHS, 2**63 - 1)


def read_moment(text: str) -> int:
    """ns since 1970 of an ISO date or moment, Beijing's unless it has an offset."""
    moment = datetime.fromisoformat(text.strip())
    if not 1970 < moment.year < 2262:
        raise ValueError(text)
    aware = moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)
    return (aware - EPOCH) // timedelta(microseconds=1) * 1000


def write_moment(at_ns: int) -> str:
    """2026-11-23T15:31:04.885000+08:00, with ns where there are any."""
    seconds, rest = divmod(at_ns, NS)
    return f"{datetime.fromtimestamp(seconds, BEIJING):%Y-%m-%dT%H:%M:%S}.{f'{rest:09d}' if rest % 1000 else f'{rest // 1000:06d}'}+08:00"


def write_address(number: int) -> str:
    """As people write it: IPv4 without ::ffff:."""
    address = ipaddress.IPv6Address(number)
    return str(address.ipv4_mapped or address)


def write_value(kind: Kind, span: Span) -> str:
    """`span` as a filter has it; `read_value` gives it back."""
    low, high = span
    if isinstance(low, str) or isinstance(high, str):
        return write_text(str(low))
    if kind is Kind.ADDRESS:
        return _write_addresses(low, high)
    write: Callable[[int], str] = {Kind.TIME: write_moment, Kind.LENGTH: lambda n: f"{n}ns"}.get(kind, str)
    return write(low) if low == high else f"{write(low)}..{write(high)}"


def write_text(text: str) -> str:
    """`text` in quotes where it needs them."""
    if re.fullmatch(r"[A-Za-z0-9_:-]+(\.[A-Za-z0-9_:-]+)*", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return f'"{escaped}"'


def _write_addresses(low: int, high: int) -> str:
    if low == high:
        return write_address(low)
    v4 = low >= MAPPED and high < MAPPED + 2**32
    width = (high - low).bit_length()
    if high - low + 1 == 1 << width and low % (1 << width) == 0:
        return f"{write_address(low)}/{32 - width}" if v4 else f"{ipaddress.IPv6Address(low)}/{128 - width}"
    return f"{write_address(low)}..{write_address(high)}"


def _read_address(text: str) -> Span:
    if "%" in text:
        raise ValueError(text)  # a zone: it means nothing off its host
    network = ipaddress.ip_network(text, strict=False)
    shift = MAPPED if network.version == 4 else 0
    return Span(int(network.network_address) + shift, int(network.broadcast_address) + shift)


def _read_port(text: str) -> Span:
    return _one(_whole(text, 65535))


def _whole(text: str, most: int = MOST) -> int:
    if not re.fullmatch("[0-9]{1,20}", text) or int(text) > most:
        raise ValueError(text)
    return int(text)


def _amount(text: str, units: Mapping[str, int], most: int) -> int:
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2].lower() not in units:
        raise ValueError(text)
    amount = int(Fraction(found[1]) * units[found[2].lower()])
    if amount > most:
        raise ValueError(text)
    return amount


def _one(value: int | str) -> Span:
    return Span(value, value)


_READERS: dict[Kind, Callable[[str], Span]] = {
    Kind.ADDRESS: _read_address,
    Kind.PORT: _read_port,
    Kind.NUMBER: lambda text: _one(_whole(text)),
    Kind.OCTETS: lambda text: _one(_amount(text, _SIZES, MOST)),
    Kind.LENGTH: lambda text: _one(read_length(text)),
    Kind.TIME: lambda text: _one(read_moment(text)),
    Kind.WORD: _one,
    Kind.TEXT: _one,
}
