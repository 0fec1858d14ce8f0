"""TLS handshakes, gathered over records and segments until they say what they can in clear."""

import numpy as np

from detectors.kernel import kernel
from sensor.protocol.recognise_kernels import TLS
from sensor.stream.body_kernels import INSPECTED, OPAQUE, account
from sensor.stream.columns import SLOT, WINDOW
from sensor.stream.window_kernels import add_event


@kernel
def end_handshake(streams, row, direction, now):
    """Hand the TLS handshake on once it is complete, or `now`; whether it was handed on."""
    base = np.int64(direction.window) * SLOT
    pool, at, stop = streams.pool, base + direction.unit, base + direction.filled
    first, over = at, now
    while stop - at >= 5:
        length = (np.int64(pool[at + 3]) << 8) | np.int64(pool[at + 4])
        if pool[at] == 21 and length == 2 and at == first and stop - at >= 7:  # a warning before the hello, as of an unknown name
            account(direction, INSPECTED, 7)
            direction.unit += 7
            at += 7
            first = at
            continue
        if pool[at] != 22 or length == 0 or length > 18432:
            over = True
            break
        if stop - at - 5 < length:
            break
        at += 5 + length
        if pool[first + 5] == 1 and is_hello_whole(pool, first, at):
            over = True
            break
    if not over and direction.filled < WINDOW:
        return False
    if now:
        at = stop
    if at > first:
        add_event(streams, row, direction, TLS, direction.unit, np.int64(at - base))
    account(direction, INSPECTED, at - first)
    direction.unit = at - base
    direction.carried = 0
    direction.state = OPAQUE
    return True


@kernel
def is_hello_whole(pool, first, at):
    """Whether the ClientHello that begins in the record at `first` ends before `at`, records' headers counted."""
    length = (np.int64(pool[first + 6]) << 16) | (np.int64(pool[first + 7]) << 8) | np.int64(pool[first + 8])
    have, record = np.int64(0), first
    while record < at:
        size = (np.int64(pool[record + 3]) << 8) | np.int64(pool[record + 4])
        have += size
        record += 5 + size
    return have >= length + 4
