"""Where messages begin and end: a state machine a direction, fed with octets in order.

Octets that must be seen whole before they say anything (first octets, heads, handshakes) gather in the window and are examined there;
bodies go from packet to window to unit; what cannot be read is counted and passed over.
"""

import numpy as np
from numba import njit

from detectors.units import FIRST, GAP
from sensor.protocol.http_kernels import (
    C_UNKNOWN,
    M_HEAD,
    M_IMAGE,
    M_UNKNOWN,
    OTHER_CODING,
    REQUEST,
    RESPONSE,
    find_head_end,
    is_method,
    parse_charset,
    parse_head,
    parse_media,
)
from sensor.protocol.recognise_kernels import DNS, HTTP, NEED_MORE, SSH, TLS, UNKNOWN, recognise_stream
from sensor.stream.columns import GAPS, SLOT, WINDOW
from sensor.stream.window_kernels import add_event, append, carry_over, close_window, cut_unit, new_message, open_window

START, HANDSHAKE, HEAD, BODY, CHUNK_LINE, CHUNK_DATA, CHUNK_END, TRAILER, RAW, OPAQUE, DNS_LENGTH = range(11)
INSPECTED, ENCRYPTED, UNDECODABLE, TRUNCATED, DUPLICATE, MISSED, NOT_OUTBOUND, SHED = range(8)
ENOUGH_TO_RECOGNISE = 64
UNTIL_CLOSE = -1
ASKED_CONNECT = 2  # beside 1: HEAD
LARGEST_CHUNK = 1 << 40


@njit(nogil=True, cache=True)
def account(direction, reason, n):
    """Give `n` octets their reason; what does not go out is not looked into, whatever else it is."""
    direction.octets[reason if direction.outbound else NOT_OUTBOUND] += n


@njit(nogil=True, cache=True)
def consume(streams, row, direction, buf, start, stop):
    """Take buf[start:stop], the next octets of the direction at `row`."""
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
            if direction.fill - direction.unit == 0:
                direction.searched = direction.unit
            n = append(streams, direction, buf, start, stop)
            start += n - examine(streams, row, direction)


@njit(nogil=True, cache=True)
def lose_track(direction):
    """What follows has to be recognised anew."""
    direction.state = START
    direction.left = UNTIL_CLOSE
    direction.flags |= GAP
    direction.partial = 1


@njit(nogil=True, cache=True)
def take_body(streams, row, direction, buf, start, stop):
    """Take octets of a body or of raw content; octets taken (at least one)."""
    n = stop - start
    if direction.outbound == 0:
        direction.octets[NOT_OUTBOUND] += n
        return n
    if direction.coding == OTHER_CODING or direction.media >= M_IMAGE:
        direction.octets[UNDECODABLE] += n
        return n
    if not open_window(streams, direction):
        direction.octets[SHED] += n
        direction.flags |= GAP
        return n
    n = append(streams, direction, buf, start, stop)
    if direction.fill == WINDOW and not cut_unit(streams, row, direction, False):
        give_up_window(streams, direction)
    return n


@njit(nogil=True, cache=True)
def give_up_window(streams, direction):
    """No room to hand the open unit on: count it as shed."""
    account(direction, SHED, direction.fill - direction.unit - direction.carried)
    close_window(streams, direction)
    direction.flags |= GAP


@njit(nogil=True, cache=True)
def end_piece(streams, row, direction):
    """A body or a chunk is complete."""
    if direction.state == CHUNK_DATA:
        direction.state = CHUNK_END
        direction.left = UNTIL_CLOSE
    else:
        end_message(streams, row, direction)


@njit(nogil=True, cache=True)
def end_message(streams, row, direction):
    """A message is complete: hand on what is left of it and wait for the next head."""
    end_unit(streams, row, direction)
    direction.state = HEAD
    direction.left = UNTIL_CLOSE


@njit(nogil=True, cache=True)
def end_unit(streams, row, direction):
    """Hand on the last unit of a message, or nothing where nothing is open."""
    if direction.window >= 0 and not cut_unit(streams, row, direction, True):
        give_up_window(streams, direction)
    direction.coding, direction.charset, direction.media = 0, C_UNKNOWN, M_UNKNOWN
    direction.searched = direction.unit


@njit(nogil=True, cache=True)
def take_chunk_line(streams, row, direction, buf, start, stop):
    """Chunk sizes, the line ends behind chunks, and trailers (RFC 9112 section 7.1); octets taken."""
    at = start
    while at < stop:
        c = np.int64(buf[at])
        at += 1
        if direction.state == CHUNK_END:
            if c == 10:
                direction.state, direction.left, direction.searched = CHUNK_LINE, 0, 0
        elif direction.state == TRAILER:
            if c == 10:
                if direction.searched == 0:
                    end_message(streams, row, direction)
                    return at - start
                direction.searched = 0
            elif c != 13:
                direction.searched = 1
        elif c == 10:
            direction.state = TRAILER if direction.left == 0 else CHUNK_DATA
            if direction.state == TRAILER:
                direction.searched = 0
            return at - start
        elif direction.searched == 0:
            digit = c - 48 if 48 <= c <= 57 else (c | 32) - 87 if 97 <= (c | 32) <= 102 else np.int64(-1)
            if digit >= 0 and direction.left < LARGEST_CHUNK:
                direction.left = direction.left * 16 + digit
            elif c in (59, 13, 32, 9):
                direction.searched = 1
            else:
                direction.state, direction.left = RAW, UNTIL_CLOSE
                return at - start
    return at - start


@njit(nogil=True, cache=True)
def examine(streams, row, direction):
    """Look at what has gathered; octets at its end that were not needed and are to be taken again."""
    while True:
        base = np.int64(direction.window) * SLOT
        if direction.state == START:
            kind = recognise_stream(streams.pool, base + direction.unit, base + direction.fill)
            if kind == NEED_MORE and direction.fill - direction.unit < ENOUGH_TO_RECOGNISE:
                return np.int64(0)
            choose_state(direction, kind)
        elif direction.state == HEAD:
            skip_empty_lines(streams.pool, base, direction)
            if direction.fill - direction.unit == 0:
                return np.int64(0)
            end = find_head_end(streams.pool, base + max(direction.unit, direction.searched - 3), base + direction.fill)
            if end < 0:
                direction.searched = direction.fill
                if direction.fill < WINDOW:
                    return np.int64(0)
                direction.state = RAW
                continue
            back = direction.fill - (end - base)
            direction.fill = end - base
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


@njit(nogil=True, cache=True)
def skip_empty_lines(pool, base, direction):
    """Line ends before a head mean nothing (RFC 9112 section 2.2)."""
    while direction.unit < direction.fill and pool[base + direction.unit] in (13, 10):
        direction.unit += 1
        account(direction, INSPECTED, 1)


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def settle(streams, row, direction):
    """What has gathered turned out to be raw content, or opaque."""
    fresh = direction.fill - direction.unit - direction.carried
    if direction.state == RAW and direction.outbound:
        if direction.flags & FIRST == 0 and direction.carried == 0:
            gap = direction.flags & GAP
            new_message(streams, direction)
            direction.flags |= gap
        if direction.fill == WINDOW and not cut_unit(streams, row, direction, False):
            give_up_window(streams, direction)
        return
    account(direction, ENCRYPTED if direction.state == OPAQUE else INSPECTED, fresh)
    close_window(streams, direction)


@njit(nogil=True, cache=True)
def end_handshake(streams, row, direction, now):
    """Hand the TLS handshake on once it is complete, or `now`; whether it was handed on."""
    base = np.int64(direction.window) * SLOT
    pool, at, stop = streams.pool, base + direction.unit, base + direction.fill
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
    if not over and direction.fill < WINDOW:
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


@njit(nogil=True, cache=True)
def is_hello_whole(pool, first, at):
    """Whether the ClientHello that begins in the record at `first` ends before `at`, records' headers counted."""
    length = (np.int64(pool[first + 6]) << 16) | (np.int64(pool[first + 7]) << 8) | np.int64(pool[first + 8])
    have, record = np.int64(0), first
    while record < at:
        size = (np.int64(pool[record + 3]) << 8) | np.int64(pool[record + 4])
        have += size
        record += 5 + size
    return have >= length + 4


@njit(nogil=True, cache=True)
def take_dns(streams, row, direction):
    """DNS over TCP: two octets of length before each message (RFC 1035 section 4.2.2)."""
    base = np.int64(direction.window) * SLOT
    have = np.int64(direction.fill - direction.unit)
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
    direction.fill -= back
    add_event(streams, row, direction, DNS, np.int64(direction.unit) + 2, np.int64(direction.fill))
    account(direction, INSPECTED, length + 2)
    direction.messages += 1
    carry_over(streams, direction, True)
    return back


@njit(nogil=True, cache=True)
def end_head(streams, row, direction):
    """A head is complete: parse it, hand it on, and get ready for its body."""
    n = add_event(streams, row, direction, HTTP, np.int64(direction.unit), np.int64(direction.fill))
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
        direction.media, direction.coding, direction.charset = M_HEAD, 0, C_UNKNOWN
        end_unit(streams, row, direction)
    else:
        account(direction, NOT_OUTBOUND, direction.fill - direction.unit)
        carry_over(streams, direction, True)
    begin_body(streams, row, direction, event)


@njit(nogil=True, cache=True)
def begin_body(streams, row, direction, event):
    """The state after a head (RFC 9112 section 6.3)."""
    other = streams.directions[row ^ 1]
    new_message(streams, direction)
    direction.coding = event.coding
    direction.media = parse_media(streams.pool, event.kind, event.kind + event.kind_len)
    direction.charset = parse_charset(streams.pool, event.kind, event.kind + event.kind_len)
    direction.state, direction.left = HEAD, UNTIL_CLOSE
    if event.what == REQUEST:
        direction.asked_head = is_method(streams.pool, event, b"head")
        if is_method(streams.pool, event, b"connect"):
            direction.state, direction.asked_head = START, ASKED_CONNECT
            return
    elif event.what == RESPONSE:
        if event.status == 101:
            direction.state = START
            other.state = START
            return
        if other.asked_head == ASKED_CONNECT and event.status < 300:
            if event.status >= 200:
                direction.state = START  # what follows is the tunnel's
            return
        if event.status < 200 or event.status in (204, 304) or other.asked_head == 1:
            return
    if event.chunked:
        direction.state, direction.left, direction.searched = CHUNK_LINE, 0, 0
    elif event.length > 0:
        direction.state, direction.left = BODY, event.length
    elif event.length < 0 and event.what == RESPONSE:
        direction.state = BODY


@njit(nogil=True, cache=True)
def pass_gap(streams, row, direction, n):
    """`n` octets will never come: stay in step where the length is known, else recognise anew."""
    streams.control[GAPS] += 1
    direction.partial = 1
    direction.flags |= GAP
    if direction.state == OPAQUE:
        return
    if direction.state == RAW or (direction.state in (BODY, CHUNK_DATA) and (direction.left < 0 or n < direction.left)):
        part_unit(streams, row, direction)
        if direction.left > 0:
            direction.left -= n
        return
    finish(streams, row, direction)
    if direction.proto == TLS:
        direction.state = OPAQUE
    else:
        lose_track(direction)


@njit(nogil=True, cache=True)
def part_unit(streams, row, direction):
    """What lies before a gap and what comes after it must not read as one: cut, and carry nothing over."""
    if direction.window < 0 or not direction.outbound:
        return
    if not cut_unit(streams, row, direction, False):
        give_up_window(streams, direction)
    direction.unit, direction.carried = direction.fill, 0
    direction.flags |= GAP


@njit(nogil=True, cache=True)
def finish(streams, row, direction):
    """Nothing more comes for what is open: hand it on as it is."""
    if direction.state == HANDSHAKE and direction.window >= 0:
        end_handshake(streams, row, direction, True)
    if direction.window >= 0 and direction.fill - direction.unit - direction.carried > 0:
        if direction.state == OPAQUE:
            account(direction, ENCRYPTED, direction.fill - direction.unit - direction.carried)
        elif direction.outbound:
            end_unit(streams, row, direction)
        else:
            account(direction, NOT_OUTBOUND, direction.fill - direction.unit - direction.carried)
    elif direction.window >= 0 and direction.outbound and direction.state in (BODY, CHUNK_DATA, RAW):
        end_unit(streams, row, direction)
    close_window(streams, direction)
