"""Which charset a text is in, and its way to UTF-8.

Order (signatures.md section 0): declared, byte order mark, strict UTF-8, UTF-16 by its NULs, GB18030. A declaration that the octets
contradict is passed over: servers announce ISO-8859-1 by habit.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import islice, product
from typing import NamedTuple

import numpy as np

from detectors.content.charset_kernels import (
    CHARS,
    COMMON,
    ERRORS,
    LEFT,
    MARKED,
    TALLY,
    TRIAL,
    charset_of,
    gb18030_to_utf8,
    plausible,
    try_charset,
    utf16_to_utf8,
)
from detectors.content.look_kernels import look
from detectors.content.step import Step
from detectors.units import FIRST, LAST, Charset

CHARSETS = tuple(Charset)
STEP = {Charset.GB18030: Step.GB18030, Charset.UTF16LE: Step.UTF16LE, Charset.UTF16BE: Step.UTF16BE}


class Transcoded(NamedTuple):
    """How a transcoding went."""

    end: int      # behind the text in the target
    chars: int    # multi-octet characters
    common: int   # of them, characters in everyday use
    errors: int   # octets that fit no character
    left: int     # octets of an unfinished character at the end
    marked: bool  # a look at the text may find more than HIGH


@cache
def gb18030_tables() -> tuple[np.ndarray, np.ndarray]:
    """Code points of all two-octet and, in the basic plane, all four-octet codes, from Python's own codec; 0 where there is none."""
    digits, others = range(0x30, 0x3A), range(0x81, 0xFF)
    pairs = product(others, range(0x40, 0xFF))
    quads = islice(product(range(0x81, 0x85), digits, others, digits), 39420)
    return points_of(map(bytes, pairs)), points_of(map(bytes, quads))


def points_of(codes: Iterable[bytes]) -> np.ndarray:
    """Code point of each GB18030 code, 0 if it has none. Decoded all at once: one by one took a quarter of a second at every start."""
    texts = b"\n".join(codes).decode("gb18030", "ignore").split("\n")
    return np.array([ord(text) if len(text) == 1 and ord(text) >= 0x80 else 0 for text in texts], np.uint16)


def transcode(charset: Charset, src: np.ndarray, bounds: np.ndarray, dst: np.ndarray, at: int) -> Transcoded:
    """Append [bounds[0], bounds[3]) of `src` to `dst` as UTF-8 (at most 3/2 as long); `bounds` follow."""
    tally = np.zeros(TALLY, np.int64)
    if charset == Charset.GB18030:
        end = gb18030_to_utf8(src, bounds, dst, at, gb18030_tables(), tally)
    else:
        end = utf16_to_utf8(src, bounds, dst, at, charset == Charset.UTF16BE, tally)
    return Transcoded(end, int(tally[CHARS]), int(tally[COMMON]), int(tally[ERRORS]), int(tally[LEFT]), bool(tally[MARKED]))


class Trial(NamedTuple):
    """What deciding a charset needs beside the octets; all but the tables is overwritten."""

    pairs: np.ndarray   # GB18030 tables
    quads: np.ndarray
    text: np.ndarray    # uint8, room for what TRIAL octets give
    bounds: np.ndarray  # int64 (4,)
    tally: np.ndarray   # int64 (TALLY,), how the last trial went
    counts: np.ndarray  # int64 (6,), what the last look counted


def new_trial() -> Trial:
    """Tables and room."""
    octets, place = np.zeros(TRIAL * 3 // 2 + 8, np.uint8), np.int64
    return Trial(*gb18030_tables(), octets, np.zeros(4, place), np.zeros(TALLY, place), np.zeros(6, place))


def reads_as_gb18030(octets: np.ndarray, trial: Trial) -> bool:
    """Whether the beginning of `octets` is plausible GB18030."""
    try_charset(Charset.GB18030.value, octets, 0, octets.size, trial)
    return bool(plausible(trial.tally))


def decide_charset(octets: np.ndarray, declared: int, flags: int, trial: Trial) -> tuple[Charset, int]:
    """Charset of `octets` and their look (look_kernels)."""
    counts = trial.counts
    edges = (0 if flags & FIRST else 1) | (0 if flags & LAST else 2)
    seen = int(look(octets, 0, octets.size, edges, counts))
    return CHARSETS[charset_of(octets, 0, octets.size, declared, flags, seen, counts, trial)], seen
