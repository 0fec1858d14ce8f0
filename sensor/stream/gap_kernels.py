"""Octets that will never come, ends, and new beginnings."""

import numpy as np

from detectors.kernel import kernel
from detectors.units import FIRST, GAP
from sensor.protocol.recognise_kernels import TLS
from sensor.stream.body_kernels import (
    BODY,
    CHUNK_DATA,
    ENCRYPTED,
    HANDSHAKE,
    OPAQUE,
    RAW,
    account,
    end_piece,
    end_unit,
    give_up_window,
    lose_track,
)
from sensor.stream.columns import GAPS
from sensor.stream.handshake_kernels import end_handshake
from sensor.stream.window_kernels import close_window, cut_unit, new_message


@kernel
def pass_gap(streams, row, direction, n):
    """`n` octets will never come: stay in step where the length is known, else recognise anew."""
    streams.control[GAPS] += 1
    direction.partial = 1
    if direction.state == OPAQUE:
        return
    if direction.state == RAW or (direction.state in (BODY, CHUNK_DATA) and (direction.left < 0 or n <= direction.left)):
        part_unit(streams, row, direction)
        if direction.left > 0:
            direction.left -= n
            if direction.left == 0:
                end_piece(streams, row, direction)
        return
    finish(streams, row, direction)
    lose_track(direction)
    if direction.proto == TLS:
        direction.state = OPAQUE


@kernel
def part_unit(streams, row, direction):
    """What lies before a gap and what comes after it must not read as one: it becomes two messages, if no decoder needs both."""
    if direction.outbound:
        last = direction.coding == 0
        if direction.window >= 0 and not cut_unit(streams, row, direction, last):
            give_up_window(streams, direction)
        if last and direction.marks & FIRST == 0:
            new_message(streams, direction)
    direction.marks |= GAP


@kernel
def finish(streams, row, direction):
    """Nothing more comes for what is open: hand it on as it is."""
    if direction.state == HANDSHAKE and direction.window >= 0:
        end_handshake(streams, row, direction, True)
    if direction.outbound and direction.state != OPAQUE:
        end_unit(streams, row, direction)
    elif direction.window >= 0:
        account(direction, ENCRYPTED, np.int64(direction.filled - direction.unit - direction.carried))
    close_window(streams, direction)
