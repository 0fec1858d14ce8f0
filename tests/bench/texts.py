"""Texts that scanners are measured on: made ones, and the corpora's where they are found; the same octets for every scanner."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detectors.units import FIRST, LAST, PAD, Units, units_over
from tests.accuracy.text import read_argus, read_presidio
from tests.conftest import ROOT, find_corpora

SIZE = 4 << 20  # octets of a text: beyond the second cache level, as a batch of units is
BLOCK = 16_384  # octets of a block: a unit of the streams

sys.path.append(str(ROOT / "deploy" / "demo"))
from people import Person, make_persons  # noqa: E402 - the demonstration's made-up persons


class Blocks(NamedTuple):
    """One text, cut between lines into blocks of at most BLOCK octets; no character is cut, so every block is valid UTF-8."""

    buf: np.ndarray     # uint8 (n_octets + PAD,)
    bounds: np.ndarray  # int64 (blocks, 2): start, stop

    def parts(self) -> list[bytes]:
        """The blocks as objects."""
        return [self.buf[start:stop].tobytes() for start, stop in self.bounds]

    def units(self) -> Units:
        """The blocks as messages of one unit each."""
        units = units_over(self.buf, len(self.bounds))
        units.start[:], units.stop[:] = self.bounds.T
        units.stream[:], units.flags[:] = np.arange(len(self.bounds)), FIRST | LAST
        return units


def cut(text: str) -> Blocks:
    """`text`, repeated until it fills SIZE, as blocks."""
    once = text.encode() + b"\n"
    octets = (once * (SIZE // len(once) + 1))[:SIZE]
    edges = [0]
    while edges[-1] < len(octets):
        stop = min(edges[-1] + BLOCK, len(octets))
        line = octets.rfind(b"\n", edges[-1], stop) + 1
        while stop < len(octets) and octets[stop] & 0xC0 == 0x80:
            stop -= 1
        edges.append(line if line and stop < len(octets) else stop)
    while octets[edges[-1] - 1] & 0x80:  # the last character may be cut
        edges[-1] -= 1
    bounds = np.array([edges[:-1], edges[1:]], np.int64).T
    return Blocks(np.frombuffer(bytearray(octets + bytes(PAD)), np.uint8), np.ascontiguousarray(bounds))


def write_dense(persons: list[Person]) -> str:
    """A JSON row a person, nothing else."""
    rows = ({"owner": p.name, "id_no": p.resident_id, "mobile": p.mobile, "vin": p.vin, "plate": p.plate} for p in persons)
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def write_csv(persons: list[Person]) -> str:
    """A table whose heading alone says what the columns are."""
    rows = (f"{p.name},{p.resident_id},{p.mobile},{p.address},{p.bank_card}" for p in persons)
    return "\n".join(["姓名,身份证号,手机号,住址,银行卡", *rows])


def write_sparse(persons: list[Person]) -> str:
    """Telemetry; every fiftieth row holds a mobile number."""
    rng = random.Random(5)
    rows = []
    for i, p in enumerate(persons):
        row: dict[str, object] = {"host": f"gw{rng.randrange(40)}.dc{rng.randrange(4)}", "ok": True, "rtt_ms": rng.randrange(9000) / 100,
                                  "path": f"/api/v{rng.randrange(3)}/vehicles/status", "level": rng.choice(("info", "warning", "debug"))}
        rows.append(json.dumps({**row, "mobile": p.mobile} if i % 50 == 0 else row))
    return "\n".join(rows)


def read_folder(folder: Path) -> str:
    """All files of a folder that are UTF-8, one behind another."""
    return "\n".join(text for path in sorted(folder.rglob("*")) if path.is_file() and (text := read_utf8(path)) is not None)


def read_utf8(path: Path) -> str | None:
    """The file's text, None where it is in another charset."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def made_texts() -> Iterator[tuple[str, str]]:
    """Texts that need no corpora, always the same."""
    persons = make_persons(8000, 26)
    yield "dense JSON rows", write_dense(persons)
    yield "CSV of persons", write_csv(persons)
    yield "sparse telemetry", write_sparse(persons)


def corpora_texts(corpora: Path) -> Iterator[tuple[str, str]]:
    """Labelled texts, and texts without persons."""
    labelled: tuple[tuple[str, str, Callable], ...] = (  # type: ignore[type-arg]
        ("labelled Chinese", "argus_zh_formal*", read_argus), ("labelled English", "presidio_generated_large*", read_presidio),
    )
    for name, pattern, read in labelled:
        yield name, "\n".join(sample.text for path in sorted((corpora / "pii").glob(pattern)) for sample in read(path))
    clean = {"Chinese statutes": "zh_laws", "Chinese manuals": "zh_manpages", "logs": "logs", "CSV without persons": "csv",
             "JSON telemetry": "json_telemetry", "hex digests": "hex"}
    for name, folder in clean.items():
        yield name, read_folder(corpora / "negatives" / folder)


def all_texts() -> dict[str, Blocks]:
    """Every text by name; those of the corpora only where they are found."""
    corpora = find_corpora()
    texts = [*made_texts(), *(corpora_texts(corpora) if corpora else ())]
    return {name: cut(text) for name, text in texts if text.strip()}
