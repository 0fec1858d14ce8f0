"""Bodies, and what lies between them: from packet to window to unit, with a reason for every octet.

A direction is always in one of these states; the state machine itself is `framing_kernels`.
"""

import numpy as np

from detectors.kernel import kernel
from detectors.units import FIRST, GAP
from sensor.protocol.http_kernels import M_IMAGE, OTHER_CODING
from sensor.stream.columns import WINDOW
from sensor.stream.window_kernels import append, close_window, cut_unit, new_message, open_window

START, HANDSHAKE, HEAD, BODY, CHUNK_LINE, CHUNK_DATA, CHUNK_END, TRAILER, RAW, OPAQUE, DNS_LENGTH = range(11)
INSPECTED, ENCRYPTED, UNDECODABLE, TRUNCATED, DUPLICATE, MISSED, NOT_OUTBOUND, SHED = range(8)
UNTIL_CLOSE = -1
LARGEST_CHUNK = 1 << 40
NOTHING_YET, IN_NUMBER, BEHIND_NUMBER = range(3)  # Direction.in_line


@kernel
def account(direction, reason, n):
    """Give `n` octets their reason; what does not go out is not looked into, whatever else it is."""
    direction.octets[reason if direction.outbound else NOT_OUTBOUND] += n


@kernel
def begin_anew(direction):
    """What follows has to be recognised, as if the stream began here."""
    direction.state, direction.left, direction.in_line = START, UNTIL_CLOSE, NOTHING_YET
    direction.coding = direction.charset = direction.media = 0


@kernel
def lose_track(direction):
    """What follows has to be recognised anew, and something is missing before it."""
    begin_anew(direction)
    direction.marks |= GAP
    direction.partial = 1


@kernel
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
        direction.marks |= GAP
        return n
    n = append(streams, direction, buf, start, stop)
    if direction.filled == WINDOW and not cut_unit(streams, row, direction, False):
        give_up_window(streams, direction)
    return n


@kernel
def give_up_window(streams, direction):
    """No room to hand the open unit on: count it as shed."""
    account(direction, SHED, direction.filled - direction.unit - direction.carried)
    close_window(streams, direction)
    direction.marks |= GAP


@kernel
def end_piece(streams, row, direction):
    """A body or a chunk is complete."""
    if direction.state == CHUNK_DATA:
        direction.state, direction.left, direction.in_line = CHUNK_END, UNTIL_CLOSE, NOTHING_YET
    else:
        end_message(streams, row, direction)


@kernel
def end_message(streams, row, direction):
    """A message is complete: hand on what is left of it and wait for the next head."""
    end_unit(streams, row, direction)
    direction.state = HEAD
    direction.left = UNTIL_CLOSE


@kernel
def end_unit(streams, row, direction):
    """Hand on the last unit of a message, or nothing where nothing is open."""
    if direction.window < 0 and direction.coding != 0 and direction.outbound and direction.marks & FIRST == 0:
        open_window(streams, direction)  # a decoder holds state until it is told that the message is over
    if direction.window >= 0 and not cut_unit(streams, row, direction, True):
        give_up_window(streams, direction)
    if direction.marks & FIRST == 0:
        new_message(streams, direction)
    direction.coding = direction.charset = direction.media = 0
    direction.searched = direction.unit


@kernel
def take_chunk_line(streams, row, direction, buf, start, stop):
    """Chunk sizes, the line ends behind chunks, and trailers (RFC 9112 section 7.1); octets taken."""
    at = start
    while at < stop:
        c = np.int64(buf[at])
        at += 1
        if direction.state == CHUNK_END:
            if c == 10:
                direction.state, direction.left, direction.in_line = CHUNK_LINE, 0, NOTHING_YET
        elif direction.state == TRAILER:
            if c == 10:
                if direction.in_line == NOTHING_YET:
                    end_message(streams, row, direction)
                    return at - start
                direction.in_line = NOTHING_YET
            elif c != 13:
                direction.in_line = IN_NUMBER
        elif not take_size(direction, c):
            if direction.in_line == NOTHING_YET:
                end_unit(streams, row, direction)
                begin_anew(direction)
                new_message(streams, direction)
                return at - start - 1  # content begins with this octet
            direction.state = TRAILER if direction.left == 0 else CHUNK_DATA
            direction.in_line = NOTHING_YET
            return at - start
    return at - start


@kernel
def take_size(direction, c):
    """One octet of a chunk's size line; False at its end, `in_line` NOTHING_YET where it is no size."""
    if c == 10:
        return False
    if direction.in_line == BEHIND_NUMBER:
        return True
    digit = c - 48 if 48 <= c <= 57 else (c | 32) - 87 if 97 <= (c | 32) <= 102 else np.int64(-1)
    if digit >= 0 and direction.left < LARGEST_CHUNK:
        direction.left = direction.left * 16 + digit
        direction.in_line = IN_NUMBER
        return True
    if c in (59, 13, 32, 9) and direction.in_line == IN_NUMBER:
        direction.in_line = BEHIND_NUMBER
        return True
    direction.in_line = NOTHING_YET
    return False
