"""The catalogue's own kernels on whatever a sender may write: hits stay inside, do not overlap, and depend on the text alone."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.compile import load_catalogue
from detectors.detector import Detector
from detectors.scan import TextScan
from detectors.tokens import FixedKeys
from detectors.units import FIRST, LAST, PAD, new_hits, units_over

CATALOGUE = load_catalogue()
SCAN = TextScan(CATALOGUE)
DETECTOR = Detector(CATALOGUE, FixedKeys(bytes(16)))
AT_NS = 1_795_651_200_000_000_000
# Values, halves of values, labels, and what stands between: most fits nowhere, some nearly everywhere.
EXAMPLES = [text.encode() for s in CATALOGUE.signatures for text, _ in (*s.examples, *s.counterexamples)]
GLUE = [b"", b" ", b"\n", b",", b"-", b'"', b'":"', b"}", b"=", b"@", b"\0", b"\xe5", b"\xe5\xbc", b"\xff", *map(str.encode, "：·★")]
PIECES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.tuples(st.sampled_from(EXAMPLES), st.integers(0, 90), st.integers(0, 90)).map(lambda t: t[0][t[1] : t[2]]),
    st.sampled_from(GLUE),
    st.tuples(st.sampled_from([b"1", b"0", b"8", b"-", b" ", b"A", b"@", b"a.", "张".encode(), "路".encode(), b"<", b"lat", b"BEG"]),
              st.integers(1, 200)).map(lambda t: t[0] * t[1]),
    st.text("0123456789 -X", max_size=40).map(str.encode),
    st.binary(max_size=40),
)
TEXTS = st.lists(PIECES, max_size=12).map(b"".join)
Found = list[tuple[int, int, int, int]]


def scan(text: bytes, before: bytes = b"", behind: bytes = bytes(PAD)) -> Found:
    """(start, stop, signature, tier) of the hits of `text`, which lies between other octets."""
    buf = np.frombuffer(bytearray(before + text + behind + bytes(PAD)), np.uint8)
    low, high = len(before), len(before) + len(text)
    hits = new_hits(len(text) + 64)
    n = SCAN(buf, np.array([[low, low, high, high]], np.int64), np.zeros(1, np.int64), hits, 0)
    rows = zip(hits.start[:n].tolist(), hits.stop[:n].tolist(), hits.signature[:n].tolist(), hits.tier[:n].tolist(), strict=True)
    return [(start - low, stop - low, signature, tier) for start, stop, signature, tier in rows]


@given(TEXTS)
@example("秘密 ★ 6个月".encode())  # its hit ran three octets over the end: what lay there before went into its token
def test_hits_lie_inside_in_order_and_apart(text: bytes) -> None:
    found = scan(text)
    for start, stop, signature, tier in found:
        assert 0 <= start < stop <= len(text)
        assert 0 <= signature < len(CATALOGUE.signatures) and 1 <= tier <= 3
    assert all(a[1] <= b[0] for a, b in zip(found[:-1], found[1:], strict=True))


@given(TEXTS, st.sampled_from(["9", "张", "A", "@", "-", "姓名："]))
def test_what_lies_around_a_text_does_not_matter(text: bytes, noise: str) -> None:
    around = (noise.encode() * PAD)[:PAD]
    assert scan(text, around, around) == scan(text)


CODES = ("LSVAA4183E2000001", "91350100M000100Y43")


@given(st.sampled_from(CODES), st.integers(0, 140), st.sampled_from(["", "A", "Z9", "\n", "a", " 7B "]),
       st.sampled_from(["", "5", "X", ",", "z"]))
@example(CODES[0], 48, "", "")  # its last octet begins a block
@example(CODES[1], 55, "", "")
@example(CODES[0], 47, "A", "")
def test_a_code_is_found_wherever_its_run_begins(code: str, at: int, before: str, behind: str) -> None:
    text = "-" * at + before + code + behind
    run = max(re.findall("[0-9A-Z]+", text), key=len)
    alone = before[-1:] not in ("a", "A", "9") and not behind.isalnum()
    assert [text[start:stop] for start, stop, _, _ in scan(text.encode())] == ([code] if alone and run == code else [])


@given(st.lists(TEXTS, max_size=4))
def test_whole_detector_takes_any_text(texts: list[bytes]) -> None:
    units = units_over(np.frombuffer(bytearray(b"".join(text + bytes(PAD) for text in texts) + bytes(PAD)), np.uint8), max(1, len(texts)))
    at = 0
    for k, text in enumerate(texts):
        units.start[k], units.stop[k], units.stream[k], units.flags[k] = at, at + len(text), k, FIRST | LAST
        at += len(text) + PAD
    seen = DETECTOR.inspect(units, len(texts), AT_NS)
    for h in range(seen.n_hits):
        low, _, _, high = seen.bounds[seen.hits.unit[h]]
        assert low <= seen.hits.start[h] < seen.hits.stop[h] <= high
