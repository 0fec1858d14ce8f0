"""The flow table: sets of 32 tags, two possible sets a flow, records that never move.

Three passes over a micro-batch, so that memory arrives while others are worked on: hash and prefetch the tags; find a candidate and
prefetch its record; verify and update, or insert. Micro-batches of 256: larger ones let prefetched lines fall out of the cache.
"""

import numpy as np

from detectors.kernel import kernel
from sensor.flow.columns import SET
from sensor.flow.hash_kernels import hash_flow, is_swapped, mix
from sensor.intrinsic import equal_mask, lowest_bit, prefetch

MICRO = 256
FREE, GONE = 0, 1  # tags below FIRST_TAG
FIRST_TAG = np.uint64(2)
LATER_FRAGMENT = 5
FIN, SYN, RST, ACK = 1, 2, 4, 16
FIN_SRC, FIN_DST, RESET, SAW_SYN, SAW_SYNACK, SHOOK = 1, 2, 4, 8, 16, 32
ACTIVE_FLOWS, HAND, NOW, EVICTIONS = 0, 1, 2, 3
IDLE_END, ACTIVE_END, FIN_END, RST_END, EVICTED_END = 0, 1, 2, 3, 4
LINGER_NS = 5_000_000_000
TCP = 6
ALL_SLOTS = 0xFFFFFFFF  # of a set, as a mask


@kernel
def tag_of(key):
    """16 bits of the key that are no reserved tag."""
    return np.uint16(FIRST_TAG + (key >> np.uint64(48)) % np.uint64(65534))


@kernel
def set_of(key, sets):
    """The set of a 32-bit hash, by multiplication: any number of sets will do."""
    return np.int64(((key & np.uint64(0xFFFFFFFF)) * np.uint64(sets)) >> np.uint64(32))


@kernel
def find(tags, hot, high, low, first, second, tag):
    """The slot of the flow with this identity, or -1."""
    for start in (first, second):
        mask = equal_mask(tags, start, tag)
        while mask != 0:
            slot = start + lowest_bit(mask)
            if hot[slot].key_high == high and hot[slot].key_low == low:
                return slot
            mask &= mask - 1
    return np.int64(-1)


@kernel
def free_slot(tags, first, second):
    """A free slot of the emptier of two sets, or -1."""
    free = np.uint16(FREE)
    mask, other = equal_mask(tags, first, free), equal_mask(tags, second, free)
    if mask != 0 and (other == 0 or first == second or bits(mask) >= bits(other)):
        return first + lowest_bit(mask)
    return second + lowest_bit(other) if other != 0 else np.int64(-1)


@kernel
def bits(mask):
    """How many bits of a 32-bit mask are set."""
    mask = mask - ((mask >> 1) & 0x55555555)
    mask = (mask & 0x33333333) + ((mask >> 2) & 0x33333333)
    return (((mask + (mask >> 4)) & 0x0F0F0F0F) * 0x01010101 & 0xFFFFFFFF) >> 24


@kernel
def answers(frame):
    """Whether the sender of a flow's first packet is rather the end that answers."""
    if frame.proto == TCP and frame.tcp_flags & SYN:
        return frame.tcp_flags & ACK != 0
    return frame.sport < 1024 <= frame.dport and frame.proto != 1 and frame.proto != 58


@kernel
def insert(hot, cold, frame, iface, swapped, ts_ns):
    """Begin the flow of `frame` in these records (its key is already there)."""
    back = answers(frame)
    hot.first_ns = hot.last_ns = ts_ns
    hot.octets[0] = hot.octets[1] = 0
    hot.packets[0] = hot.packets[1] = 0
    hot.tcp_flags[0] = hot.tcp_flags[1] = 0
    hot.opener = swapped != back
    hot.state = hot.payloads = 0
    hot.proto, hot.vlan = frame.proto, frame.vlan
    cold.src_high, cold.src_low = (frame.dst_high, frame.dst_low) if back else (frame.src_high, frame.src_low)
    cold.dst_high, cold.dst_low = (frame.src_high, frame.src_low) if back else (frame.dst_high, frame.dst_low)
    cold.sport, cold.dport = (frame.dport, frame.sport) if back else (frame.sport, frame.dport)
    cold.span_ns, cold.syn_ns = ts_ns, 0
    cold.top[0] = cold.top[1] = cold.again[0] = cold.again[1] = 0
    cold.topped[0] = cold.topped[1] = 0
    cold.handshake_us, cold.mpls, cold.iface = 0, frame.mpls, iface
    for i in range(8):
        cold.sizes[i] = 0


@kernel
def update(hot, cold, frame, wirelen, ts_ns, way):
    """Count one packet that goes `way` (0 from src)."""
    hot.last_ns = max(hot.last_ns, ts_ns)
    hot.octets[way] += np.uint64(wirelen)
    hot.packets[way] += 1
    if frame.payload_wire > 0 and hot.payloads < 8:
        size = min(frame.payload_wire, 32767)
        cold.sizes[hot.payloads] = -size if way else size
        hot.payloads += 1
    if frame.proto == TCP and frame.fragment != 2:
        update_tcp(hot, cold, frame, ts_ns, way)


@kernel
def update_tcp(hot, cold, frame, ts_ns, way):
    """Flags, handshake, and segments that were sent again."""
    flags, state = np.int64(frame.tcp_flags), np.int64(hot.state)
    hot.tcp_flags[way] |= np.uint8(flags)
    if flags & SYN:
        if flags & ACK:
            state |= SAW_SYNACK
        elif state & SAW_SYN == 0:
            state |= SAW_SYN
            cold.syn_ns = ts_ns
    elif flags & ACK and way == 0 and state & (SAW_SYN | SAW_SYNACK | SHOOK) == SAW_SYN | SAW_SYNACK:
        state |= SHOOK
        cold.handshake_us = min(max(np.int64(0), ts_ns - cold.syn_ns) // 1000, np.int64(0xFFFFFFFF))
    if flags & FIN:
        state |= FIN_DST if way else FIN_SRC
    if flags & RST:
        state |= RESET
    hot.state = state
    length = np.int64(frame.payload_wire)
    if length > 0:
        end = (np.int64(frame.tcp_seq) + length) & 0xFFFFFFFF
        ahead = (end - np.int64(cold.top[way])) & 0xFFFFFFFF
        if cold.topped[way] and (ahead == 0 or ahead >= 0x80000000):
            cold.again[way] += 1
        else:
            cold.top[way] = end
            cold.topped[way] = 1


@kernel
def starts_anew(hot, frame):
    """Whether this SYN opens a new flow between the ends of one that is over."""
    over = hot.state & RESET or hot.state & (FIN_SRC | FIN_DST) == FIN_SRC | FIN_DST
    return over and frame.proto == TCP and frame.tcp_flags & (SYN | ACK) == SYN


@kernel
def update_flows(table, packets, frames, begin, n, touch, looks, ended, n_ended):
    """Find or make the flow of rows begin..n; fill `touch`.

    looks   LOOK (MICRO,), scratch
    ended   flows that a fresh SYN has replaced are appended (their tags become GONE, so their slots stay as they are until released)
    Returns (rows done, ended flows): it stops before a row that finds both its sets full; make room and go on.
    """
    tags, hot, cold, secrets, clock = table.tags, table.hot, table.cold, table.secrets, table.clock
    wirelens, times, ifaces = packets.wirelen, packets.ts_ns, packets.iface
    slots, ways, freshes = touch.slot, touch.direction, touch.fresh
    end_slot, end_reason = ended.slot, ended.reason
    sets = tags.shape[0] // 32
    for start in range(begin, n, MICRO):
        count = min(MICRO, n - start)
        for i in range(count):
            frame = frames[start + i]
            look = looks[i]
            look.swapped = is_swapped(frame)
            high, low = hash_flow(frame, look.swapped != 0, secrets)
            look.high, look.low = high, low
            look.place = set_of(high, sets) * 32
            look.other = set_of(low, sets) * 32
            prefetch(tags, look.place)
        for i in range(count):
            look = looks[i]
            mask = equal_mask(tags, look.place, tag_of(look.high))
            look.guess = look.place + lowest_bit(mask) if mask != 0 else np.int64(-1)
            if mask != 0:
                prefetch(hot, look.guess)
                prefetch(cold, look.guess)
            else:
                prefetch(tags, look.other)
        for i in range(count):
            row = start + i
            frame = frames[row]
            slots[row] = -1
            freshes[row] = 0
            if frame.status != 0 and frame.status != LATER_FRAGMENT:
                continue
            look = looks[i]
            high, low, tag = look.high, look.low, tag_of(look.high)
            slot = look.guess
            if slot < 0 or tags[slot] != tag or hot[slot].key_high != high or hot[slot].key_low != low:
                slot = find(tags, hot, high, low, look.place, look.other, tag)
            if slot >= 0 and starts_anew(hot[slot], frame):
                if n_ended >= end_slot.shape[0]:
                    return row, n_ended
                end_slot[n_ended] = slot
                end_reason[n_ended] = RST_END if hot[slot].state & RESET else FIN_END
                n_ended += 1
                tags[slot] = GONE
                slot = np.int64(-1)
            if slot < 0:
                slot = free_slot(tags, look.place, look.other)
                if slot < 0:
                    return row, n_ended
                tags[slot] = tag
                hot[slot].key_high, hot[slot].key_low = high, low
                insert(hot[slot], cold[slot], frame, ifaces[row], (look.swapped != 0), times[row])
                clock[ACTIVE_FLOWS] += 1
                freshes[row] = 1
            way = np.int64((look.swapped != 0) != (hot[slot].opener != 0))
            update(hot[slot], cold[slot], frame, wirelens[row], times[row], way)
            slots[row] = slot
            ways[row] = way
            clock[NOW] = max(clock[NOW], times[row])
    return n, n_ended


@kernel
def is_due(hot, cold, now_ns, active_ns):
    """Whether an active report of this flow is due and has anything to say."""
    return now_ns - cold.span_ns > active_ns and hot.packets[0] + hot.packets[1] > 0


@kernel
def sweep(table, now_ns, count, limits, ended, n_ended):
    """Turn the clock hand over `count` slots; append flows that are over, or due for an active report, to `ended`; return their number.

    limits  int64 (3,): idle of TCP, idle of anything else, active, in ns
    A flow that is over keeps its slot (tag GONE) until it is released; one reported as active goes on.
    """
    tags, hot, cold, clock = table.tags, table.hot, table.cold, table.clock
    end_slot, end_reason = ended.slot, ended.reason
    slots = tags.shape[0]
    hand = clock[HAND]
    free = np.uint16(FREE)
    left = np.int64(min(count, slots))
    while left > 0 and n_ended < end_slot.shape[0]:
        within = hand % SET
        taken = (np.int64(equal_mask(tags, hand - within, free)) ^ ALL_SLOTS) >> within
        # On to the next slot of this set that is not free: most are, in a table with room.
        ahead = min(np.int64(lowest_bit(taken)) if taken != 0 else SET - within, left)
        if ahead > 0:
            left -= ahead
            hand = hand + ahead if hand + ahead < slots else np.int64(0)
            continue
        left -= 1
        if tags[hand] > GONE:
            flow = hot[hand]
            quiet = now_ns - flow.last_ns
            reason = -1
            if flow.state & RESET and quiet > LINGER_NS:
                reason = RST_END
            elif flow.state & (FIN_SRC | FIN_DST) == FIN_SRC | FIN_DST and quiet > LINGER_NS:
                reason = FIN_END
            elif quiet > (limits[0] if flow.proto == TCP else limits[1]):
                reason = IDLE_END
            elif now_ns - flow.first_ns > limits[2] and is_due(flow, cold[hand], now_ns, limits[2]):
                reason = ACTIVE_END
            if reason >= 0:
                end_slot[n_ended] = hand
                end_reason[n_ended] = reason
                n_ended += 1
                if reason != ACTIVE_END:
                    tags[hand] = GONE
        hand = hand + 1 if hand + 1 < slots else np.int64(0)
    clock[HAND] = hand
    return n_ended


@kernel
def evict(table, first, count, samples, ended, n_ended):
    """End `count` old flows: of every `samples` live ones met from slot `first` on, the one longest silent."""
    tags, hot, clock = table.tags, table.hot, table.clock
    slots = tags.shape[0]
    at, oldest, met, seen = first, np.int64(-1), 0, 0
    while count > 0 and seen < slots and n_ended < ended.slot.shape[0]:
        if tags[at] > GONE:
            if oldest < 0 or hot[at].last_ns < hot[oldest].last_ns:
                oldest = at
            met += 1
            if met == samples:
                ended.slot[n_ended] = oldest
                ended.reason[n_ended] = EVICTED_END
                n_ended += 1
                tags[oldest] = GONE
                clock[EVICTIONS] += 1
                count -= 1
                oldest, met = np.int64(-1), 0
        at = at + 1 if at + 1 < slots else np.int64(0)
        seen += 1
    return n_ended


@kernel
def evict_for(table, frame, ended, n_ended):
    """End the longest silent flow of the two sets that `frame` finds full."""
    tags, hot, clock = table.tags, table.hot, table.clock
    sets = tags.shape[0] // 32
    high, low = hash_flow(frame, is_swapped(frame), table.secrets)
    oldest = np.int64(-1)
    for start in (set_of(high, sets) * 32, set_of(low, sets) * 32):
        for slot in range(start, start + 32):
            if tags[slot] > GONE and (oldest < 0 or hot[slot].last_ns < hot[oldest].last_ns):
                oldest = slot
    if oldest >= 0 and n_ended < ended.slot.shape[0]:
        tags[oldest] = GONE
        clock[EVICTIONS] += 1
        ended.slot[n_ended] = oldest
        ended.reason[n_ended] = EVICTED_END
        n_ended += 1
    return n_ended


@kernel
def end_all(table, reason, first, ended):
    """Append every live flow from slot `first` on while there is room; (the slot to go on at, flows appended)."""
    tags = table.tags
    n = 0
    for slot in range(first, tags.shape[0]):
        if n >= ended.slot.shape[0]:
            return np.int64(slot), n
        if tags[slot] > GONE:
            ended.slot[n] = slot
            ended.reason[n] = reason
            n += 1
            tags[slot] = GONE
    return np.int64(tags.shape[0]), n


@kernel
def release(table, ended, n):
    """After the export: free the slots of flows that are over; begin a new span where the report was an active one."""
    tags, hot, cold, clock = table.tags, table.hot, table.cold, table.clock
    for i in range(n):
        slot = ended.slot[i]
        if ended.reason[i] == ACTIVE_END:
            flow = hot[slot]
            flow.octets[0] = flow.octets[1] = 0
            flow.packets[0] = flow.packets[1] = 0
            flow.payloads = 8
            cold[slot].span_ns = clock[NOW]
            cold[slot].again[0] = cold[slot].again[1] = 0
        elif tags[slot] == GONE:
            tags[slot] = FREE
            clock[ACTIVE_FLOWS] -= 1


@kernel
def number_flows(hot, cold, slots, numbers):
    """flow_id of each slot, uint64 (n,): a hash of ends and first packet without secrets, the same in every replay."""
    for i in range(slots.shape[0]):
        a, b = hot[slots[i]], cold[slots[i]]
        ends = mix(b.src_high ^ np.uint64(0x9E3779B97F4A7C15), b.src_low ^ np.uint64(0xBF58476D1CE4E5B9))
        ends ^= mix(b.dst_high ^ np.uint64(0x94D049BB133111EB), b.dst_low ^ np.uint64(0xD6E8FEB86659FD93))
        ports = (np.uint64(b.sport) << np.uint64(16)) | np.uint64(b.dport)
        rest = (ports << np.uint64(32)) | (np.uint64(a.vlan) << np.uint64(8)) | np.uint64(a.proto)
        numbers[i] = mix(ends ^ np.uint64(a.first_ns), rest ^ np.uint64(0xA0761D6478BD642F)) | np.uint64(1)
