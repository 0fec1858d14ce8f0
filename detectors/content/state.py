"""What a decoded stream leaves for its next unit, and what reading one unit gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.content.inflate import Inflater
from detectors.units import HOLD, Charset, Verdict

HIGH_OCTETS = bytes(range(0x80, 0x100))


class StreamState:
    """What a decoded stream leaves for its next unit."""

    __slots__ = ("charset", "failed", "inflater", "left", "read", "tail")

    def __init__(self, inflater: Inflater | None) -> None:
        self.inflater = inflater
        self.charset = Charset.UNKNOWN
        self.left = b""          # an unfinished character
        self.tail = b""          # the last HOLD octets of text, which the next unit shows again
        self.read = 0            # octets of text before `tail`
        self.failed = ""         # why nothing more can be read

    def remember(self, text: np.ndarray) -> None:
        """Keep the end of `text` for the stream's next unit."""
        self.tail = text[max(0, text.size - HOLD):].tobytes()
        self.read += text.size - len(self.tail)


class Piece(NamedTuple):
    """Text of one unit, in the reader's arena."""

    bounds: np.ndarray   # int64 (4,): start, hits up to here were reported before, hits up to here are reported now, stop
    steps: int           # Step bits
    verdict: Verdict
    why: str             # of an undecodable unit
    decoded: int         # octets of text that no unit showed before
    base: int            # octets of the message's text before bounds[0]; -1 if the unit was read by itself
    lies: bool = False   # the text is the unit's own octets: bounds count from its start


def unfinished(data: np.ndarray) -> bytes:
    """Octets at the end that may begin a character, of whatever charset."""
    end = data[-4:].tobytes()
    high = len(end) - len(end.rstrip(HIGH_OCTETS))
    try:
        end[len(end) - high:].decode()
    except UnicodeDecodeError:
        return end[len(end) - high:] if high < 4 else b""
    return b""
