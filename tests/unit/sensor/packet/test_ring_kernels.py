"""Blocks of a ring: read as they were written; hostile headers neither read beyond the block nor go in circles."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.packet.batch import Packets, new_packets
from sensor.packet.ring_kernels import DAMAGED, LEFT, open_block, walk_block

SIZE = 4096
Made = tuple[bytes, int, int, int | None]  # octets, octets beyond what was captured, ns, TCI


def block(packets: list[Made]) -> bytes:
    """As the system writes it (struct tpacket_block_desc, tpacket3_hdr)."""
    out = b""
    for i, (octets, cut, ns, tci) in enumerate(packets):
        length = -(-(80 + len(octets)) // 8) * 8
        status = 1 | (0x50 if tci is not None else 0)
        head = struct.pack("<IIIIIIHHIIHH8x", length if i < len(packets) - 1 else 0, ns // 10**9, ns % 10**9, len(octets),
                           len(octets) + cut, status, 80, 94, 7, tci or 0, 0x8100, 0)
        out += (head.ljust(80, b"\0") + octets).ljust(length, b"\0")
    return struct.pack("<IIIIIIQ16x", 1, 0, 1, len(packets), 48, 48 + len(out), 9) + out


def read(memory: bytes, start: int, room: int) -> tuple[list[tuple[bytes, int, int, int]], Packets, np.ndarray]:
    """All packets of memory[start : start + SIZE], `room` of them a call."""
    ring, state, packets = np.frombuffer(memory, np.uint8), np.zeros(3, np.int64), new_packets(room)
    open_block(ring, start, SIZE, state)
    rows = []
    for _ in range(SIZE):
        n = int(walk_block(ring, start, SIZE, state, packets, 0, 1, 5))
        for i in range(n):
            at = int(packets.start[i])
            assert start <= at and at + int(packets.caplen[i]) <= start + SIZE
            octets = memory[at : at + int(packets.caplen[i])]
            rows.append((octets, int(packets.wirelen[i]), int(packets.ts_ns[i]), int(packets.vlan_tci[i])))
            assert packets.link[i] == 1 and packets.iface[i] == 5
        if state[LEFT] == 0:
            return rows, packets, state
    raise AssertionError("no end")


MADE = st.tuples(st.binary(max_size=90), st.integers(0, 9000), st.integers(0, (1 << 32) * 10**9 - 1), st.none() | st.integers(0, 0xFFFF))


@given(st.lists(MADE, max_size=20), st.integers(1, 25))
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read(packets: list[Made], room: int) -> None:
    memory = bytes(SIZE) + block(packets).ljust(SIZE, b"\0") + bytes(SIZE)
    rows, _, state = read(memory, SIZE, room)
    assert [row[0] for row in rows] == [octets for octets, _, _, _ in packets]
    assert [row[1] for row in rows] == [len(octets) + cut + (4 if tci is not None else 0) for octets, cut, _, tci in packets]
    assert [row[2:] for row in rows] == [(ns, -1 if tci is None else tci) for _, _, ns, tci in packets]
    assert state[DAMAGED] == 0


EDGES = [0, 1, 8, 47, 48, 79, 80, SIZE - 48, SIZE - 47, SIZE, SIZE + 1, 0x7FFFFFFF, 0xFFFFFFFF]
NUMBERS = st.sampled_from(EDGES) | st.integers(0, 0xFFFFFFFF)
CHANGES = st.lists(st.tuples(st.sampled_from([12, 16, *range(48, 400, 4)]), NUMBERS), min_size=1, max_size=6)


@given(st.lists(MADE, min_size=1, max_size=4), CHANGES)
@settings(max_examples=300, deadline=None)
def test_hostile_headers(packets: list[Made], changes: list[tuple[int, int]]) -> None:
    hostile = bytearray(block(packets).ljust(SIZE, b"\0"))
    for at, number in changes:
        hostile[at : at + 4] = struct.pack("<I", number)
    read(bytes(hostile), 0, 7)  # the block is all the memory there is: bounds checks see the rest
    read(bytes(SIZE) + bytes(hostile), SIZE, 7)
