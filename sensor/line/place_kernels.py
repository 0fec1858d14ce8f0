"""Places by address: an open table under secret words, so that nobody can aim at one slot of it."""

import numpy as np

from detectors.kernel import kernel
from sensor.flow.hash_kernels import mix
from sensor.line.assign_kernels import any_holds

FREE = -1


@kernel
def slot_of(known, high, low):
    """Slot of the address in `known` (KnownPlaces), or the free one where it belongs."""
    mask = np.uint64(known.place.size - 1)
    mixed = mix(high ^ known.secrets[0], low ^ known.secrets[1])
    at = (mixed ^ (mixed >> np.uint64(32))) & mask
    while known.place[at] != FREE and (known.high[at] != high or known.low[at] != low):
        at = (at + np.uint64(1)) & mask
    return at


@kernel
def find_places(known, nowhere, high, low, found, missing):
    """Fill found (int16 (n,)) for the addresses high, low (uint64 (n,)); return how many are not known, their rows in missing (int64 (n,)).

    nowhere  PREFIX (m,), addresses that lie nowhere: 0, without being asked for
    """
    n = 0
    for i in range(high.size):
        found[i] = known.place[slot_of(known, high[i], low[i])]
        if found[i] == FREE:
            found[i] = 0
            if not any_holds(nowhere, 0, nowhere.size, high[i], low[i]):
                missing[n] = i
                n += 1
    return n


@kernel
def keep_places(known, high, low, places):
    """Take addresses (uint64 (n,) twice, which may repeat) and their places (int16 (n,)) into a table with room for them; the new ones."""
    n = 0
    for i in range(high.size):
        at = slot_of(known, high[i], low[i])
        n += known.place[at] == FREE
        known.high[at], known.low[at], known.place[at] = high[i], low[i], places[i]
    return n
