"""TCP payload in order: over loss, disorder, overlap, retransmission and the wrap of sequence numbers; the first copy counts."""

import numpy as np
from numba import njit

from detectors.units import FIRST, LAST
from sensor.intrinsic import copy_octets
from sensor.protocol.recognise_kernels import DNS, ESP, UNKNOWN, recognise_datagram
from sensor.stream.columns import CARRY_DROPPED, CHUNK, EVENTS, FREE_HELD, FREE_WINDOWS, HELD_AT, MOST_HELD, NEXT_STREAM, SLOT, UNITS
from sensor.stream.framing_kernels import (
    BODY,
    CHUNK_DATA,
    CHUNK_END,
    CHUNK_LINE,
    DUPLICATE,
    ENCRYPTED,
    INSPECTED,
    MISSED,
    RAW,
    SHED,
    START,
    TRUNCATED,
    UNDECODABLE,
    UNTIL_CLOSE,
    account,
    consume,
    finish,
    pass_gap,
)
from sensor.stream.window_kernels import close_window, cut_unit, drop_window, place_datagram

FIN, SYN, RST = 1, 2, 4
TCP, UDP, ESP_PROTOCOL = 6, 17, 50
MOST_AHEAD = 1 << 30        # a segment further ahead than this belongs to another connection
HOLE_LASTS_NS = 3_000_000_000
HEADROOM = 64               # units, events and windows that must be free before a packet is taken


@njit(nogil=True, cache=True)
def signed(difference):
    """A difference of sequence numbers, as it is meant: −2^31 … 2^31 − 1."""
    difference &= 0xFFFFFFFF
    return difference - 0x100000000 if difference >= 0x80000000 else difference


@njit(nogil=True, cache=True)
def hold(streams, direction, buf, seq, start, stop):
    """Keep a segment that came too early, piece by piece, sorted by sequence; False when there is no room."""
    while start < stop:
        n = min(stop - start, np.int64(CHUNK))
        piece = streams.control[FREE_HELD]
        if piece < 0 or direction.n_held >= MOST_HELD:
            return False
        streams.control[FREE_HELD] = streams.held[piece].next
        to = streams.control[HELD_AT] + piece * CHUNK
        copy_octets(streams.pool, to, buf, start, n)
        streams.held[piece].seq = seq & 0xFFFFFFFF
        streams.held[piece].length = n
        before, at = np.int64(-1), np.int64(direction.held)
        if at >= 0 and signed(np.int64(streams.held[direction.held_last].seq) - seq) <= 0:
            before, at = np.int64(direction.held_last), np.int64(-1)  # mostly so
        while at >= 0 and signed(np.int64(streams.held[at].seq) - seq) <= 0:
            before, at = at, np.int64(streams.held[at].next)
        streams.held[piece].next = at
        if before < 0:
            direction.held = piece
        else:
            streams.held[before].next = piece
        if at < 0:
            direction.held_last = piece
        direction.n_held += 1
        seq += n
        start += n
    return True


@njit(nogil=True, cache=True)
def release_first(streams, direction):
    """Let the first held-back piece go."""
    piece = np.int64(direction.held)
    direction.held = streams.held[piece].next
    direction.n_held -= 1
    streams.held[piece].next = streams.control[FREE_HELD]
    streams.control[FREE_HELD] = piece


@njit(nogil=True, cache=True)
def deliver_held(streams, row, direction):
    """Take the held-back pieces that are in order now."""
    while direction.held >= 0:
        piece = np.int64(direction.held)
        length = np.int64(streams.held[piece].length)
        ahead = signed(np.int64(streams.held[piece].seq) - np.int64(direction.next))
        if ahead > 0:
            return
        seen = min(-ahead, length)
        account(direction, DUPLICATE, seen)
        start = streams.control[HELD_AT] + piece * CHUNK
        consume(streams, row, direction, streams.pool, start + seen, start + length)
        direction.next = (np.int64(direction.next) + length - seen) & 0xFFFFFFFF
        release_first(streams, direction)


@njit(nogil=True, cache=True)
def give_up_hole(streams, row, direction):
    """What is missing before the first held-back piece will not come."""
    missing = signed(np.int64(streams.held[direction.held].seq) - np.int64(direction.next))
    if missing > 0:
        direction.octets[MISSED] += missing
        pass_gap(streams, row, direction, missing)
        direction.next = streams.held[direction.held].seq
    deliver_held(streams, row, direction)


@njit(nogil=True, cache=True)
def take_segment(streams, row, direction, buf, frame, ts_ns):
    """One TCP segment of the direction at `row`."""
    seq, start = np.int64(frame.tcp_seq), frame.payload
    length, wire = np.int64(frame.payload_len), np.int64(frame.payload_wire)
    length = min(length, wire)
    if frame.tcp_flags & SYN:
        seq += 1
    if not direction.started:
        direction.next, direction.started = seq & 0xFFFFFFFF, 1
    ahead = signed(seq - np.int64(direction.next))
    if ahead < 0 and wire > 0:
        seen = min(-ahead, wire)
        account(direction, DUPLICATE, min(seen, length))
        account(direction, TRUNCATED, max(np.int64(0), seen - length))
        seq, start, length, wire = seq + seen, start + seen, max(np.int64(0), length - seen), wire - seen
        ahead = signed(seq - np.int64(direction.next))
    if ahead > MOST_AHEAD:  # no honest window is that wide
        account(direction, UNDECODABLE, wire)
        return
    if wire > 0:
        if ahead > 0:
            take_early(streams, row, direction, buf, seq, start, length, wire, ts_ns)
        else:
            take_next(streams, row, direction, buf, start, length, wire, ts_ns)
    if direction.held >= 0 and ts_ns - direction.ts_ns > HOLE_LASTS_NS:
        give_up_hole(streams, row, direction)
    if frame.tcp_flags & (FIN | RST) and direction.held < 0:
        finish(streams, row, direction)
        direction.closed = 1


@njit(nogil=True, cache=True)
def take_next(streams, row, direction, buf, start, length, wire, ts_ns):
    """A segment that is expected; what of it was not captured is a gap."""
    direction.ts_ns = ts_ns
    consume(streams, row, direction, buf, start, start + length)
    direction.next = (np.int64(direction.next) + wire) & 0xFFFFFFFF
    if wire > length:
        account(direction, TRUNCATED, wire - length)
        pass_gap(streams, row, direction, wire - length)
    if direction.held >= 0:
        deliver_held(streams, row, direction)


@njit(nogil=True, cache=True)
def take_early(streams, row, direction, buf, seq, start, length, wire, ts_ns):
    """A segment behind a hole; when there is no room to keep it, the hole is given up."""
    account(direction, TRUNCATED, wire - length)
    if direction.held < 0:
        direction.ts_ns = max(direction.ts_ns, ts_ns)  # the hole's age is counted from here
    while not has_room(streams, direction, length):
        if direction.held < 0:
            direction.octets[MISSED] += signed(seq - np.int64(direction.next))
            pass_gap(streams, row, direction, signed(seq - np.int64(direction.next)))
            direction.next = seq & 0xFFFFFFFF
        else:
            give_up_hole(streams, row, direction)
        seen = min(max(np.int64(0), signed(np.int64(direction.next) - seq)), length)
        account(direction, DUPLICATE, seen)
        seq, start, length = seq + seen, start + seen, length - seen
        if signed(seq - np.int64(direction.next)) <= 0:
            take_next(streams, row, direction, buf, start, length, length, ts_ns)
            return
    hold(streams, direction, buf, seq, start, start + length)


@njit(nogil=True, cache=True)
def has_room(streams, direction, length):
    """Whether `length` octets more can be held back."""
    pieces = (length + CHUNK - 1) // CHUNK
    if direction.n_held + pieces > MOST_HELD:
        return False
    free = streams.control[FREE_HELD]
    for _ in range(pieces):
        if free < 0:
            return False
        free = np.int64(streams.held[free].next)
    return True


@njit(nogil=True, cache=True)
def take_datagram(streams, row, direction, buf, frame, ts_ns):
    """One datagram (or the payload of any other protocol): a message of its own."""
    length, wire = min(np.int64(frame.payload_len), np.int64(frame.payload_wire)), np.int64(frame.payload_wire)
    account(direction, TRUNCATED, wire - length)
    if length == 0:
        return
    direction.ts_ns = ts_ns
    if frame.fragment != 0:  # reassembly is not here yet
        account(direction, UNDECODABLE, length)
        return
    kind = ESP if frame.proto == ESP_PROTOCOL else UNKNOWN
    if frame.proto == UDP:
        kind = recognise_datagram(buf, frame.payload, frame.payload + length, frame.sport, frame.dport)
    if kind != UNKNOWN:
        direction.proto = kind
    if kind not in (UNKNOWN, DNS):
        account(direction, ENCRYPTED, length)
        return
    if not direction.outbound and kind != DNS:
        account(direction, INSPECTED, length)
        return
    window, at = place_datagram(streams, buf, frame.payload, frame.payload + length)
    if window < 0:
        account(direction, SHED if length <= CHUNK * 8 else UNDECODABLE, length)
        return
    if kind == DNS:
        hand_on_dns(streams, row, direction, window, at, length, ts_ns)
    elif not hand_on_datagram(streams, row, window, at, length, ts_ns):
        account(direction, SHED, length)


@njit(nogil=True, cache=True)
def hand_on_dns(streams, row, direction, window, at, length, ts_ns):
    """A DNS message is an event; its octets are read by the parser."""
    account(direction, INSPECTED, length)
    direction.messages += 1
    n = streams.control[EVENTS]
    if n >= streams.events.shape[0]:
        drop_window(streams, np.int32(window))
        return
    event = streams.events[n]
    base = window * SLOT
    event.start, event.stop, event.ts_ns = base + at, base + at + length, ts_ns
    event.direction, event.window, event.proto, event.what = row, window, DNS, 0
    streams.control[EVENTS] = n + 1


@njit(nogil=True, cache=True)
def hand_on_datagram(streams, row, window, at, length, ts_ns):
    """A datagram's payload is a unit; False when there is no room for it."""
    n = streams.control[UNITS]
    if n >= streams.units.shape[0]:
        drop_window(streams, np.int32(window))
        return False
    unit = streams.units[n]
    unit.stream, unit.ts_ns, unit.direction = streams.control[NEXT_STREAM], ts_ns, row
    streams.control[NEXT_STREAM] += 1
    unit.window, unit.start, unit.stop, unit.carried = window, at, at + length, 0
    unit.coding = unit.charset = unit.media = 0
    unit.flags = FIRST | LAST
    streams.control[UNITS] = n + 1
    return True


@njit(nogil=True, cache=True)
def order_packets(streams, buf, frames, times, slots, ways, content_of, begin, n):
    """Take the payload of rows begin..n; the row to go on at.

    slots, ways  the flow table's touch of the batch; content_of  by flow slot: the entry here, or -1
    It stops early where units, events or windows run short: take what is ready, or make directions give theirs up, and call again.
    """
    control = streams.control
    for i in range(begin, n):
        slot = slots[i]
        if slot < 0 or content_of[slot] < 0:
            continue
        if is_short(streams) or control[FREE_WINDOWS] < HEADROOM // 2:
            return i
        row = np.int64(content_of[slot]) * 2 + ways[i]
        direction, frame = streams.directions[row], frames[i]
        direction.payload += frame.payload_wire
        if frame.proto == TCP and frame.fragment == 0:
            take_segment(streams, row, direction, buf, frame, times[i])
        else:
            take_datagram(streams, row, direction, buf, frame, times[i])
    return n


@njit(nogil=True, cache=True)
def open_entries(streams, entries, flows, outbound, protocols, ports):
    """Begin the two directions of each flow; arrays (n,).

    flows  slot in the flow table; outbound  the direction that goes out (2 none); protocols, ports  IP protocol and answering port
    """
    for i in range(entries.shape[0]):
        open_entry(streams, np.int64(entries[i]), flows[i], outbound[i], protocols[i] == TCP, ports[i] == 53)


@njit(nogil=True, cache=True)
def open_entry(streams, entry, flow, outbound, tcp, dns):
    """Begin the two directions of one flow."""
    for way in range(2):
        direction = streams.directions[entry * 2 + way]
        for i in range(8):
            direction.octets[i] = 0
        direction.payload = 0
        direction.left, direction.stream, direction.ts_ns, direction.flow = UNTIL_CLOSE, 0, 0, flow
        direction.next = direction.messages = 0
        direction.window = direction.held = direction.held_last = -1
        direction.unit = direction.fill = direction.carried = direction.n_held = direction.searched = 0
        direction.state, direction.proto = START, DNS if dns else UNKNOWN
        direction.outbound, direction.tcp = way == outbound, tcp
        direction.started = direction.coding = direction.charset = direction.media = 0
        direction.asked_head = direction.closed = direction.partial = 0
        direction.stream = streams.control[NEXT_STREAM]
        streams.control[NEXT_STREAM] += 1
        direction.flags = FIRST


@njit(nogil=True, cache=True)
def close_entries(streams, entries, first):
    """These flows are over: give up holes, hand on what is open; the entry to go on at, where units or windows run short."""
    for i in range(first, entries.shape[0]):
        if is_short(streams):
            return np.int64(i)
        close_entry(streams, np.int64(entries[i]))
    return np.int64(entries.shape[0])


@njit(nogil=True, cache=True)
def is_short(streams):
    """Whether units, events or windows run short and taking what is ready would help."""
    control = streams.control
    ready = control[UNITS] + control[EVENTS]
    full = control[UNITS] + HEADROOM > streams.units.shape[0] or control[EVENTS] + HEADROOM > streams.events.shape[0]
    return ready > 0 and (full or control[FREE_WINDOWS] < HEADROOM)


@njit(nogil=True, cache=True)
def close_entry(streams, entry):
    """One flow is over."""
    for way in range(2):
        row = entry * 2 + way
        direction = streams.directions[row]
        while direction.held >= 0:
            give_up_hole(streams, row, direction)
        finish(streams, row, direction)


@njit(nogil=True, cache=True)
def flush_pending(streams, first, last, forget):
    """Hand on what is open in rows first..last, as far as it can be read; streams go on. The row to go on at.

    forget  let go of the carried tails too, for want of windows
    """
    from_row = first
    for row in range(first, last):
        from_row = row
        if is_short(streams):
            return from_row
        direction = streams.directions[row]
        if direction.flow >= 0:
            flush_direction(streams, row, direction)
            if forget and direction.window >= 0 and direction.fill - direction.unit <= direction.carried:
                close_window(streams, direction)
                streams.control[CARRY_DROPPED] += 1
    return np.int64(last)


@njit(nogil=True, cache=True)
def flush_direction(streams, row, direction):
    """Hand on the open unit of one direction, not its last."""
    fresh = direction.fill - direction.unit - direction.carried
    if direction.window < 0 or not direction.outbound or fresh <= 0:
        return
    if direction.state not in (BODY, CHUNK_LINE, CHUNK_DATA, CHUNK_END, RAW):
        return
    if not cut_unit(streams, row, direction, False):
        account(direction, SHED, fresh)
        close_window(streams, direction)


@njit(nogil=True, cache=True)
def settle_units(streams, verdicts, n):
    """Units 0..n have been looked into, with these verdicts (detectors.units.Verdict): give their octets a reason, let their windows go."""
    for i in range(n):
        unit = streams.units[i]
        reason = UNDECODABLE if verdicts[i] in (1, 2) else INSPECTED
        account(streams.directions[unit.direction], reason, unit.stop - unit.start - unit.carried)
        drop_window(streams, unit.window)
    streams.control[UNITS] = 0


@njit(nogil=True, cache=True)
def settle_events(streams):
    """The events have been read: let their windows go."""
    for i in range(streams.control[EVENTS]):
        drop_window(streams, streams.events[i].window)
    streams.control[EVENTS] = 0


@njit(nogil=True, cache=True)
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
