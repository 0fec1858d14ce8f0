"""TCP payload in order: over loss, disorder, overlap, retransmission and the wrap of sequence numbers; the first copy counts."""

import numpy as np

from detectors.kernel import kernel
from sensor.protocol.http_kernels import M_IMAGE, OTHER_CODING
from sensor.stream.body_kernels import (
    BODY,
    CHUNK_DATA,
    ENCRYPTED,
    MISSED,
    OPAQUE,
    RAW,
    TRUNCATED,
    UNDECODABLE,
    account,
    begin_anew,
    lose_track,
)
from sensor.stream.columns import FREE_WINDOWS, GAPS
from sensor.stream.datagram_kernels import take_datagram
from sensor.stream.framing_kernels import BY_DATA, BY_HANDSHAKE, consume
from sensor.stream.gap_kernels import finish, pass_gap
from sensor.stream.held_kernels import deliver_held, first_held, hold, last_held, signed, trim_seen
from sensor.stream.window_kernels import HEADROOM, is_short, new_message

FIN, SYN, RST, ACK = 1, 2, 4, 16
TCP = 6
FAR = 1 << 26                # a segment further away than this is a stray, or belongs to another connection
HOLE_LASTS_NS = 3_000_000_000
ACKED_HOLE_LASTS_NS = 20_000_000  # where the other end has what is missing here: the capture may be a little out of order
IN_STEP, STRAY, ANEW, ANEW_WITHIN = range(4)  # `meet`'s answers


@kernel
def meet(direction, seq, wire, syn):
    """Whether a segment belongs here (IN_STEP), nowhere (STRAY), or to another connection on the same ports.

    ANEW: that begins with this handshake; ANEW_WITHIN: whose beginning was not seen, known by two far segments in a row.
    """
    away = signed(seq - np.int64(direction.next))
    if syn:
        if not direction.started or direction.first == seq & 0xFFFFFFFF:
            return IN_STEP
        late = direction.started == BY_DATA and -FAR <= away <= 0  # a late copy: the stream was entered behind it
        return IN_STEP if late else ANEW
    if wire == 0 or not direction.started or -FAR <= away <= FAR:
        return IN_STEP
    if signed(seq - np.int64(direction.stray)) == 0:
        return ANEW_WITHIN
    direction.stray = (seq + wire) & 0xFFFFFFFF
    return STRAY


@kernel
def pass_over(direction, frame, ts_ns):
    """Take a segment that only counts; False where it needs more. Most do not, and handing `streams` down costs a third of a packet."""
    if frame.tcp_flags & (SYN | FIN | RST) or direction.held >= 0:
        return False
    wire, state = np.int64(frame.payload_wire), direction.state
    if wire == 0:
        return True
    if not direction.started or frame.payload_len < wire or frame.tcp_seq != direction.next:
        return False
    if state != OPAQUE:
        read = direction.outbound and direction.coding != OTHER_CODING and direction.media < M_IMAGE
        if read or state not in (BODY, CHUNK_DATA, RAW) or 0 <= direction.left <= wire:
            return False
        if state == RAW and (direction.partial or direction.started == BY_DATA):
            return False
        if direction.left > 0:
            direction.left -= wire
    account(direction, ENCRYPTED if state == OPAQUE else UNDECODABLE, wire)
    direction.next = (np.int64(direction.next) + wire) & 0xFFFFFFFF
    direction.ts_ns = max(direction.ts_ns, ts_ns)
    return True


@kernel
def take_segment(streams, row, direction, buf, frame, ts_ns):
    """One TCP segment of the direction at `row`."""
    syn = frame.tcp_flags & SYN != 0
    seq, start, wire = np.int64(frame.tcp_seq) + syn, frame.payload, np.int64(frame.payload_wire)
    length = min(np.int64(frame.payload_len), wire)
    step = meet(direction, seq, wire, syn)
    if step == STRAY:
        account(direction, UNDECODABLE, length)
        account(direction, TRUNCATED, wire - length)
        return
    if step != IN_STEP:
        deliver_held(streams, row, direction, last_held(streams, direction))
        finish(streams, row, direction)
        start_over(streams, direction, step)
    if not direction.started and (syn or wire > 0):
        direction.next = direction.first = seq & 0xFFFFFFFF
        direction.started = BY_HANDSHAKE if syn else BY_DATA
    if wire > 0:
        take_octets(streams, row, direction, buf, seq, start, length, wire, ts_ns)
    if direction.held >= 0:
        if ts_ns - direction.ts_ns > HOLE_LASTS_NS:
            deliver_held(streams, row, direction, first_held(streams, direction))
    elif frame.tcp_flags & (FIN | RST) and signed(seq + wire - np.int64(direction.next)) == 0:
        finish(streams, row, direction)
        direction.closed = 1


@kernel
def start_over(streams, direction, step):
    """Another connection, on the same ports."""
    direction.started = 0
    begin_anew(direction)
    new_message(streams, direction)
    if step == ANEW_WITHIN:
        lose_track(direction)
        streams.control[GAPS] += 1


@kernel
def take_octets(streams, row, direction, buf, seq, start, length, wire, ts_ns):
    """A segment's octets: those in order are consumed, those behind a hole held back; where there is no room the hole is given up."""
    seq, start, length, wire = trim_seen(direction, seq, start, length, wire)
    while wire > 0:
        ahead = signed(seq - np.int64(direction.next))
        if direction.held < 0:
            direction.ts_ns = max(direction.ts_ns, ts_ns)  # of a hole: when it was met
        if ahead > 0:
            n = hold(streams, direction, buf, seq, start, length, wire)
            if n == 0:
                if direction.held < 0:
                    direction.octets[MISSED] += ahead
                    pass_gap(streams, row, direction, ahead)
                    direction.next = seq & 0xFFFFFFFF
                else:
                    deliver_held(streams, row, direction, first_held(streams, direction))
        else:
            n = wire if direction.held < 0 else min(wire, signed(first_held(streams, direction) - seq))  # what is held came first
            direction.ts_ns = max(direction.ts_ns, ts_ns)
            consume(streams, row, direction, buf, start, start + min(n, length))
            if n > length:
                account(direction, TRUNCATED, n - length)
                pass_gap(streams, row, direction, n - length)
            direction.next = (seq + n) & 0xFFFFFFFF
            deliver_held(streams, row, direction, seq)
        seq, start, length, wire = trim_seen(direction, seq + n, start + n, max(np.int64(0), length - n), wire - n)


@kernel
def order_packets(streams, buf, frames, times, slots, ways, content_of, begin, n):
    """Take the payload of rows begin..n; the row to go on at.

    slots, ways  the flow table's touch of the batch; content_of  by flow slot: the entry here, or -1
    It stops early where units, events or windows run short: take what is ready, or make directions give theirs up, and call again.
    """
    for i in range(begin, n):
        slot = slots[i]
        if slot < 0 or content_of[slot] < 0:
            continue
        row = np.int64(content_of[slot]) * 2 + ways[i]
        direction, other, frame = streams.directions[row], streams.directions[row ^ 1], frames[i]
        tcp = frame.proto == TCP and frame.fragment == 0
        known = tcp and other.held >= 0 and frame.tcp_flags & ACK and times[i] - other.ts_ns > ACKED_HOLE_LASTS_NS
        if known or not (tcp and pass_over(direction, frame, times[i])):
            if is_short(streams) or streams.control[FREE_WINDOWS] < HEADROOM:
                return np.int64(i)
            if known:  # the other end has what is missing here
                deliver_held(streams, row ^ 1, other, np.int64(frame.tcp_ack))
            if tcp:
                take_segment(streams, row, direction, buf, frame, times[i])
            else:
                take_datagram(streams, row, direction, buf, frame, times[i])
        direction.payload += frame.payload_wire
    return np.int64(n)
