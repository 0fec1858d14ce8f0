"""What the streams keep: two directions an entry, a pool of windows, and what they hand on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.units import PAD
from sensor.records import new_column, new_records

WINDOW = 16384          # octets of one window
SLOT = WINDOW + PAD     # with the pad that may be read behind it
CHUNK = 1536            # octets of one held-back piece of a segment
MOST_HELD = 1024        # pieces held back for one direction: a fast sender's round trip

# Reasons, columns of Direction.octets; the order is the kernels'.
OCTET_REASONS = ("inspected", "encrypted", "undecodable", "truncated", "duplicate", "missed", "not_outbound", "shed")

DIRECTION = np.dtype([
    ("octets", np.int64, 8),      # by OCTET_REASONS, since they were last taken
    ("payload", np.int64),        # octets of payload on the wire so far
    ("left", np.int64),           # octets to come of the body or chunk; -1 until the stream ends
    ("stream", np.int64),         # number of the current message
    ("ts_ns", np.int64),          # packet time of the latest octet
    ("flow", np.int64),           # slot of the flow, -1 when the entry is free
    ("next", np.uint32),          # sequence number expected
    ("first", np.uint32),         # and that of the first octet
    ("stray", np.uint32),         # behind the last segment that was too far away to belong here
    ("window", np.int32),         # slot in the pool, -1 for none
    ("unit", np.int32),           # where the open unit starts in the window
    ("filled", np.int32),         # where the window's octets end
    ("carried", np.int32),        # leading octets of the open unit that were shown before
    ("held", np.int32),           # first held-back piece, -1 for none
    ("held_last", np.int32),      # and the last one
    ("n_held", np.int32),
    ("messages", np.uint32),
    ("searched", np.int32),       # how far the window has been searched for a head's end
    ("state", np.uint8),          # sensor.stream.body_kernels
    ("proto", np.uint8),          # Proto
    ("outbound", np.uint8),
    ("tcp", np.uint8),
    ("started", np.uint8),        # whether `next` means anything: 1 by data, 2 by a handshake
    ("coding", np.uint8), ("charset", np.uint8), ("media", np.uint8),
    ("marks", np.uint8),          # FIRST | GAP of the next unit
    ("asked_head", np.uint8),     # requests: the last one was HEAD (1), its response has no body; CONNECT (2), a tunnel follows
    ("in_line", np.uint8),        # where in a chunk's size line or a trailer
    ("closed", np.uint8),
    ("partial", np.uint8),        # a gap was met, ever
], align=True)

UNIT = np.dtype([
    ("stream", np.int64), ("ts_ns", np.int64),
    ("direction", np.int32),  # row of the direction
    ("window", np.int32), ("start", np.int32), ("stop", np.int32), ("carried", np.int32),
    ("coding", np.uint8), ("charset", np.uint8), ("media", np.uint8), ("marks", np.uint8),
], align=True)

# One head or handshake, or one datagram; offsets of its parts are within the pool.
EVENT = np.dtype([
    ("start", np.int64), ("stop", np.int64), ("ts_ns", np.int64),
    ("method", np.int64), ("target", np.int64), ("host", np.int64), ("agent", np.int64), ("kind", np.int64), ("length", np.int64),
    ("direction", np.int32), ("window", np.int32),
    ("method_len", np.int32), ("target_len", np.int32), ("host_len", np.int32), ("agent_len", np.int32), ("kind_len", np.int32),
    ("status", np.int32),
    ("proto", np.uint8),     # Proto
    ("what", np.uint8),      # HTTP: 1 request, 2 response
    ("coding", np.uint8), ("chunked", np.uint8), ("upgrade", np.uint8),
], align=True)

# A held-back piece: `length` octets, or `lacking` ones that were not captured.
HELD = np.dtype([("seq", np.uint32), ("length", np.int32), ("lacking", np.int32), ("next", np.int32)], align=True)


class Streams(NamedTuple):
    """All that the kernels work on."""

    pool: np.ndarray        # uint8: windows, then held-back pieces
    directions: np.ndarray  # DIRECTION (2 * entries,)
    units: np.ndarray       # UNIT (capacity,)
    events: np.ndarray      # EVENT (capacity,)
    slots: np.ndarray       # int32 (windows, 2): stack of free windows; how many hold each window
    held: np.ndarray        # HELD (pieces,)
    control: np.ndarray     # int64 (CONTROL_SIZE,)


# Rows of `control`.
FREE_WINDOWS, UNITS, EVENTS, FREE_HELD, NEXT_STREAM, DATAGRAMS, DATAGRAM_FILL, HELD_AT, CARRY_DROPPED, GAPS = range(10)
CONTROL_SIZE = 16


def new_streams(entries: int, windows: int, pieces: int, capacity: int) -> Streams:
    """Room for `entries` flows, `windows` windows, `pieces` held-back pieces, and `capacity` units and events a turn."""
    pool = new_column(windows * SLOT + pieces * CHUNK + PAD, np.uint8)
    directions = new_records(2 * entries, DIRECTION)
    directions["flow"] = -1
    slots = np.zeros((windows, 2), np.int32)
    slots[:, 0] = np.arange(windows)[::-1]
    held = new_records(pieces, HELD)
    held["next"] = np.arange(1, pieces + 1)
    held["next"][-1] = -1
    control = np.zeros(CONTROL_SIZE, np.int64)
    control[[FREE_WINDOWS, NEXT_STREAM, DATAGRAMS, HELD_AT]] = windows, 1, -1, windows * SLOT
    return Streams(pool, directions, new_records(capacity, UNIT), new_records(capacity, EVENT), slots, held, control)
