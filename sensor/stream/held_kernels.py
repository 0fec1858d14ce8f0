"""Segments that came too early: kept in pieces, sorted by sequence, without overlap; the first copy of an octet counts."""

import numpy as np

from detectors.kernel import kernel
from sensor.intrinsic import copy_octets
from sensor.stream.body_kernels import DUPLICATE, MISSED, TRUNCATED, account
from sensor.stream.columns import CHUNK, FREE_HELD, HELD_AT, MOST_HELD
from sensor.stream.framing_kernels import consume
from sensor.stream.gap_kernels import pass_gap


@kernel
def signed(difference):
    """A difference of sequence numbers, as it is meant: −2^31 … 2^31 − 1."""
    difference &= 0xFFFFFFFF
    return difference - 0x100000000 if difference >= 0x80000000 else difference


@kernel
def trim_seen(direction, seq, start, length, wire):
    """A segment without the octets before `next`, which came before: (seq, start, length, wire)."""
    seen = min(max(np.int64(0), signed(np.int64(direction.next) - seq)), wire)
    account(direction, DUPLICATE, min(seen, length))
    account(direction, TRUNCATED, max(np.int64(0), seen - length))
    return seq + seen, start + seen, max(np.int64(0), length - seen), wire - seen


@kernel
def hold(streams, direction, buf, seq, start, length, wire):
    """Keep a segment that came too early, as far as it is new and there is room; octets of `wire` that are settled.

    start, length  what was captured of it, in `buf`; wire  octets it had on the wire
    """
    held = streams.held
    before, at = find_place(held, direction, seq)
    done = np.int64(0)
    while done < wire:
        while at >= 0 and signed(end_of(held, at) - seq - done) <= 0:
            before, at = at, np.int64(held[at].next)
        room = wire - done
        if at >= 0:
            room = min(room, max(np.int64(0), signed(np.int64(held[at].seq) - seq - done)))
        captured = max(np.int64(0), length - done)
        if room > 0:
            n = min(room, captured, np.int64(CHUNK)) if captured > 0 else room
            before = keep_piece(streams, direction, before, at, seq + done, n, captured > 0)
            if before < 0:
                return done
            copy_octets(streams.pool, streams.control[HELD_AT] + before * CHUNK, buf, start + done, n if captured > 0 else np.int64(0))
        else:
            n = min(wire - done, signed(end_of(held, at) - seq - done))
            account(direction, DUPLICATE, min(n, captured))
            account(direction, TRUNCATED, n - min(n, captured))
        done += n
    return done


@kernel
def find_place(held, direction, seq):
    """(a piece before `seq`, the first one that may reach behind it), either -1."""
    if direction.held >= 0 and signed(np.int64(held[direction.held_last].seq) - seq) <= 0:  # mostly so
        return np.int64(-1), np.int64(direction.held_last)
    return np.int64(-1), np.int64(direction.held)


@kernel
def end_of(held, piece):
    """The sequence number behind a piece."""
    return np.int64(held[piece].seq) + np.int64(held[piece].length) + np.int64(held[piece].lacking)


@kernel
def keep_piece(streams, direction, before, at, seq, n, captured):
    """A piece of `n` octets between the pieces `before` and `at`; its index, or -1 when there is no room."""
    piece = streams.control[FREE_HELD]
    if piece < 0 or direction.n_held >= MOST_HELD:
        return np.int64(-1)
    own = streams.held[piece]
    streams.control[FREE_HELD] = own.next
    own.seq, own.next = seq & 0xFFFFFFFF, at
    own.length, own.lacking = (n, 0) if captured else (0, n)
    if before < 0:
        direction.held = piece
    else:
        streams.held[before].next = piece
    if at < 0:
        direction.held_last = piece
    direction.n_held += 1
    return piece


@kernel
def release_first(streams, direction):
    """Let the first held-back piece go."""
    piece = np.int64(direction.held)
    direction.held = streams.held[piece].next
    direction.n_held -= 1
    streams.held[piece].next = streams.control[FREE_HELD]
    streams.control[FREE_HELD] = piece


@kernel
def deliver_held(streams, row, direction, known):
    """Take the held-back pieces that are in order. What is missing before the sequence number `known` will not come."""
    while direction.held >= 0:
        own = streams.held[direction.held]
        missing = signed(np.int64(own.seq) - np.int64(direction.next))
        if missing > 0:
            if signed(np.int64(own.seq) - known) > 0:
                return
            direction.octets[MISSED] += missing
            pass_gap(streams, row, direction, missing)
        length, lacking = np.int64(own.length), np.int64(own.lacking)
        start = streams.control[HELD_AT] + np.int64(direction.held) * CHUNK
        consume(streams, row, direction, streams.pool, start, start + length)
        if lacking > 0:
            account(direction, TRUNCATED, lacking)
            pass_gap(streams, row, direction, lacking)
        direction.next = (np.int64(own.seq) + length + lacking) & 0xFFFFFFFF
        release_first(streams, direction)


@kernel
def first_held(streams, direction):
    """Where the first hole of a direction that holds pieces ends."""
    return np.int64(streams.held[direction.held].seq)


@kernel
def last_held(streams, direction):
    """Where the last hole ends; `next` where nothing is held."""
    return np.int64(streams.held[direction.held_last].seq) if direction.held >= 0 else np.int64(direction.next)
