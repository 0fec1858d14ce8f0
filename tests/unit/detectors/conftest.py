"""A small made-up catalogue scanned by Python's `re`: what the tests of content, tokens, masks and findings stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from detectors.content.reader import Reader
from detectors.detector import Detector
from detectors.tokens import FixedKeys
from detectors.units import FIRST, HOLD, LAST, PAD, Hits, Units, units_over


@dataclass(frozen=True)
class MadeUp:
    """A signature of the made-up catalogue."""

    id: str
    mask: str
    person_rank: int
    expression: str
    tier: int = 3
    zh: str = "中文名"
    en: str = "English name"


SIGNATURES = (
    MadeUp("resident_id", "identifier", 90, r"(?<![0-9A-Za-z])[1-8][0-9]{16}[0-9Xx](?![0-9A-Za-z])"),
    MadeUp("mobile", "phone", 60, r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9A-Za-z])"),
    MadeUp("email", "email", 40, r"[A-Za-z0-9._]+@[A-Za-z0-9.]+\.[a-z]{2,6}"),
    MadeUp("name", "name", 10, r"(?<=姓名[:：])[\u4e00-\u9fff]{2,3}", 2),
    MadeUp("address", "address", 5, r"[\u4e00-\u9fff]{2,8}市[\u4e00-\u9fff]{2,12}[0-9]{1,4}号"),
    MadeUp("coordinates", "coordinates", 0, r"(?<![0-9.])[0-9]{2}\.[0-9]{4,},\s?[0-9]{2,3}\.[0-9]{4,}", 2),
    MadeUp("private_key", "secret", 0, r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    MadeUp("long_number", "identifier", 80, r"(?<![0-9A-Za-z])[0-9]{20}(?![0-9A-Za-z])", 1),
)


def scan_by_re(text: np.ndarray, bounds: np.ndarray, rows: np.ndarray, hits: Hits, n_hits: int) -> int:
    """The obvious slow scan; offsets are octets."""
    for unit in rows:
        start, stop = int(bounds[unit, 0]), int(bounds[unit, 3])
        octets = text[start:stop].tobytes()
        chars = octets.decode("utf-8", "surrogateescape")
        found = [(m.start(), m.end(), k) for k, s in enumerate(SIGNATURES) for m in re.finditer(s.expression, chars)]
        for first, last, k in sorted(found):
            before = len(chars[:first].encode("utf-8", "surrogateescape"))
            length = len(chars[first:last].encode("utf-8", "surrogateescape"))
            hits.unit[n_hits], hits.signature[n_hits], hits.tier[n_hits] = unit, k, SIGNATURES[k].tier
            hits.start[n_hits], hits.stop[n_hits] = start + before, start + before + length
            n_hits += 1
    return n_hits


class Bench:
    """A detector over the made-up catalogue, and ways to feed it."""

    signatures = SIGNATURES

    def __init__(self) -> None:
        self.catalogue: Any = SimpleNamespace(signatures=SIGNATURES, version="made up")
        self.detector = Detector(self.catalogue, FixedKeys(bytes(range(16))), Reader(), scan_by_re)

    def units(self, parts: list[bytes], **columns: int) -> Units:
        """One message in parts, each with what it carries from the one before."""
        shown = [b"".join(parts[:k])[-HOLD:] if k and not columns.get("alone") else b"" for k in range(len(parts))]
        buf = np.frombuffer(bytearray(b"".join(a + b + bytes(PAD) for a, b in zip(shown, parts, strict=True))), np.uint8)
        units = units_over(buf, len(parts))
        at = 0
        for k, part in enumerate(parts):
            units.start[k], units.stop[k], units.carried[k] = at, at + len(shown[k]) + len(part), len(shown[k])
            units.flags[k] = (FIRST if k == 0 else 0) | (LAST if k == len(parts) - 1 else 0)
            units.stream[k] = columns.get("stream", 7)
            units.coding[k], units.charset[k], units.media[k] = (columns.get(name, 0) for name in ("coding", "charset", "media"))
            at = int(units.stop[k]) + PAD
        return units

    def values(self, parts: list[bytes], together: bool = True, **columns: int) -> list[tuple[str, str]]:
        """(signature, value) of each hit, in one batch or one batch a unit."""
        units = self.units(parts, **columns)
        found = []
        for first, last in [(0, len(parts))] if together else [(k, k + 1) for k in range(len(parts))]:
            batch = Units(units.buf, *(column[first:last].copy() for column in units[1:]))
            inspected = self.detector.inspect(batch, last - first, 0)
            for h in range(inspected.n_hits):
                text = inspected.texts[0 if h < inspected.split else 1]
                value = text[inspected.hits.start[h]:inspected.hits.stop[h]].tobytes().decode()
                found.append((SIGNATURES[inspected.hits.signature[h]].id, value))
        return found


@pytest.fixture
def bench() -> Bench:
    """A fresh detector over the made-up catalogue."""
    return Bench()


@pytest.fixture(scope="session")
def new_bench() -> type[Bench]:
    """Makes fresh ones, for tests that need many."""
    return Bench
