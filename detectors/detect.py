"""What `guankou detect` does: one file or a stream through the detector, for people who write signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detectors.detector import Detector, Inspected
from detectors.finding import Finding, gather, places_of
from detectors.finding_kernels import SHOWN
from detectors.units import FIRST, HOLD, LAST, PAD, Units, Verdict, new_units
from pipeline.schema.codes import Tier

WINDOW = 1 << 16   # octets of a unit
WINDOWS = 16       # units looked into at once


@dataclass
class Found:
    """One signature at one tier in the whole file."""

    signature: int
    tier: int
    hits: int = 0
    tokens: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    excerpts: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)  # octets of the decoded content, where asked for


@dataclass
class Detected:
    """What a file held, and what of it could not be read."""

    octets: int = 0
    found: dict[tuple[int, int], Found] = field(default_factory=dict)
    unread: list[tuple[int, int, str]] = field(default_factory=list)  # (offset in the file, octets, why)


def read_units(file: IO[bytes]) -> Iterator[tuple[Units, int, np.ndarray]]:
    """The file as one message in batches: units, how many, and each one's offset in the file."""
    units = new_units(WINDOWS, WINDOWS * (HOLD + WINDOW + PAD))
    positions = np.zeros(WINDOWS, np.int64)
    carried, offset, flags = b"", 0, FIRST
    ahead = file.read(WINDOW)
    while ahead or flags & FIRST:
        at, n = 0, 0
        while n < WINDOWS and (ahead or flags & FIRST):
            octets, ahead = ahead, file.read(WINDOW)
            shown = carried + octets
            units.buf[at:at + len(shown)] = np.frombuffer(shown, np.uint8)
            units.buf[at + len(shown):at + len(shown) + PAD] = 0
            units.start[n], units.stop[n], units.carried[n] = at, at + len(shown), len(carried)
            units.flags[n], positions[n] = flags | (0 if ahead else LAST), offset - len(carried)
            carried, offset, flags = shown[-HOLD:], offset + len(octets), 0
            at, n = at + len(shown) + PAD, n + 1
        yield units, n, positions


def detect(file: IO[bytes], detector: Detector, spans: bool = False) -> Detected:
    """Findings of a file; with `spans` each hit's place too."""
    result = Detected()
    for units, n, positions in read_units(file):
        inspected = detector.inspect(units, n)
        result.octets += int((units.stop[:n] - units.start[:n] - units.carried[:n]).sum())
        for finding in gather(inspected, np.zeros(n, np.int64), detector.masks, SHOWN, positions):
            add(result, finding)
        if spans:
            add_spans(result, inspected, positions)
        note_unread(result, inspected, units, n, positions)
    return result


def add(result: Detected, finding: Finding) -> None:
    """Add a batch's finding to the file's."""
    found = result.found.setdefault((finding.signature, finding.tier), Found(finding.signature, finding.tier))
    fresh = SHOWN - len(found.excerpts)
    found.hits += finding.hits
    found.tokens = np.union1d(found.tokens, finding.tokens)
    found.excerpts += finding.excerpts[:fresh]
    found.offsets += finding.offsets[:fresh]
    found.path += [word for word in finding.path if word not in found.path]


def add_spans(result: Detected, inspected: Inspected, positions: np.ndarray) -> None:
    """Add each hit's range; no value."""
    hits, rows = inspected.hits, np.arange(inspected.n_hits)
    starts = places_of(inspected, rows, positions)
    stops = starts + hits.stop[rows] - hits.start[rows]
    for signature, tier, start, stop in zip(hits.signature[rows], hits.tier[rows], starts, stops, strict=True):
        result.found[int(signature), int(tier)].spans.append((int(start), int(stop)))


def note_unread(result: Detected, inspected: Inspected, units: Units, n: int, positions: np.ndarray) -> None:
    """Note the units that could not be read, neighbours together."""
    for row in np.flatnonzero(inspected.verdict[:n] == Verdict.UNDECODABLE):
        start = int(positions[row] + units.carried[row])
        octets, why = int(units.stop[row] - units.start[row] - units.carried[row]), inspected.why[int(row)]
        if result.unread and result.unread[-1][2] == why and sum(result.unread[-1][:2]) == start:
            start, octets = result.unread[-1][0], result.unread.pop()[1] + octets
        result.unread.append((start, octets, why))


def write_jsonl(result: Detected, detector: Detector, out: IO[str], spans: bool = False) -> None:
    """A line a finding, a line a range that could not be read."""
    for found in in_order(result):
        signature = detector.catalogue.signatures[found.signature]
        line = {
            "signature": signature.id, "tier": found.tier, "count": found.hits, "subjects": len(found.tokens),
            "excerpts": found.excerpts, "offsets": found.offsets, "decoder_path": found.path,
        }
        out.write(json.dumps({**line, "spans": found.spans} if spans else line, ensure_ascii=False) + "\n")
    for start, octets, why in result.unread:
        out.write(json.dumps({"undecodable": why, "offset": start, "octets": octets}) + "\n")


def print_table(result: Detected, detector: Detector, console: Console) -> None:
    """The findings as a table, then what could not be read."""
    table = Table(title=f"{result.octets:,} 字节 octets · {detector.catalogue.version}")
    for name in ("特征 signature", "可信度 tier", "命中 hits", "不同值 distinct", "摘录 excerpt", "偏移 offset", "解码 decoded"):
        table.add_column(name, overflow="fold", justify="right" if name[:2] in ("命中", "不同", "偏移") else "left")
    for found in in_order(result):
        signature = detector.catalogue.signatures[found.signature]
        cells = (f"{signature.id}\n{signature.zh} {signature.en}", Tier(found.tier).name.lower(), f"{found.hits:,}",
                 f"{len(found.tokens):,}", "\n".join(found.excerpts), "\n".join(map(str, found.offsets)), " → ".join(found.path))
        table.add_row(*map(Text, cells))
    console.print(table)
    for start, octets, why in result.unread:
        console.print(f"无法解码 not decodable: {start:,}–{start + octets:,} ({WHY.get(why, why)})", markup=False)


def in_order(result: Detected) -> list[Found]:
    """Surest first, then the most frequent."""
    return sorted(result.found.values(), key=lambda found: (-found.tier, -found.hits, found.signature))


WHY = {
    "coding": "内容编码不支持 no decoder for this coding",
    "damaged": "压缩数据损坏 damaged",
    "ratio": "压缩比异常 expands beyond bounds",
    "beginning": "缺开头 beginning missing",
    "gap": "中间缺失 octets missing",
    "charset": "字符集不明 no charset fits",
    "room": "文本过大 too much text at once",
}
