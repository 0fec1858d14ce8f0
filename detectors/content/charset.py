"""Which charset a text is in, and its way to UTF-8.

Order (signatures.md section 0): declared, byte order mark, strict UTF-8, UTF-16 by its NULs, GB18030. A declaration that the octets
contradict is passed over: servers announce ISO-8859-1 by habit.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from detectors.content import look_kernels as looks
from detectors.content.charset_kernels import CHARS, COMMON, ERRORS, LEFT, gb18030_to_utf8, utf16_to_utf8
from detectors.content.step import Step
from detectors.units import FIRST, LAST, Charset

MARKS = ((b"\xef\xbb\xbf", Charset.UTF8), (b"\xff\xfe", Charset.UTF16LE), (b"\xfe\xff", Charset.UTF16BE),
         (b"\x84\x31\x95\x33", Charset.GB18030))
STEP = {Charset.GB18030: Step.GB18030, Charset.UTF16LE: Step.UTF16LE, Charset.UTF16BE: Step.UTF16BE}


class Transcoded(NamedTuple):
    """How a transcoding went."""

    end: int      # behind the text in the target
    chars: int    # multi-octet characters
    common: int   # of them, characters in everyday use
    errors: int   # octets that fit no character
    left: int     # octets of an unfinished character at the end


@cache
def gb18030_tables() -> tuple[np.ndarray, np.ndarray]:
    """Code points of all two-octet and, in the basic plane, all four-octet codes, from Python's own codec; 0 where there is none."""
    pairs, quads = np.zeros(126 * 191, np.uint16), np.zeros(39420, np.uint16)
    for at in range(pairs.size):
        pairs[at] = point_of(bytes((0x81 + at // 191, 0x40 + at % 191)))
    for at in range(quads.size):
        quads[at] = point_of(bytes((0x81 + at // 12600, 0x30 + at // 1260 % 10, 0x81 + at // 10 % 126, 0x30 + at % 10)))
    return pairs, quads


def point_of(code: bytes) -> int:
    """Code point of one GB18030 code, 0 if it has none."""
    text = code.decode("gb18030", "ignore")
    return ord(text) if len(text) == 1 and ord(text) >= 0x80 else 0


def transcode(charset: Charset, src: np.ndarray, bounds: np.ndarray, dst: np.ndarray, at: int) -> Transcoded:
    """Append [bounds[0], bounds[3]) of `src` to `dst` as UTF-8 (at most 3/2 as long); `bounds` follow."""
    tally = np.zeros(4, np.int64)
    if charset == Charset.GB18030:
        end = gb18030_to_utf8(src, bounds, dst, at, gb18030_tables(), tally)
    else:
        end = utf16_to_utf8(src, bounds, dst, at, charset == Charset.UTF16BE, tally)
    return Transcoded(end, int(tally[CHARS]), int(tally[COMMON]), int(tally[ERRORS]), int(tally[LEFT]))


def looks_like_utf16(counts: np.ndarray) -> Charset:
    """UTF-16 of the byte order whose high octets are NUL where the text is ASCII; UNKNOWN if the NULs do not say so."""
    octets = int(counts[looks.LOOKED])
    even, odd = int(counts[looks.NULS_EVEN]), int(counts[looks.NULS_ODD])
    if odd * 8 >= octets and even * 16 <= odd:
        return Charset.UTF16LE
    if even * 8 >= octets and odd * 16 <= even:
        return Charset.UTF16BE
    return Charset.UNKNOWN


def trial(charset: Charset, src: np.ndarray, start: int, stop: int) -> Transcoded:
    """What transcoding would give, on at most the first 4 KiB."""
    stop = min(stop, start + 4096)
    scratch = np.empty((stop - start) * 3 // 2 + 8, np.uint8)
    return transcode(charset, src, np.array([start, start, stop, stop], np.int64), scratch, 0)


def plausible(result: Transcoded) -> bool:
    """Whether a GB18030 reading is text: nearly all of its characters in everyday use. Random octets reach a quarter."""
    return result.common * 5 >= 4 * (result.chars + result.errors) and result.chars > 0


def decide_charset(src: np.ndarray, start: int, stop: int, declared: Charset, flags: int) -> tuple[Charset, int]:
    """Charset of [start, stop) and its look; UNKNOWN where none fits, LATIN1 only where declared and nothing else fits."""
    counts = np.zeros(6, np.int64)
    edges = (0 if flags & FIRST else 1) | (0 if flags & LAST else 2)
    seen = int(looks.look(src, start, stop, edges, counts))
    if flags & FIRST:
        head = src[start:min(stop, start + 4)].tobytes()
        for mark, charset in MARKS:
            if head.startswith(mark):
                return charset, seen
    if declared in (Charset.UTF16LE, Charset.UTF16BE):
        return declared, seen
    if seen & looks.NUL:
        found = looks_like_utf16(counts)
        if found:
            return found, seen
    if not seen & looks.BAD and (declared != Charset.GB18030 or not seen & looks.HIGH or counts[looks.CHARS] >= 4):
        return Charset.UTF8, seen
    result = trial(Charset.GB18030, src, start, stop)
    if declared == Charset.GB18030 and result.errors * 50 <= result.chars:
        return Charset.GB18030, seen
    wide_nuls = trial(Charset.UTF16LE, src, start, stop) if seen & looks.NUL and counts[looks.NULS_ODD] > counts[looks.NULS_EVEN] else None
    if wide_nuls is not None and wide_nuls.errors == 0 and wide_nuls.common * 10 >= 9 * ((min(stop - start, 4096)) // 2):
        return Charset.UTF16LE, seen  # mostly Han, with few ASCII characters among them
    if seen & looks.BAD and counts[looks.CHARS] < counts[looks.BADS] and plausible(result):
        return Charset.GB18030, seen
    if declared == Charset.LATIN1:
        return Charset.LATIN1, seen
    # Text with a little binary framing around it (database protocols, length prefixes) reads as UTF-8.
    return (Charset.UTF8 if counts[looks.BADS] * 20 <= counts[looks.LOOKED] else Charset.UNKNOWN), seen
