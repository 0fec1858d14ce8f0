"""Decoder steps as bits, and the words a finding's decoder path uses for them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag
from functools import lru_cache


class Step(IntFlag):
    """One thing undone on the way to the text; a hit's path is the union, in the order of the bits."""

    GZIP = 1
    DEFLATE = 2
    PERCENT = 4
    UTF16LE = 8
    UTF16BE = 16
    GB18030 = 32
    ESCAPE = 64      # \\uXXXX
    ENTITY = 128     # &#NNNN;
    WIDTH = 256      # full-width forms
    DAMAGED = 512    # no charset fits throughout: read as it lies


WORDS = {
    Step.GZIP: "gzip", Step.DEFLATE: "deflate", Step.PERCENT: "%XX", Step.UTF16LE: "UTF-16LE", Step.UTF16BE: "UTF-16BE",
    Step.GB18030: "GB18030", Step.ESCAPE: "\\u", Step.ENTITY: "&#", Step.WIDTH: "NFKC", Step.DAMAGED: "damaged",
}


@lru_cache(maxsize=1024)
def words_of(path: int) -> tuple[str, ...]:
    """The decoder path in words, first step first; empty where the octets were read as they lay."""
    return tuple(word for step, word in WORDS.items() if path & step)


def joined(paths: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The steps of several decoder paths, each once, in the order of WORDS."""
    steps = set().union(*paths)
    return tuple(word for word in WORDS.values() if word in steps)
