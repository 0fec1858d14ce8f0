"""What the sensor hands to the detectors (units) and what comes back (hits): columns, and the protocol between windows.

The owner of a stream cuts its octets into units. A value may lie over the cut, so each unit shows the last `HOLD` octets of the one
before again (`carried`). Both sides draw the same border `MARGIN` octets before the cut: a hit that ends at or before the border is
reported by the earlier unit, which has seen what follows it; a hit that ends behind it by the later one. So each is reported once.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

HOLD = 192    # octets a unit shows again: an address in UTF-8, or a label and its value, with room
MARGIN = 48   # of these, the octets behind the border: enough to see what follows a hit
PAD = 256     # octets that may be read behind every unit

FIRST, LAST, GAP = 1, 2, 4  # flags: a message's first unit, its last one, octets missing before this one


class Coding(IntEnum):
    """Content coding of a message, as declared."""

    IDENTITY = 0
    GZIP = 1
    DEFLATE = 2
    OTHER = 3  # declared, and no decoder here


class Charset(IntEnum):
    """Declared charset; declarations are tried first, not trusted."""

    UNKNOWN = 0
    UTF8 = 1
    GB18030 = 2  # and GBK, GB2312, which it contains
    UTF16LE = 3
    UTF16BE = 4
    LATIN1 = 5


class Media(IntEnum):
    """Kind of content, as declared; those from IMAGE on are opaque to the detectors."""

    UNKNOWN = 0
    TEXT = 1
    JSON = 2
    FORM = 3
    XML = 4
    HTML = 5
    CSV = 6
    MULTIPART = 7
    HTTP_HEAD = 8
    IMAGE = 9
    AUDIO = 10
    VIDEO = 11
    ARCHIVE = 12


class Verdict(IntEnum):
    """What became of a unit."""

    INSPECTED = 0
    UNDECODABLE = 1  # hits may still have been found in what lies open
    OPAQUE = 2       # a kind of content that is not text: not looked into
    PENDING = 3      # a decoder took it in and has given nothing yet


class Units(NamedTuple):
    """Pieces of content to look into, a row a unit; arrays have shape (capacity,)."""

    buf: np.ndarray      # uint8 (n_octets,); PAD readable octets behind every unit
    start: np.ndarray    # int64, first octet in `buf`
    stop: np.ndarray     # int64, behind the last one
    stream: np.ndarray   # int64, the stream direction's current message; decoder state is kept under it until LAST
    coding: np.ndarray   # uint8, Coding
    charset: np.ndarray  # uint8, Charset
    media: np.ndarray    # uint8, Media
    flags: np.ndarray    # uint8, FIRST | LAST | GAP
    carried: np.ndarray  # int32, leading octets that the stream's previous unit has shown already


class Hits(NamedTuple):
    """Values found, a row a hit; arrays have shape (capacity,)."""

    unit: np.ndarray       # int32, row of the unit
    signature: np.ndarray  # int16, index in the catalogue
    tier: np.ndarray       # uint8, pipeline.schema.codes.Tier
    start: np.ndarray      # int64, first octet in the text the hit was found in
    stop: np.ndarray       # int64, behind the last one
    token: np.ndarray      # uint64, keyed hash of the normalised value
    principal: np.ndarray  # uint8, 1 if the hit stands for its record's person
    path: np.ndarray       # uint32, detectors.content.step.Step bits: how the text was reached


def new_units(capacity: int, octets: int) -> Units:
    """Columns for `capacity` units over a buffer of `octets` and the pad behind it."""
    return units_over(np.zeros(octets + PAD, np.uint8), capacity)


def units_over(buf: np.ndarray, capacity: int) -> Units:
    """Columns for `capacity` units over the caller's `buf`, whose last PAD octets are pad."""
    place, code = np.int64, np.uint8
    return Units(buf, np.zeros(capacity, place), np.zeros(capacity, place), np.zeros(capacity, place), np.zeros(capacity, code),
                 np.zeros(capacity, code), np.zeros(capacity, code), np.zeros(capacity, code), np.zeros(capacity, np.int32))


def new_hits(capacity: int) -> Hits:
    """Columns for `capacity` hits."""
    return Hits(np.zeros(capacity, np.int32), np.zeros(capacity, np.int16), np.zeros(capacity, np.uint8), np.zeros(capacity, np.int64),
                np.zeros(capacity, np.int64), np.zeros(capacity, np.uint64), np.zeros(capacity, np.uint8), np.zeros(capacity, np.uint32))
