"""How many values labelled in text are found, and what is found in files that hold none.

    python -m tests.accuracy.text [corpora]

A labelled value counts as found where a hit of its signature, of medium or high tier, covers it; low ones are counted beside. A hit
on no labelled value is false. Labels of kinds, or written in ways, that the catalogue does not cover are listed apart.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from detectors.compile import load_catalogue
from detectors.detect import detect
from detectors.detector import Detector
from detectors.tokens import FixedKeys
from detectors.units import FIRST, LAST, PAD, units_over

BATCH = 512
# The corpora's words for kinds of values, and the signatures that answer for them.
ANSWERS: dict[str, tuple[str, ...]] = {
    "phone": ("mobile", "landline"), "id_number": ("resident_id", "resident_id_15", "residence_permit"), "address": ("address",),
    "email": ("email",), "bank_card": ("bank_card",), "passport": ("passport",), "license_plate": ("plate",), "person": ("name",),
    "credit_code": ("usci",), "imei": ("imei",), "social_security": ("resident_id",), "ssh_private_key": ("private_key",),
    "EMAIL_ADDRESS": ("email",), "CREDIT_CARD": ("bank_card",),
}
# Labelled values that the catalogue leaves out on purpose: kind, expression over the value or the whole text, why.
NO_SUCH_PLATE = "no such plate: letters I and O, or no digit (GA 36)"
LEFT_OUT: tuple[tuple[str, str, str, str], ...] = (
    ("phone", "text", r"\+(?!86)\d|\(\d{2,3}\) ?\d{3}|^\d{3}[.-]?\d{3}[.-]?\d{4}$", "not of this territory"),
    ("phone", "text", r"전화|^010\d{8}$|^0\d{1,2}-\d{3}-\d{4}$", "not of this territory"),
    ("phone", "text", r"^(1[3-9][\d -]+|0755-?\d{8})$", "alone, without context: low by design"),
    ("phone", "value", r"13800138000", "test value"),
    ("license_plate", "value", r"[\u4e00-\u9fff](?:[IO]|[A-Z](?=[0-9A-Z]{5})[0-9A-Z]*[IO]|[A-Z]{6})", NO_SUCH_PLATE),
    ("email", "value", r"@(mail\.)?example\.", "documentation domain"),
    ("email", "text", r"^a@b\.com and c@d\.com$", "alone, without context: low by design"),
    ("bank_card", "value", r"4111[ -]?1111", "test value"),
    ("imei", "value", r"490154203237518|353456789012345", "test value, or a wrong check digit"),
    ("address", "text", r"^(快递寄到朝阳建国路|地址在海淀中关村|南山深南大道)", "fewer than three levels"),
    ("social_security", "value", r"^A12345678$", "no national form"),
)


class Label(NamedTuple):
    """One value that a corpus says is there."""

    kind: str
    value: str


class Sample(NamedTuple):
    """One labelled text."""

    text: str
    labels: list[Label]
    complete: bool  # every value in it is labelled, so that another hit is false


class Hit(NamedTuple):
    """One value the detector found, folded as labels are."""

    signature: str
    tier: int
    value: str


def fold(value: str) -> str:
    """A value without its separators, full-width forms and case."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", value)).upper()


def covers(hit: str, value: str) -> bool:
    """Whether a folded hit stands for a folded value: one within the other, at least three fifths as long."""
    if hit.startswith("BEGIN") and value.startswith(hit):
        return True  # of a private key its head
    shorter, longer = sorted((hit, value), key=len)
    return bool(shorter) and shorter in longer and len(shorter) * 5 >= len(longer) * 3


def read_argus(path: Path) -> Iterator[Sample]:
    """Made Chinese sentences; every value is labelled."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield Sample(row["text"], [Label(e["type"], e["text"]) for e in row["entities"]], True)


def read_fixtures(path: Path) -> Iterator[Sample]:
    """Cases of one kind; other kinds in the same text are not labelled."""
    for case in json.loads(path.read_text("utf-8")):
        value = case.get("expected_text") or case["input"]
        yield Sample(case["input"], [Label(case["type"], value)] if case["should_match"] else [], False)


def read_presidio(path: Path) -> Iterator[Sample]:
    """English sentences; every value is labelled."""
    for row in json.loads(path.read_text("utf-8")):
        yield Sample(row["full_text"], [Label(s["entity_type"], s["entity_value"]) for s in row["spans"]], True)


def read_cluener(path: Path) -> Iterator[Sample]:
    """News: names and addresses without labels beside them, which nothing here claims to find."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield Sample(row["text"], [Label(f"bare {kind}", value) for kind, values in row["label"].items() for value in values], False)


def look_at(detector: Detector, samples: list[Sample]) -> list[list[Hit]]:
    """Hits of each sample, each a message of its own."""
    octets = [s.text.encode() for s in samples]
    units = units_over(np.frombuffer(bytearray(b"".join(o + bytes(PAD) for o in octets)), np.uint8), len(octets))
    sizes = np.array([len(o) for o in octets], np.int64)
    units.start[1:] = np.cumsum(sizes + PAD)[:-1]
    units.stop[:] = units.start + sizes
    units.stream[:], units.flags[:] = np.arange(len(octets)), FIRST | LAST
    seen = detector.inspect(units, len(octets), 0)
    found: list[list[Hit]] = [[] for _ in samples]
    for h in range(seen.n_hits):
        value = seen.texts[h >= seen.split][seen.hits.start[h]:seen.hits.stop[h]].tobytes().decode("utf-8", "replace")
        found[seen.hits.unit[h]].append(Hit(detector.catalogue.signatures[seen.hits.signature[h]].id, int(seen.hits.tier[h]), fold(value)))
    return found


def measure_set(detector: Detector, samples: Iterable[Sample]) -> dict[str, Any]:
    """Planted, found, low and false of one set by signature; missed values; labels left out by kind."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    left_out: Counter[str] = Counter()
    missed: dict[str, list[str]] = defaultdict(list)
    false: dict[str, list[str]] = defaultdict(list)
    known = {s.id for s in detector.catalogue.signatures}
    every = list(samples)
    for first in range(0, len(every), BATCH):
        part = every[first:first + BATCH]
        for sample, hits in zip(part, look_at(detector, part), strict=True):
            for label in sample.labels:
                answers = [a for a in ANSWERS.get(label.kind, ()) if a in known]
                why = uncovered(label, sample.text) if answers else "no such signature"
                if why:
                    left_out[f"{label.kind}: {why}"] += 1
                    continue
                tiers = [h.tier for h in hits if h.signature in answers and covers(h.value, fold(label.value))]
                best = max(tiers, default=0)
                counts[answers[0]].update(planted=1, found=best >= 2, low=best == 1)
                if best < 2:
                    missed[answers[0]].append(f"{label.value} IN {sample.text}")
            for hit in hits if sample.complete else ():
                if hit.tier >= 2 and not any(covers(hit.value, fold(label.value)) for label in sample.labels):
                    counts[hit.signature].update(false=1)
                    false[hit.signature].append(f"{hit.value} IN {sample.text}")
    return {
        "signatures": {name: {key: int(c[key]) for key in ("planted", "found", "low", "false")} for name, c in sorted(counts.items())},
        "left_out": dict(left_out), "missed": dict(missed), "false": dict(false),
    }


def uncovered(label: Label, text: str) -> str:
    """Why the catalogue does not claim such a value; empty if it does."""
    for kind, where, expression, why in LEFT_OUT:
        if label.kind == kind and re.search(expression, label.value if where == "value" else text):
            return why
    return ""


def measure_negatives(detector: Detector, folder: Path) -> dict[str, dict[str, int]]:
    """Findings by tier of each file that holds no identity numbers."""
    result = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            tiers: Counter[str] = Counter()
            for found in detect(file, detector).found.values():
                signature = detector.catalogue.signatures[found.signature].id
                tiers.update({("", "low", "medium", "high")[found.tier]: found.hits, f"{signature} {found.tier}": found.hits})
        result[str(path.relative_to(folder))] = dict(tiers)
    return result


def measure_text(corpora: Path) -> dict[str, Any]:
    """All labelled text and negatives of `corpora`; plain dicts."""
    detector = Detector(load_catalogue(), FixedKeys())
    sets: dict[str, Iterable[Sample]] = {}
    pii = corpora / "pii"
    for pattern, read in (("argus_zh_formal*", read_argus), ("presidio*", read_presidio), ("cluener*", read_cluener)):
        sets.update((path.name, read(path)) for path in sorted(pii.glob(pattern)))
    for path in sorted((pii / "argus_fixtures").glob("*.json")):
        sets[f"argus_fixtures/{path.name}"] = read_fixtures(path)
    return {
        "labelled": {name: measure_set(detector, samples) for name, samples in sets.items()},
        "negatives": measure_negatives(detector, corpora / "negatives"),
    }


def print_report(report: dict[str, Any], details: bool) -> None:
    """The report for people; with `details` what was missed or false."""
    for name, part in report["labelled"].items():
        for signature, c in part["signatures"].items():
            rate = f"{c['found'] / c['planted']:.4f}" if c["planted"] else "-"
            numbers = f"planted {c['planted']:5} found {c['found']:5} ({rate}) low {c['low']:4} false {c['false']:4}"
            print(f"{name:42.42} {signature:16} {numbers}")
        if part["left_out"]:
            print(f"{name:42.42} not covered: {part['left_out']}")
        for kind in ("missed", "false") if details else ():
            for signature, values in part[kind].items():
                for value in values[:12]:
                    print(f"    {kind} {signature}: {value}")
    total: Counter[str] = Counter()
    for name, tiers in report["negatives"].items():
        total.update(tiers)
        if tiers.get("high") or tiers.get("medium"):
            print(f"negative {name}: {tiers}")
    print(f"negatives, {len(report['negatives'])} files: {dict(sorted(total.items()))}")


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    print_report(measure_text(Path(arguments[0] if arguments else "../shared/corpora")), "-v" in sys.argv)
