"""Catalogue files → signatures and tables."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from detectors.kinds import KINDS, NEGATIVE
from detectors.masks import fnv1a
from detectors.signature import Family, Signature

SHIPPED = Path(__file__).with_name("catalogue")
HAN_FIRST, HAN_LAST = 0x4E00, 0x9FFF
PLATE_PROVINCES = "京津沪渝冀晋蒙辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新"
NOT_SIGNATURES = ("catalogue.toml", "words.toml", "numbers.toml")


# What the kernels look up, as one record: a kernel hands it on as a pointer, where a tuple of arrays costs 100 ns a call. Sets are open
# tables of FNV-1a hashes, 0 free (see make_set); lists end at their first row of zeros.
TABLES = np.dtype([
    ("tests", np.uint64, 1024),       # set: values that are never findings
    ("not_names", np.uint64, 8192),   # set
    ("compounds", np.uint64, 1024),   # set: compound surnames
    ("before", np.uint64, 1024),      # set: what a name may follow within a run of Han
    ("after", np.uint64, 1024),       # set: what may follow a name within a run of Han
    ("domains", np.uint64, 4096),     # set: top-level domains; documentation domains' names are in `tests`
    ("roles", np.uint64, 1024),       # set: mailboxes that stand for nobody
    ("cards", np.int64, (64, 4)),     # list: lowest and highest six digits, shortest and longest number
    ("word_at", np.int64, (1024, 4)),  # start, length, bit set of kinds, whether Latin; sorted by first octet
    ("word_by", np.int64, 257),       # words that begin with an octet: word_by[c] .. word_by[c + 1]
    ("signature_of", np.int16, len(KINDS)),  # index of the kind's signature, -1 where the catalogue has none
    ("words", np.uint8, 16384),       # labels and negative words, lower case, back to back
    ("tails", np.uint8, 2048),        # how a value of `tests` may end: the low four bits of its last three octets, as digits
    ("mobile", np.uint8, 1000),       # first three digits in use
    ("province", np.uint8, 100),
    ("imsi", np.uint8, 100),          # networks
    ("han", np.uint8, HAN_LAST - HAN_FIRST + 1),  # bit 1 surname, 2 plate's province
], align=True)


class Catalogue:
    """Signatures, in a fixed order, and the tables compiled from them: TABLES (1,)."""

    def __init__(self, signatures: list[Signature], tables: np.ndarray, version: str) -> None:
        self.signatures, self.tables, self.version = signatures, tables, version


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """The catalogue in `folder`, or the one shipped; ValueError names file and key of what is wrong."""
    folder = folder or SHIPPED
    digest = hashlib.sha256()
    signatures: list[Signature] = []
    for path in sorted(folder.iterdir()):
        if path.suffix in (".toml", ".txt"):
            digest.update(path.name.encode() + path.read_bytes())
        if path.suffix == ".toml" and path.name not in NOT_SIGNATURES:
            signatures += _read_family(path)
    ids = [s.id for s in signatures]
    for name in ids:
        if ids.count(name) > 1:
            raise ValueError(f"{folder}: signature {name} stands twice")
        if name not in KINDS:
            raise ValueError(f"{folder}: signature {name} has no kernel; known: {', '.join(KINDS)}")
    version = f"{_read(folder / 'catalogue.toml')['version']}+{digest.hexdigest()[:8]}"
    return Catalogue(signatures, _compile(folder, ids), version)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None


def _read_family(path: Path) -> list[Signature]:
    try:
        return Family.model_validate(_read(path)).signature
    except ValidationError as error:
        places = (f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError("\n".join(places)) from None


def _compile(folder: Path, ids: list[str]) -> np.ndarray:
    words, numbers = _read(folder / "words.toml"), _read(folder / "numbers.toml")
    blob, word_at, word_by = _words(words)
    lists = {name: (folder / f"{name}.txt").read_text("utf-8").split() for name in ("compound_surnames", "not_names")}
    labels = words["labels"]["name"]
    sets = {
        "tests": numbers["test"]["values"] + numbers["test"]["domains"], "not_names": lists["not_names"],
        "compounds": lists["compound_surnames"], "before": [*words["name"]["before"], *labels], "after": words["name"]["after"],
        "domains": numbers["email"]["tlds"], "roles": numbers["email"]["roles"],
    }
    tables = np.zeros(1, TABLES)
    table = tables[0]
    for name, members in sets.items():
        table[name] = make_set(members, _room(folder, name, 2 * len(members)))
    for name, rows in (("cards", np.array(numbers["card"]["ranges"], np.int64).reshape(-1, 4)), ("word_at", word_at), ("words", blob)):
        _room(folder, name, len(rows) + 1)
        table[name][: len(rows)] = rows
    for value in numbers["test"]["values"]:
        table["tails"][sum((octet & 15) * weight for octet, weight in zip(value.encode()[-3:], (100, 10, 1), strict=True))] = 1
    table["word_by"] = word_by
    table["signature_of"] = [ids.index(kind) if kind in ids else -1 for kind in KINDS]
    for span in numbers["mobile"]["allocated"]:
        low, _, high = span.partition("-")
        table["mobile"][int(low) : int(high or low) + 1] = 1
    table["province"][numbers["division"]["provinces"]] = 1
    table["imsi"][[int(network) for network in numbers["imsi"]["networks"]]] = 1
    for bit, letters in ((1, (folder / "surnames.txt").read_text("utf-8").strip()), (2, PLATE_PROVINCES)):
        table["han"][[ord(letter) - HAN_FIRST for letter in letters]] |= bit
    return tables


def _room(folder: Path, name: str, needed: int) -> int:
    """Rows that TABLES has for `name`; ValueError where the catalogue needs more."""
    room = int(TABLES[name].shape[0])
    if needed > room:
        raise ValueError(f"{folder}: {name}: room for {room} rows, {needed} are needed (see detectors/compile.py)")
    return room


def _words(words: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    bits: dict[bytes, int] = {}
    for kind, labels in words["labels"].items():
        if kind not in KINDS:
            raise ValueError(f"words.toml: labels.{kind}: no such kind")
        for label in labels:
            key = label.lower().encode()
            bits[key] = bits.get(key, 0) | 1 << KINDS.index(kind)
    for word in words["negative"]["words"]:
        key = word.lower().encode()
        bits[key] = bits.get(key, 0) | 1 << NEGATIVE
    ordered = sorted(bits, key=lambda word: (word[0], -len(word)))
    starts = np.cumsum([0, *(len(word) for word in ordered)])
    rows = [(int(starts[i]), len(word), bits[word], int(word.isascii())) for i, word in enumerate(ordered)]
    firsts = np.array([word[0] for word in ordered])
    by = np.searchsorted(firsts, np.arange(257)).astype(np.int64)
    return np.frombuffer(bytearray(b"".join(ordered)), np.uint8), np.array(rows, np.int64), by


def make_set(words: list[str], size: int = 0) -> np.ndarray:
    """Words as an open table of FNV-1a hashes, uint64 (size,), a power of two: see mask_kernels.is_known."""
    table = np.zeros(size or 1 << max(3, (4 * len(words)).bit_length()), np.uint64)
    for word in words:
        value = fnv1a(word.lower().encode())
        at = value % table.size
        while table[at]:
            at = (at + 1) % table.size
        table[at] = value
    return table
