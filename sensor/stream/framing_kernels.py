"""Where messages begin and end: a state machine a direction, fed with octets in order.

Octets that must be seen whole before they say anything (first octets, heads, handshakes) gather in the window and are examined there;
bodies go from packet to window to unit; what cannot be read is counted and passed over.
"""

import numpy as np

from detectors.kernel import kernel
from sensor.protocol.http_kernels import find_head_end
from sensor.protocol.recognise_kernels import DNS, HTTP, NEED_MORE, SSH, TLS, UNKNOWN, recognise_step, recognise_stream
from sensor.stream.body_kernels import (
    BODY,
    CHUNK_DATA,
    CHUNK_END,
    CHUNK_LINE,
    DNS_LENGTH,
    ENCRYPTED,
    HANDSHAKE,
    HEAD,
    INSPECTED,
    OPAQUE,
    RAW,
    SHED,
    START,
    TRAILER,
    account,
    end_piece,
    end_unit,
    lose_track,
    take_body,
    take_chunk_line,
)
from sensor.stream.columns import SLOT, WINDOW
from sensor.stream.handshake_kernels import end_handshake
from sensor.stream.head_kernels import end_head, settle, skip_empty_lines, take_dns
from sensor.stream.window_kernels import append, open_window

ENOUGH_TO_RECOGNISE = 64
BY_DATA, BY_HANDSHAKE = 1, 2  # Direction.started


@kernel
def consume(streams, row, direction, buf, start, stop):
    """Take buf[start:stop], the next octets of the direction at `row`, with which a segment or a piece of one begins."""
    if direction.state == RAW and direction.proto <= HTTP and (direction.partial or direction.started == BY_DATA):
        kind = recognise_step(buf, start, stop)
        if kind != UNKNOWN:  # raw content of a stream that lacks octets is framed after all
            end_unit(streams, row, direction)
            choose_state(direction, kind)
    while start < stop:
        state = direction.state
        if state == OPAQUE:
            account(direction, ENCRYPTED, stop - start)
            return
        if state in (BODY, CHUNK_DATA, RAW):
            n = stop - start if direction.left < 0 else min(direction.left, stop - start)
            n = take_body(streams, row, direction, buf, start, start + n)
            start += n
            if direction.left >= 0:
                direction.left -= n
                if direction.left == 0:
                    end_piece(streams, row, direction)
        elif state in (CHUNK_LINE, CHUNK_END, TRAILER):
            n = take_chunk_line(streams, row, direction, buf, start, stop)
            account(direction, INSPECTED, n)
            start += n
        else:
            if not open_window(streams, direction):
                account(direction, SHED, stop - start)
                lose_track(direction)
                return
            if direction.filled - direction.unit == 0:
                direction.searched = direction.unit
            n = append(streams, direction, buf, start, stop)
            start += n - examine(streams, row, direction)


@kernel
def examine(streams, row, direction):
    """Look at what has gathered; octets at its end that were not needed and are to be taken again."""
    while True:
        base = np.int64(direction.window) * SLOT
        if direction.state == START:
            kind = recognise_stream(streams.pool, base + direction.unit, base + direction.filled)
            if kind == NEED_MORE and direction.filled - direction.unit < ENOUGH_TO_RECOGNISE:
                return np.int64(0)
            choose_state(direction, kind)
        elif direction.state == HEAD:
            skip_empty_lines(streams.pool, base, direction)
            if direction.filled - direction.unit == 0:
                return np.int64(0)
            end = find_head_end(streams.pool, base + max(direction.unit, direction.searched - 3), base + direction.filled)
            if end < 0:
                direction.searched = direction.filled
                if direction.filled < WINDOW:
                    return np.int64(0)
                direction.state = RAW
                continue
            back = direction.filled - (end - base)
            direction.filled = end - base
            end_head(streams, row, direction)
            return back
        elif direction.state == HANDSHAKE:
            if not end_handshake(streams, row, direction, False):
                return np.int64(0)
        elif direction.state == DNS_LENGTH:
            return take_dns(streams, row, direction)
        else:
            settle(streams, row, direction)
            return np.int64(0)


@kernel
def choose_state(direction, kind):
    """The stream has shown what it is."""
    if kind == UNKNOWN and direction.proto == DNS:
        direction.state = DNS_LENGTH
        return
    if kind not in (UNKNOWN, NEED_MORE):
        direction.proto = kind
    if kind == TLS:
        direction.state = HANDSHAKE
    elif kind == HTTP:
        direction.state = HEAD
    elif kind == SSH:
        direction.state = OPAQUE
    else:
        direction.state = RAW
