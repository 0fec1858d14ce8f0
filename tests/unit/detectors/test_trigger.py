"""Every mask against the plain condition on an octet, wherever it stands; what else the intrinsics do against Python's own arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from detectors import trigger
from detectors.trigger import ASCII_TRIPLES, HAN_TRIPLES, LANES
from detectors.units import PAD

LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Condition = Callable[[bytes], bool]  # of the three octets at a place
MASKS: dict[str, Condition] = {
    "digit_mask": lambda o: o[0] in b"0123456789",
    "gap_mask": lambda o: o[0] in b" -",
    "upper_mask": lambda o: o[0] in LETTERS,
    "code_mask": lambda o: o[0] in b"0123456789" + LETTERS,
    "break_mask": lambda o: o[0] in b"\n}",
    "high_mask": lambda o: o[0] >= 0x80,
    "han_mask": lambda o: o[0] >= 0xE4,
    "tail_mask": lambda o: 0x80 <= o[0] < 0xC0,
    "lead_mask": lambda o: 0xE1 <= o[0] <= 0xEF and o[0] != 0xED,
    "loud_mask": lambda o: o[0] >= 0x80 or o[0] in b"\0%&\\",
    "ascii_trigger_mask": lambda o: o[0] == 0x40 or tuple(o) in map(tuple, ASCII_TRIPLES),
    "han_trigger_mask": lambda o: o[0] >= 0x80 and o[1] in LETTERS or o[0] in b"\"=:>" and 0xE4 <= o[1] <= 0xE9
    or tuple(o) in map(tuple, HAN_TRIPLES),
}


def compiled(name: str) -> Any:
    function = getattr(trigger, name)
    return njit(lambda *args: function(*args)) if name not in ("octet_mask", "spread_digits") else function


CALLS = {name: compiled(name) for name in MASKS}
PIECES = st.sampled_from([
    *trigger.TRIPLES, b"@", b'"\xe5', b":", b"=\xe9", b">\xe4", b"\xbcA", b"9", b" -", b"\n}", b"%&\\\0", b"\xed\xef\xf0",
])
OCTETS = st.lists(PIECES | st.binary(max_size=6), max_size=40).map(b"".join)


@pytest.mark.parametrize("name", MASKS)
def test_every_octet_alone_is_told_as_the_condition_tells_it(name: str) -> None:
    text = np.zeros(256 + PAD, np.uint8)
    text[:256] = np.arange(256)
    for at in range(0, 256, LANES):
        octets = text[at:at + LANES + 2].tobytes()
        assert CALLS[name](text, at) == sum(MASKS[name](octets[i:i + 3]) << i for i in range(LANES))


@given(OCTETS, st.integers(0, 40))
def test_masks_are_what_their_conditions_say(octets: bytes, at: int) -> None:
    text = np.frombuffer(octets + bytes(PAD), np.uint8).copy()
    seen = text[at:at + LANES + 2].tobytes()
    for name, condition in MASKS.items():
        assert CALLS[name](text, at) == sum(condition(seen[i:i + 3]) << i for i in range(LANES)), name


@njit
def spread(digits: np.ndarray, text: np.ndarray, at: int) -> None:
    trigger.spread_digits(digits, text, at)


@njit
def one_octet(text: np.ndarray, at: int, octet: int) -> int:
    return trigger.octet_mask(text, at, np.uint8(octet))  # type: ignore[no-any-return]


@njit
def bits_of(mask: np.uint64) -> tuple[int, int]:
    return trigger.count_bits(mask), trigger.highest_bit(np.int64(mask >> np.uint64(1)))


@given(st.binary(min_size=80, max_size=80), st.integers(0, 40), st.integers(0, 255))
def test_words_digits_and_single_octets_are_read_where_they_lie(octets: bytes, at: int, octet: int) -> None:
    text = np.frombuffer(octets + bytes(PAD), np.uint8).copy()
    digits = np.zeros(20, np.int64)
    spread(digits, text, at)
    assert digits.tolist() == [o - 48 for o in text[at:at + 20].tolist()]
    assert int(compiled_word(text, at)) == int.from_bytes(text[at:at + 8].tobytes(), "little")
    assert one_octet(text, at, octet) == sum(bool(o == octet) << i for i, o in enumerate(text[at:at + LANES].tolist()))


compiled_word = compiled("load_word")


@given(st.integers(2, (1 << 64) - 1))
def test_bits_are_counted_and_the_highest_found(mask: int) -> None:
    assert bits_of(np.uint64(mask)) == (mask.bit_count(), mask.bit_length() - 2)
