"""HTTP heads and DNS messages, once they lie whole in the window: handed on as events, and what they say about what follows."""

import numpy as np

from detectors.kernel import kernel
from detectors.units import FIRST, GAP
from sensor.protocol.http_kernels import M_HEAD, REQUEST, RESPONSE, is_method, parse_charset, parse_head, parse_media
from sensor.protocol.recognise_kernels import DNS, HTTP, UNKNOWN
from sensor.stream.body_kernels import (
    BODY,
    CHUNK_LINE,
    ENCRYPTED,
    HEAD,
    INSPECTED,
    NOT_OUTBOUND,
    NOTHING_YET,
    OPAQUE,
    RAW,
    START,
    UNTIL_CLOSE,
    account,
    end_unit,
    give_up_window,
)
from sensor.stream.columns import SLOT, WINDOW
from sensor.stream.window_kernels import add_event, carry_over, close_window, cut_unit, new_message

ASKED_HEAD, ASKED_CONNECT = 1, 2


@kernel
def skip_empty_lines(pool, base, direction):
    """Line ends before a head mean nothing (RFC 9112 section 2.2)."""
    while direction.unit < direction.filled and pool[base + direction.unit] in (13, 10):
        direction.unit += 1
        account(direction, INSPECTED, 1)


@kernel
def settle(streams, row, direction):
    """What has gathered turned out to be raw content, or opaque."""
    fresh = direction.filled - direction.unit - direction.carried
    if direction.state == RAW and direction.outbound:
        if direction.marks & FIRST == 0 and direction.carried == 0:
            gap = direction.marks & GAP
            new_message(streams, direction)
            direction.marks |= gap
        if direction.filled == WINDOW and not cut_unit(streams, row, direction, False):
            give_up_window(streams, direction)
        return
    account(direction, ENCRYPTED if direction.state == OPAQUE else INSPECTED, fresh)
    close_window(streams, direction)


@kernel
def take_dns(streams, row, direction):
    """DNS over TCP: two octets of length before each message (RFC 1035 section 4.2.2)."""
    base = np.int64(direction.window) * SLOT
    have = np.int64(direction.filled - direction.unit)
    if have < 2:
        return np.int64(0)
    first = base + direction.unit
    length = (np.int64(streams.pool[first]) << 8) | np.int64(streams.pool[first + 1])
    if length < 12 or length + 2 > WINDOW - direction.unit:
        direction.state, direction.proto = RAW, UNKNOWN
        settle(streams, row, direction)
        return np.int64(0)
    if have < length + 2:
        return np.int64(0)
    back = have - length - 2
    direction.filled -= back
    add_event(streams, row, direction, DNS, np.int64(direction.unit) + 2, np.int64(direction.filled))
    account(direction, INSPECTED, length + 2)
    direction.messages += 1
    carry_over(streams, direction, True)
    return back


@kernel
def end_head(streams, row, direction):
    """A head is complete: parse it, hand it on, and get ready for its body."""
    n = add_event(streams, row, direction, HTTP, np.int64(direction.unit), np.int64(direction.filled))
    what = 0
    if n >= 0:
        event = streams.events[n]
        what = parse_head(streams.pool, event.start, event.stop, event)
    if what == 0:
        if n >= 0:
            streams.events[n].proto = UNKNOWN
        direction.state = RAW
        direction.left = UNTIL_CLOSE
        settle(streams, row, direction)
        return
    direction.messages += 1
    if direction.outbound:
        new_message(streams, direction)
        direction.media, direction.coding, direction.charset = M_HEAD, 0, 0
        end_unit(streams, row, direction)
    else:
        account(direction, NOT_OUTBOUND, direction.filled - direction.unit)
        carry_over(streams, direction, True)
    begin_body(streams, row, direction, event)


@kernel
def begin_body(streams, row, direction, event):
    """The state after a head, and what its body is."""
    new_message(streams, direction)
    direction.coding = direction.charset = direction.media = 0
    direction.left, direction.in_line = UNTIL_CLOSE, NOTHING_YET
    if event.what == REQUEST:
        direction.asked_head = ASKED_HEAD if is_method(streams.pool, event, b"head") else 0
        direction.asked_head = ASKED_CONNECT if is_method(streams.pool, event, b"connect") else direction.asked_head
    direction.state = state_after(direction, streams.directions[row ^ 1], event)
    if direction.state in (BODY, CHUNK_LINE):
        direction.coding = event.coding
        direction.media = parse_media(streams.pool, event.kind, event.kind + event.kind_len)
        direction.charset = parse_charset(streams.pool, event.kind, event.kind + event.kind_len)
        direction.left = 0 if event.chunked else max(np.int64(UNTIL_CLOSE), event.length)


@kernel
def state_after(direction, other, event):
    """What follows a head (RFC 9112 section 6.3): another head, a body, a chunk's size, or another protocol."""
    if event.what == REQUEST and direction.asked_head == ASKED_CONNECT:
        return START
    if event.what == RESPONSE:
        if event.status == 101:
            if other.state == HEAD:
                other.state = START
            return START
        if other.asked_head == ASKED_CONNECT and event.status < 300:
            return START if event.status >= 200 else HEAD  # what follows is the tunnel's
        if event.status < 200 or event.status in (204, 304) or other.asked_head == ASKED_HEAD:
            return HEAD
    if event.chunked:
        return CHUNK_LINE
    return BODY if event.length > 0 or (event.length < 0 and event.what == RESPONSE) else HEAD
