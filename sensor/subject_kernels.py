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
def add_subjects(slots, entries, n, whose, at_ns, chosen, starts, principals, tokens):
    """Add tokens (uint64 (k,)), as principals (uint8 (k,)) or not; the number of entries, `n` before.

    entries  SUBJECT (m >= n + k,); slots  int64 (2^k > entries,), -1 free
    starts   int64 (findings + 1,): the tokens of finding r lie in starts[r]..starts[r + 1]
    whose    uint64 (findings,), all else that tells subjects apart; its lowest bit, 0 here, becomes whether it is a principal
    at_ns    int64 (findings,), when they were seen; chosen  bool (findings,), whether they are taken in
    """
    for r in range(whose.size):
        if not chosen[r]:
            continue
        for i in range(starts[r], starts[r + 1]):
            key = whose[r] | np.uint64(principals[i] != 0)
            slot = slot_of(slots, entries, key, tokens[i])
            entry = slots[slot]
            if entry < 0:
                slots[slot] = n
                entries[n].token, entries[n].whose, entries[n].at_ns = tokens[i], key, at_ns[r]
                n += 1
            elif at_ns[r] < entries[entry].at_ns:
                entries[entry].at_ns = at_ns[r]
    return n


@kernel
def place_again(slots, entries, n):
    """Fill a larger `slots` with the first `n` entries."""
    for e in range(n):
        slots[slot_of(slots, entries, entries[e].whose, entries[e].token)] = e
