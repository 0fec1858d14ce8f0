"""What masking, tokens and principals need to know of each signature, as arrays; and the words an excerpt may show."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from detectors import mask_kernels as masks
from detectors import token_kernels as tokens

if TYPE_CHECKING:
    from detectors.compile import Catalogue

# A mask the catalogue names, and how it is written and how its values are normalised for their tokens. An unknown one shows nothing.
KINDS = {
    "identifier": (masks.IDENTIFIER, tokens.WHOLE),
    "phone": (masks.IDENTIFIER, tokens.PHONE),
    "name": (masks.NAME, tokens.WHOLE),
    "address": (masks.ADDRESS, tokens.WHOLE),
    "email": (masks.EMAIL, tokens.EMAIL),
    "coordinates": (masks.COORDINATES, tokens.NUMBERS),
    "secret": (masks.SECRET, tokens.WHOLE),
}


class Masks:
    """Per signature of `catalogue`: mask, token rule and domain, rank as a person; the label that excerpts show."""

    def __init__(self, catalogue: Catalogue) -> None:
        signatures = catalogue.signatures
        chosen = [KINDS.get(s.mask, (masks.SECRET, tokens.WHOLE)) for s in signatures]
        kinds = np.array([mask for mask, _ in chosen], np.uint8)
        self.rules = np.array([rule for _, rule in chosen], np.uint8)
        self.ranks = np.array([s.person_rank for s in signatures], np.int16)
        self.domains = np.array([domain_of(s.id) for s in signatures], np.uint64)
        names = [s.id.encode() for s in signatures]
        places = np.cumsum([0, *(len(name) for name in names)]).astype(np.int64)
        self.tables = (kinds, (np.frombuffer(bytearray(b"".join(names)), np.uint8), places), harmless_words())


def domain_of(signature: str) -> int:
    """What separates one signature's tokens from all others', whatever else the catalogue holds."""
    return int.from_bytes(hashlib.blake2b(signature.encode(), digest_size=8).digest(), "little")


def fnv1a(octets: bytes) -> int:
    """64-bit FNV-1a, as mask_kernels.is_known computes it."""
    value = int(masks.BASIS)
    for octet in octets:
        value = (value ^ octet) * int(masks.PRIME) % (1 << 64)
    return value


@cache
def harmless_words() -> np.ndarray:
    """The words of harmless.txt as an open table of FNV-1a hashes, uint64 (2^k,)."""
    words = Path(__file__).with_name("harmless.txt").read_text("utf-8").split()
    table = np.zeros(1 << (4 * len(words)).bit_length(), np.uint64)
    for word in words:
        if len(word.encode()) > masks.LONGEST_WORD and not word.isascii():
            raise ValueError(f"harmless.txt: {word} is longer than an excerpt looks for")
        value = fnv1a(word.encode())
        at = value % table.size
        while table[at]:
            at = (at + 1) % table.size
        table[at] = value
    return table
