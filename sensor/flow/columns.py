"""What the flow table holds and what it gives back."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from sensor.records import new_column, new_records

SET = 32  # slots that share one 64-octet line of tags

# Touched by every packet: one cache line.
HOT = np.dtype([
    ("key_high", np.uint64), ("key_low", np.uint64),  # keyed hash of the ends: the identity
    ("first_ns", np.int64), ("last_ns", np.int64),
    ("octets", np.uint64, 2),
    ("packets", np.uint32, 2),
    ("tcp_flags", np.uint8, 2),
    ("opener", np.uint8),   # normalised order of the packets from src
    ("state", np.uint8),    # bits: FIN seen from src 1, from dst 2, RST 4, SYN 8, SYN/ACK 16, handshake known 32
    ("payloads", np.uint8),  # of them noted in first_sizes
    ("proto", np.uint8),
    ("vlan", np.uint16),
], align=True)

# Touched by TCP payload and by new flows.
COLD = np.dtype([
    ("src_high", np.uint64), ("src_low", np.uint64), ("dst_high", np.uint64), ("dst_low", np.uint64),
    ("span_ns", np.int64),       # start of the span being counted: since the last active report
    ("syn_ns", np.int64),
    ("top", np.uint32, 2),       # highest sequence number seen
    ("again", np.uint32, 2),     # segments at or below it
    ("handshake_us", np.uint32),
    ("mpls", np.uint32),
    ("sport", np.uint16), ("dport", np.uint16),
    ("sizes", np.int16, 8),
    ("iface", np.uint16),
    ("topped", np.uint8, 2),     # whether `top` means anything
], align=True)


LOOK = np.dtype([              # scratch: what is known of a row between prefetching its place and taking it in
    ("high", np.uint64),       # its key, both halves
    ("low", np.uint64),
    ("place", np.int64),       # first slots of its two sets
    ("other", np.int64),
    ("guess", np.int64),       # the first slot with its tag, -1 none
    ("swapped", np.uint8),     # whether source and destination change places in the key
], align=True)


class FlowTable(NamedTuple):
    """The table; slot s lies in set s // 32."""

    tags: np.ndarray     # uint16 (slots,), 0 free, 1 ended but not released, else part of the hash
    hot: np.ndarray      # HOT (slots,)
    cold: np.ndarray     # COLD (slots,)
    secrets: np.ndarray  # uint64 (8,)
    clock: np.ndarray    # int64 (4,): active flows, hand, latest packet time, evictions


class Touch(NamedTuple):
    """What a batch did to the table; a row a packet, arrays (capacity,)."""

    slot: np.ndarray       # int64, -1 where the packet belongs to no flow
    direction: np.ndarray  # uint8, 0 from src, 1 back
    fresh: np.ndarray      # uint8, 1 where this packet made the flow


class Ended(NamedTuple):
    """Flows to be reported; arrays (capacity,)."""

    slot: np.ndarray    # int64
    reason: np.ndarray  # uint8, EndReason


class EndReason(IntEnum):
    """Why a flow is reported."""

    IDLE = 0
    ACTIVE = 1
    FIN = 2
    RST = 3
    EVICTED = 4
    END = 5


def new_table(slots: int, secrets: np.ndarray) -> FlowTable:
    """An empty table of at least `slots` slots."""
    slots = -(-slots // SET) * SET
    return FlowTable(new_column(slots, np.uint16), new_records(slots, HOT), new_records(slots, COLD), secrets, np.zeros(4, np.int64))


def new_touch(capacity: int) -> Touch:
    """Room for a batch of `capacity` packets."""
    return Touch(np.full(capacity, -1, np.int64), np.zeros(capacity, np.uint8), np.zeros(capacity, np.uint8))
