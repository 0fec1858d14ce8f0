"""Windows: a direction's unread octets, cut into units. A window is free again when nobody holds it."""

import numpy as np

from detectors.kernel import kernel
from detectors.units import FIRST, HOLD, LAST
from sensor.intrinsic import copy_octets
from sensor.stream.columns import CARRY_DROPPED, DATAGRAM_FILL, DATAGRAMS, EVENTS, FREE_WINDOWS, NEXT_STREAM, SLOT, UNITS, WINDOW

HEADROOM = 160  # units, events and windows that must be free before a packet is taken: all that a filled hole may let go


@kernel
def take_window(streams):
    """A free window, held once; -1 when there is none."""
    n = streams.control[FREE_WINDOWS]
    if n == 0:
        return np.int32(-1)
    streams.control[FREE_WINDOWS] = n - 1
    window = streams.slots[n - 1, 0]
    streams.slots[window, 1] = 1
    return window


@kernel
def drop_window(streams, window):
    """One holder less; free when it was the last."""
    streams.slots[window, 1] -= 1
    if streams.slots[window, 1] == 0:
        n = streams.control[FREE_WINDOWS]
        streams.slots[n, 0] = window
        streams.control[FREE_WINDOWS] = n + 1


@kernel
def open_window(streams, direction):
    """Make sure that `direction` has a window; False when none is to be had."""
    if direction.window < 0:
        window = take_window(streams)
        if window < 0:
            return False
        direction.window = window
        direction.unit = direction.filled = direction.carried = direction.searched = 0
    return True


@kernel
def close_window(streams, direction):
    """`direction` needs its window no more."""
    if direction.window >= 0:
        drop_window(streams, direction.window)
    direction.window = -1
    direction.unit = direction.filled = direction.carried = direction.searched = 0


@kernel
def append(streams, direction, buf, start, stop):
    """Copy as much of buf[start:stop] as the window holds; octets taken."""
    n = min(stop - start, np.int64(WINDOW - direction.filled))
    to = np.int64(direction.window) * SLOT + direction.filled
    copy_octets(streams.pool, to, buf, start, n)
    direction.filled += n
    return n


@kernel
def new_message(streams, direction):
    """The next unit of `direction` is a message's first."""
    direction.stream = streams.control[NEXT_STREAM]
    streams.control[NEXT_STREAM] += 1
    direction.marks = FIRST


@kernel
def cut_unit(streams, row, direction, last):
    """Hand the open unit on. Unless `last`, its tail is carried into a fresh window. False when there is no room for it."""
    fresh = direction.filled - direction.unit - direction.carried
    # A message that ends after its octets were handed on still ends: its last hits wait for LAST (detectors/units.py).
    if fresh <= 0 and not (last and direction.marks & FIRST == 0 and (direction.coding != 0 or direction.carried > 0)):
        if last:
            close_window(streams, direction)
        return True
    n = streams.control[UNITS]
    if n >= streams.units.shape[0] or direction.window < 0:
        return False
    unit = streams.units[n]
    unit.stream, unit.ts_ns, unit.direction = direction.stream, direction.ts_ns, row
    unit.window, unit.start, unit.stop, unit.carried = direction.window, direction.unit, direction.filled, direction.carried
    unit.coding, unit.charset, unit.media = direction.coding, direction.charset, direction.media
    unit.marks = direction.marks | (LAST if last else 0)
    streams.control[UNITS] = n + 1
    streams.slots[direction.window, 1] += 1
    direction.marks = 0
    carry_over(streams, direction, last)
    return True


@kernel
def carry_over(streams, direction, last):
    """After a cut: go on in another window and show the tail there again, unless the message is over."""
    tail = 0 if last or direction.coding != 0 else min(HOLD, direction.filled - direction.unit)
    if last:
        close_window(streams, direction)  # a direction between messages holds none
        return
    old, old_fill = direction.window, direction.filled
    direction.window = -1
    if open_window(streams, direction):
        if tail > 0:
            source = np.int64(old) * SLOT + old_fill - tail
            to = np.int64(direction.window) * SLOT
            copy_octets(streams.pool, to, streams.pool, source, np.int64(tail))
            direction.filled = direction.carried = tail
    elif tail > 0:
        streams.control[CARRY_DROPPED] += 1
    drop_window(streams, old)


@kernel
def add_event(streams, row, direction, proto, start, stop):
    """An event about octets start..stop of the direction's window; its row, or -1 when there is no room."""
    n = streams.control[EVENTS]
    if n >= streams.events.shape[0]:
        return np.int64(-1)
    base = np.int64(direction.window) * SLOT
    event = streams.events[n]
    event.start, event.stop, event.ts_ns = base + start, base + stop, direction.ts_ns
    event.direction, event.window, event.proto, event.what = row, direction.window, proto, 0
    streams.slots[direction.window, 1] += 1
    streams.control[EVENTS] = n + 1
    return n


@kernel
def place_datagram(streams, buf, start, stop):
    """Copy a datagram into the shared window; (window, start) or (-1, 0). The window is held once for the caller."""
    n = stop - start
    window, fill = streams.control[DATAGRAMS], streams.control[DATAGRAM_FILL]
    if n > WINDOW:
        return np.int64(-1), np.int64(0)
    if window < 0 or fill + n > WINDOW:
        if window >= 0:
            drop_window(streams, np.int32(window))
        window, fill = np.int64(take_window(streams)), np.int64(0)
        streams.control[DATAGRAMS] = window
        if window < 0:
            return np.int64(-1), np.int64(0)
    to = window * SLOT + fill
    copy_octets(streams.pool, to, buf, start, n)
    streams.control[DATAGRAM_FILL] = fill + n
    streams.slots[window, 1] += 1
    return window, fill


@kernel
def is_short(streams):
    """Whether units, events or windows run short and taking what is ready would help."""
    control = streams.control
    ready = control[UNITS] + control[EVENTS]
    full = control[UNITS] + HEADROOM > streams.units.shape[0] or control[EVENTS] + HEADROOM > streams.events.shape[0]
    return ready > 0 and (full or control[FREE_WINDOWS] < HEADROOM)
