"""The blocks of a TPACKET_V3 ring → rows. Source: Linux, Documentation/networking/packet_mmap.rst and uapi/linux/if_packet.h.

The kernel writes these headers; they are checked all the same, since a mistaken offset would be read as somebody's packet.
"""

import numpy as np

from detectors.kernel import kernel

# struct tpacket_block_desc
BLOCK_STATUS, NUM_PKTS, FIRST_PKT, BLOCK_LEN = 8, 12, 16, 20
BLOCK_HEADER = 48
# struct tpacket3_hdr
NEXT, SEC, NSEC, SNAPLEN, LEN, STATUS, MAC, VLAN_TCI = 0, 4, 8, 12, 16, 20, 24, 32
PACKET_HEADER = 48
VLAN_VALID = 0x10  # of STATUS: a tag was taken off, its TCI is in the header
TAG = 4            # octets of it
# Rows of the state: where the next packet's header lies (0: none left), packets left in the block, blocks whose headers lied.
AT, LEFT, DAMAGED = 0, 1, 2


@kernel
def u32_at(buf, at):
    """A 32-bit number of this machine's order (little-endian)."""
    return np.int64(buf[at]) | np.int64(buf[at + 1]) << 8 | np.int64(buf[at + 2]) << 16 | np.int64(buf[at + 3]) << 24


@kernel
def open_block(ring, start, size, state):
    """Begin with the block ring[start : start + size]."""
    first = u32_at(ring, start + FIRST_PKT)
    state[LEFT] = u32_at(ring, start + NUM_PKTS)
    state[AT] = start + first if state[LEFT] > 0 else 0
    if state[LEFT] > 0 and (first < BLOCK_HEADER or first > size - PACKET_HEADER):
        state[AT], state[LEFT] = 0, 0
        state[DAMAGED] += 1


@kernel
def walk_block(ring, start, size, state, packets, row, link, iface):
    """Append the block's packets from row `row` on, until they end or `packets` is full; the rows filled.

    ring   uint8, the whole ring; start, size: the block; state int64 (3,), as open_block and the last call left it
    link, iface  what to note of each packet
    """
    stop, room = start + size, packets.start.shape[0]
    while state[LEFT] > 0 and row < room:
        at = state[AT]
        caplen, mac = u32_at(ring, at + SNAPLEN), np.int64(ring[at + MAC]) | np.int64(ring[at + MAC + 1]) << 8
        if mac < PACKET_HEADER or mac + caplen > stop - at:
            state[LEFT] = 0
            state[DAMAGED] += 1
            break
        packets.start[row] = at + mac
        packets.caplen[row] = caplen
        tagged = u32_at(ring, at + STATUS) & VLAN_VALID != 0
        on_wire = max(caplen, u32_at(ring, at + LEN)) + (TAG if tagged else 0)
        packets.wirelen[row] = min(on_wire, np.int64(0x7FFFFFFF))
        packets.ts_ns[row] = u32_at(ring, at + SEC) * 1_000_000_000 + u32_at(ring, at + NSEC)
        packets.link[row] = link
        packets.iface[row] = iface
        packets.vlan_tci[row] = u32_at(ring, at + VLAN_TCI) & 0xFFFF if tagged else -1
        row += 1
        state[LEFT] -= 1
        step = u32_at(ring, at + NEXT)
        if state[LEFT] > 0 and (step < PACKET_HEADER or step > stop - at - PACKET_HEADER):
            state[LEFT] = 0
            state[DAMAGED] += 1
            break
        state[AT] = at + step
    return row
