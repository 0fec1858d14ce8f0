"""Walking capture files: record after record into a packet batch.

State of a walk is int64 (STATE_SIZE,): what the file's header said, and where the walk is.
Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

import numpy as np

from detectors.kernel import kernel

AT, SWAPPED, LINK, TICK_NS, RECORD_HEADER, OLD_LENGTHS, BASE, INTERFACES, PROBLEM, PROBLEM_AT = range(10)
STATE_SIZE = 10
NONE, CUT_SHORT, ABSURD_LENGTH, NO_INTERFACE, TOO_MANY_INTERFACES, NO_SECTION = range(6)

MAX_PACKET = 262144  # what libpcap writes at most for these link types
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
# Columns of the interface table, int64 (MAX_INTERFACES, 6).
IF_LINK, IF_SNAP, IF_RESOLUTION, IF_OFFSET_S, IF_NAME_AT, IF_NAME_LEN = range(6)
MAX_INTERFACES = 4096


@kernel
def u16(buf, at, swapped):
    """uint16 at `at` as int64; little-endian unless `swapped`."""
    a, b = np.int64(buf[at]), np.int64(buf[at + 1])
    return (a << 8) | b if swapped else (b << 8) | a


@kernel
def u32(buf, at, swapped):
    """uint32 at `at` as int64; little-endian unless `swapped`."""
    low, high = u16(buf, at, swapped), u16(buf, at + 2, swapped)
    return (low << 16) | high if swapped else (high << 16) | low


@kernel
def fill_row(packets, row, start, caplen, wirelen, ts_ns, link, iface):
    """Write one row of the batch."""
    packets.start[row] = start
    packets.caplen[row] = caplen
    packets.wirelen[row] = max(caplen, min(wirelen, 0x7FFFFFFF))
    packets.ts_ns[row] = ts_ns
    packets.link[row] = link
    packets.iface[row] = iface
    packets.vlan_tci[row] = -1


@kernel
def break_off(state, problem):
    """Note why and where the walk stops."""
    state[PROBLEM] = problem
    state[PROBLEM_AT] = state[AT]


@kernel
def walk_pcap(buf, stop, last, state, packets):
    """Fill `packets` from the pcap records at state[AT]; return the rows filled.

    buf, stop  uint8 (n,) and how much of it is filled
    last       whether nothing follows `stop`: an incomplete record is then a problem, else it waits for more
    """
    capacity, swapped, header = packets.start.shape[0], state[SWAPPED], state[RECORD_HEADER]
    row = 0
    while row < capacity and state[PROBLEM] == NONE:
        at = state[AT]
        if stop - at < header:
            if last and stop > at:
                break_off(state, CUT_SHORT)
            break
        caplen, wirelen = u32(buf, at + 8, swapped), u32(buf, at + 12, swapped)
        if state[OLD_LENGTHS] and caplen > wirelen:  # before version 2.4 some wrote them the other way round
            caplen, wirelen = wirelen, caplen
        if caplen > MAX_PACKET:
            break_off(state, ABSURD_LENGTH)
            break
        if stop - at - header < caplen:
            if last:
                break_off(state, CUT_SHORT)
            break
        ts_ns = u32(buf, at, swapped) * 1_000_000_000 + u32(buf, at + 4, swapped) * state[TICK_NS]
        fill_row(packets, row, at + header, caplen, wirelen, ts_ns, state[LINK], 0)
        row += 1
        state[AT] = at + header + caplen
    return row


@kernel
def to_ns(ticks, resolution, offset_s):
    """Ticks of an interface's clock → ns since 1970 (pcapng, option if_tsresol)."""
    power = resolution & 0x7F
    if resolution & 0x80:
        power = min(power, np.int64(32))
        whole = ticks >> power
        part = ((ticks & ((np.int64(1) << power) - 1)) * 1_000_000_000) >> power
        return (whole + offset_s) * 1_000_000_000 + part
    scale = np.int64(1)
    for _ in range(min(abs(9 - power), 18)):
        scale *= 10
    return (ticks * scale if power <= 9 else ticks // scale) + offset_s * 1_000_000_000


@kernel
def read_interface(buf, at, stop, state, interfaces):
    """Add the interface description block at `at` (its body ends at `stop`) to the table; False when the table is full."""
    n = state[INTERFACES]
    if n >= MAX_INTERFACES:
        return False
    swapped = state[SWAPPED]
    interfaces[n, IF_LINK] = u16(buf, at + 8, swapped)
    interfaces[n, IF_SNAP] = u32(buf, at + 12, swapped)
    interfaces[n, IF_RESOLUTION] = 6
    interfaces[n, IF_OFFSET_S] = 0
    interfaces[n, IF_NAME_AT] = 0
    interfaces[n, IF_NAME_LEN] = 0
    option = at + 16
    while stop - option >= 4:
        code, length = u16(buf, option, swapped), u16(buf, option + 2, swapped)
        if code == 0 or stop - option - 4 < length:
            break
        if code == 2:
            interfaces[n, IF_NAME_AT] = option + 4
            interfaces[n, IF_NAME_LEN] = length
        elif code == 9 and length >= 1:
            interfaces[n, IF_RESOLUTION] = buf[option + 4]
        elif code == 14 and length >= 8:
            low, high = u32(buf, option + 4, swapped), u32(buf, option + 8, swapped)
            interfaces[n, IF_OFFSET_S] = high if swapped else low  # the other half is beyond the year 2106
            if swapped == 0 and high != 0:
                interfaces[n, IF_OFFSET_S] = 0
        option += 4 + ((length + 3) & ~np.int64(3))
    state[INTERFACES] = n + 1
    return True


@kernel
def read_packet_block(buf, at, body_stop, kind, state, interfaces, packets, row):
    """Write the packet block at `at` to `row`; NONE or the problem."""
    swapped = state[SWAPPED]
    if kind == SIMPLE_PACKET:
        iface, data, ticks = np.int64(0), at + 12, np.int64(0)
        if body_stop < data:
            return CUT_SHORT
        wirelen = u32(buf, at + 8, swapped)
        caplen = min(wirelen, body_stop - data)
        if state[BASE] < state[INTERFACES] and interfaces[state[BASE], IF_SNAP] > 0:
            caplen = min(caplen, interfaces[state[BASE], IF_SNAP])
    else:
        data = at + 28
        if body_stop < data:
            return CUT_SHORT
        iface = u32(buf, at + 8, swapped) if kind == ENHANCED_PACKET else u16(buf, at + 8, swapped)
        ticks = (u32(buf, at + 12, swapped) << 32) | u32(buf, at + 16, swapped)
        caplen, wirelen = u32(buf, at + 20, swapped), u32(buf, at + 24, swapped)
    if caplen > MAX_PACKET or caplen > body_stop - data:
        return ABSURD_LENGTH
    known = state[BASE] + iface
    if known >= state[INTERFACES]:
        return NO_INTERFACE
    ts_ns = to_ns(ticks, interfaces[known, IF_RESOLUTION], interfaces[known, IF_OFFSET_S])
    fill_row(packets, row, data, caplen, wirelen, ts_ns, interfaces[known, IF_LINK] & 0xFFFF, known)
    return NONE


@kernel
def walk_pcapng(buf, stop, last, state, interfaces, packets):
    """Fill `packets` from the pcapng blocks at state[AT]; return the rows filled. As `walk_pcap`; interfaces grow as they are met."""
    capacity = packets.start.shape[0]
    row = 0
    while row < capacity and state[PROBLEM] == NONE:
        at = state[AT]
        if stop - at < 12:
            if last and stop > at:
                break_off(state, CUT_SHORT)
            break
        kind = u32(buf, at, state[SWAPPED])
        if kind == SECTION:
            magic = u32(buf, at + 8, 0)
            if magic != 0x1A2B3C4D and magic != 0x4D3C2B1A:
                break_off(state, NO_SECTION)
                break
            state[SWAPPED] = 1 if magic == 0x4D3C2B1A else 0
            state[BASE] = state[INTERFACES]
        length = (u32(buf, at + 4, state[SWAPPED]) + 3) & ~np.int64(3)
        if length < 12 or length > (64 << 20):
            break_off(state, ABSURD_LENGTH)
            break
        if stop - at < length:
            if last:
                break_off(state, CUT_SHORT)
            break
        problem = NONE
        if kind == INTERFACE:
            if length < 20:
                problem = ABSURD_LENGTH
            elif not read_interface(buf, at, at + length - 4, state, interfaces):
                problem = TOO_MANY_INTERFACES
        elif kind in (ENHANCED_PACKET, SIMPLE_PACKET, OLD_PACKET):
            problem = read_packet_block(buf, at, at + length - 4, kind, state, interfaces, packets, row)
            row += problem == NONE
        if problem != NONE:
            break_off(state, problem)
            break
        state[AT] = at + length
    return row
