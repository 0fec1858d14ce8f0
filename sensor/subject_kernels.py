"""Distinct subjects by open addressing: entries stand in the order in which they were first seen."""

import numpy as np

from detectors.kernel import kernel

MIX, ONE = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)


@kernel
def slot_of(slots, entries, whose, token):
    """Slot of the entry (whose, token) in `slots` (int64 (2^k,), -1 free), or the free one where it belongs."""
    mask = np.uint64(slots.size - 1)
    mixed = (token ^ (whose * MIX)) * MIX
    at = (mixed ^ (mixed >> np.uint64(32))) & mask
    while slots[at] >= 0 and (entries[slots[at]].token != token or entries[slots[at]].whose != whose):
        at = (at + ONE) & mask
    return at


@kernel
def add_subjects(slots, entries, n, whose, at_ns, principals, tokens):
    """Add tokens (uint64 (k,)) seen at `at_ns`, as principals (uint8 (k,)) or not; the number of entries, `n` before.

    entries  SUBJECT (m >= n + k,); slots  int64 (2^k > entries,), -1 free
    whose    uint64, all else that tells subjects apart; its lowest bit, 0 here, becomes whether it is a principal
    """
    for i in range(tokens.size):
        key = whose | np.uint64(principals[i] != 0)
        slot = slot_of(slots, entries, key, tokens[i])
        entry = slots[slot]
        if entry < 0:
            slots[slot] = n
            entries[n].token, entries[n].whose, entries[n].at_ns = tokens[i], key, at_ns
            n += 1
        elif at_ns < entries[entry].at_ns:
            entries[entry].at_ns = at_ns
    return n


@kernel
def place_again(slots, entries, n):
    """Fill a larger `slots` with the first `n` entries."""
    for e in range(n):
        slots[slot_of(slots, entries, entries[e].whose, entries[e].token)] = e
