"""Entries as the worker opens, flushes, settles and closes them."""

import numpy as np

from detectors.kernel import kernel
from sensor.protocol.recognise_kernels import DNS, UNKNOWN
from sensor.stream.body_kernels import (
    BODY,
    CHUNK_DATA,
    CHUNK_END,
    CHUNK_LINE,
    INSPECTED,
    RAW,
    UNDECODABLE,
    account,
    begin_anew,
    give_up_window,
    lose_track,
)
from sensor.stream.columns import CARRY_DROPPED, EVENTS, FREE_WINDOWS, UNITS
from sensor.stream.gap_kernels import finish
from sensor.stream.held_kernels import deliver_held, first_held, last_held
from sensor.stream.order_kernels import HOLE_LASTS_NS, TCP
from sensor.stream.window_kernels import HEADROOM, close_window, cut_unit, drop_window, is_short, new_message


@kernel
def open_entries(streams, entries, flows, outbound, protocols, ports):
    """Begin the two directions of each flow; arrays (n,).

    flows  slot in the flow table; outbound  the direction that goes out (2 none); protocols, ports  IP protocol and answering port
    """
    for i in range(entries.shape[0]):
        open_entry(streams, np.int64(entries[i]), flows[i], outbound[i], protocols[i] == TCP, ports[i] == 53)


@kernel
def open_entry(streams, entry, flow, outbound, tcp, dns):
    """Begin the two directions of one flow."""
    for way in range(2):
        direction = streams.directions[entry * 2 + way]
        for i in range(8):
            direction.octets[i] = 0
        direction.payload = direction.ts_ns = 0
        direction.flow, direction.outbound, direction.tcp, direction.proto = flow, way == outbound, tcp, DNS if dns else UNKNOWN
        direction.next = direction.first = direction.stray = direction.messages = 0
        direction.window = direction.held = direction.held_last = -1
        direction.unit = direction.filled = direction.carried = direction.n_held = direction.searched = 0
        direction.started = direction.asked_head = direction.closed = direction.partial = 0
        begin_anew(direction)
        new_message(streams, direction)


@kernel
def close_entries(streams, entries, first):
    """These flows are over: give up holes, hand on what is open; the entry to go on at, where units or windows run short."""
    for i in range(first, entries.shape[0]):
        if is_short(streams):
            return np.int64(i)
        for way in range(2):
            row = np.int64(entries[i]) * 2 + way
            direction = streams.directions[row]
            deliver_held(streams, row, direction, last_held(streams, direction))
            finish(streams, row, direction)
    return np.int64(entries.shape[0])


@kernel
def flush_pending(streams, first, last, forget, now_ns):
    """Hand on what is open in rows first..last, as far as it can be read; streams go on. The row to go on at.

    forget  let go of windows: of the carried tails, and where that is not enough of what gathers
    now_ns  holes that are too old by then are given up
    """
    for row in range(first, last):
        if is_short(streams):
            return np.int64(row)
        direction = streams.directions[row]
        if direction.flow < 0:
            continue
        if direction.held >= 0 and now_ns - direction.ts_ns > HOLE_LASTS_NS:
            deliver_held(streams, row, direction, first_held(streams, direction))
        if direction.window >= 0:
            flush_direction(streams, row, direction)
            if forget:
                free_window(streams, row, direction)
    return np.int64(last)


@kernel
def free_window(streams, row, direction):
    """Let go of a direction's window, for want of windows."""
    if direction.window < 0:
        return
    if direction.filled - direction.unit <= direction.carried:
        streams.control[CARRY_DROPPED] += direction.carried > 0
        close_window(streams, direction)
    elif streams.control[FREE_WINDOWS] + streams.control[UNITS] + streams.control[EVENTS] < wanted(streams):
        finish(streams, row, direction)
        lose_track(direction)


@kernel
def wanted(streams):
    """Windows that should be free when directions have given theirs up: so many that it is not asked again at once."""
    return max(2 * HEADROOM, streams.slots.shape[0] // 4)


@kernel
def flush_direction(streams, row, direction):
    """Hand on the open unit of one direction, not its last."""
    fresh = direction.filled - direction.unit - direction.carried
    if not direction.outbound or fresh <= 0:
        return
    if direction.state not in (BODY, CHUNK_LINE, CHUNK_DATA, CHUNK_END, RAW):
        return
    if not cut_unit(streams, row, direction, False):
        give_up_window(streams, direction)


@kernel
def settle_units(streams, verdicts, n):
    """Units 0..n have been looked into, with these verdicts (detectors.units.Verdict): give their octets a reason, let their windows go."""
    for i in range(n):
        unit = streams.units[i]
        reason = UNDECODABLE if verdicts[i] in (1, 2) else INSPECTED
        account(streams.directions[unit.direction], reason, unit.stop - unit.start - unit.carried)
        drop_window(streams, unit.window)
    streams.control[UNITS] = 0


@kernel
def settle_events(streams):
    """The events have been read: let their windows go."""
    for i in range(streams.control[EVENTS]):
        drop_window(streams, streams.events[i].window)
    streams.control[EVENTS] = 0


@kernel
def drain_octets(directions, rows, lanes, out, ledger, columns):
    """Add the octets of direction rows to the coverage ledger (lanes, 3, reasons) and forget them.

    lanes, out  by row: the lane, and the ledger's direction column; columns  int64 (8,): ledger column of each reason here
    """
    for i in range(rows.shape[0]):
        direction = directions[rows[i]]
        for reason in range(8):
            n = direction.octets[reason]
            if n != 0:
                ledger[lanes[i], out[i], columns[reason]] += n
                direction.octets[reason] = 0
