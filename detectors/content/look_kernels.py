"""One look at a unit: is it UTF-8, and is there anything to undo before it can be scanned?"""

import numpy as np

from detectors.kernel import kernel
from detectors.trigger import LANES, count_bits, high_mask, lead_mask, loud_mask, lowest_bit, octet_mask, tail_mask

# Bits of a look; PLAIN text (0, or HIGH alone) is scanned where it lies.
HIGH, BAD, NUL, PERCENT, ESCAPE, ENTITY, WIDE, PLUS = 1, 2, 4, 8, 16, 32, 64, 128
# Rows of a tally.
CHARS, BADS, NULS_EVEN, NULS_ODD, BITS, LOOKED = 0, 1, 2, 3, 4, 5

BLOCK = 64


@kernel
def is_hex(octet):
    """Whether an ASCII octet is a hexadecimal digit."""
    low = np.int64(octet) | 0x20
    return 48 <= octet <= 57 or 97 <= low <= 102


@kernel
def utf8_length(buf, at, stop):
    """Octets of the UTF-8 character at `at`; 0 if it is none, -1 if it is cut off by `stop`. Source: RFC 3629 section 4."""
    lead = np.int64(buf[at])
    if lead < 0x80:
        return 1
    if lead < 0xC2 or lead > 0xF4:
        return 0
    need = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    low, high = np.int64(0x80), np.int64(0xBF)
    if lead == 0xE0:
        low = np.int64(0xA0)
    elif lead == 0xED:
        high = np.int64(0x9F)
    elif lead == 0xF0:
        low = np.int64(0x90)
    elif lead == 0xF4:
        high = np.int64(0x8F)
    for k in range(1, need):
        if at + k >= stop:
            return -1
        octet = np.int64(buf[at + k])
        if octet < low or octet > high:
            return 0
        low, high = np.int64(0x80), np.int64(0xBF)
    return need


@kernel
def is_wide(buf, at):
    """Whether the three octets at `at` are a full-width letter, digit or one of the signs that join values."""
    if buf[at] != 0xEF:
        return False
    tail = np.int64(buf[at + 2])
    if buf[at + 1] == 0xBC:
        return 0x90 <= tail <= 0x99 or 0xA0 <= tail <= 0xBA or tail == 0x8B or 0x8D <= tail <= 0x8F or tail == 0xBF
    return buf[at + 1] == 0xBD and 0x81 <= tail <= 0x9A


@kernel
def mark_of(buf, at, stop):
    """The bit of the ASCII escape that begins at `at`, or 0."""
    octet = buf[at]
    if octet == 0x25 and at + 2 < stop and is_hex(buf[at + 1]) and is_hex(buf[at + 2]):
        return PERCENT
    if octet == 0x5C and at + 5 < stop and buf[at + 1] == 0x75 and is_hex(buf[at + 2]) and is_hex(buf[at + 3]):
        return ESCAPE
    if octet == 0x26 and at + 3 < stop and buf[at + 1] == 0x23:
        return ENTITY
    if octet == 0:
        return NUL
    return 0


@kernel
def loud_octets(buf, at, stop):
    """Bit i: buf[at + i] is no ASCII, or NUL, or may begin an escape; 64 octets, all bits where fewer are left."""
    if at + BLOCK > stop:
        return ~np.uint64(0)
    return np.uint64(loud_mask(buf, at)) | np.uint64(loud_mask(buf, at + LANES)) << np.uint64(LANES)


@kernel
def whole_characters(lead, odd):
    """Octets before the first odd one, or of the 64, that are whole characters; bit i of `lead`: one of three octets begins at i."""
    n = np.int64(BLOCK) if odd == 0 else lowest_bit(odd)
    if n >= 1 and lead >> np.uint64(n - 1) & np.uint64(1):
        return n - 1
    if n >= 2 and lead >> np.uint64(n - 2) & np.uint64(1):
        return n - 2
    return n


@kernel
def look_broadly(buf, at, until, stop, loud, tally):
    """As look_closely, 64 octets at once, as far as all is ASCII and characters of three octets; `at + BLOCK` is within `stop`."""
    high = np.uint64(high_mask(buf, at)) | np.uint64(high_mask(buf, at + LANES)) << np.uint64(LANES)
    lead = np.uint64(lead_mask(buf, at)) | np.uint64(lead_mask(buf, at + LANES)) << np.uint64(LANES)
    tail = np.uint64(tail_mask(buf, at)) | np.uint64(tail_mask(buf, at + LANES)) << np.uint64(LANES)
    n = whole_characters(lead, (high & ~lead & ~tail) | (tail ^ (lead << np.uint64(1) | lead << np.uint64(2))))
    if n == 0:
        return at
    if n > until - at:
        n = until - at
        end = n + 2 if lead >> np.uint64(n - 1) & np.uint64(1) else n + 1 if n >= 2 and lead >> np.uint64(n - 2) & np.uint64(1) else n
    else:
        end = n
    below = ~np.uint64(0) >> np.uint64(BLOCK - n)
    seen = np.int64(0)
    signs = loud & ~high & below
    while signs != 0:
        place = at + lowest_bit(signs)
        signs &= signs - np.uint64(1)
        mark = mark_of(buf, place, stop)
        seen |= mark
        if mark == NUL:
            tally[NULS_EVEN + (place & 1)] += 1
    lead &= below
    if lead != 0:
        seen |= HIGH
        tally[CHARS] += count_bits(lead)
        wide = np.uint64(octet_mask(buf, at, np.uint8(0xEF))) | np.uint64(octet_mask(buf, at + LANES, np.uint8(0xEF))) << np.uint64(LANES)
        wide &= below
        while wide != 0:
            if is_wide(buf, at + lowest_bit(wide)):
                seen |= WIDE
            wide &= wide - np.uint64(1)
    tally[BITS] |= seen
    return at + end


@kernel
def look_closely(buf, at, until, stop, edges, loud, tally):
    """Look at the characters that begin in [at, until); add to `tally` (chars, bad octets, even NULs, odd NULs, bits); return the end.

    loud  loud_octets at `at`; `until` is at most BLOCK octets on
    """
    seen, chars, bads, first = 0, 0, 0, at
    while at < until:
        octet = buf[at]
        if octet < 0x80:
            ahead = loud >> np.uint64(at - first)
            if ahead == 0:
                at = until
                continue
            if not ahead & np.uint64(1):
                at = min(until, at + lowest_bit(ahead))
                continue
            if octet == 0x25 or octet == 0x5C or octet == 0x26 or octet == 0:
                mark = mark_of(buf, at, stop)
                seen |= mark
                if mark == NUL:
                    tally[NULS_EVEN + (at & 1)] += 1
            at += 1
        else:
            length = utf8_length(buf, at, stop)
            if length == 3 and is_wide(buf, at):
                seen |= WIDE
            if length > 0:
                chars += 1
                at += length
            elif length < 0 and edges & 2:
                at = stop
            else:
                bads += 1
                at += 1
    tally[CHARS] += chars
    tally[BADS] += bads
    tally[BITS] |= seen | (HIGH if chars else 0) | (BAD if bads else 0)
    return at


@kernel
def look(buf, start, stop, edges, tally):
    """Bits of what lies in [start, stop); `tally` (int64 (6,)) says how much of it was looked at, and what was counted there.

    edges  1: the range may begin within a character; 2: it may end within one
    What is plainly no UTF-8 is not looked at to its end.
    """
    tally[:] = 0
    at = start
    while edges & 1 and at < stop and at < start + 3 and (buf[at] & 0xC0) == 0x80:
        at += 1
    base = at
    while at < stop:
        loud = loud_octets(buf, at, stop)
        if not loud and not at - base & 7:
            at += BLOCK
            continue
        until = min(stop, base + (((at - base) >> 3) + 8 << 3))
        if at + BLOCK <= stop:
            first, at = at, look_broadly(buf, at, until, stop, loud, tally)
            loud = loud >> np.uint64(at - first) if at - first < BLOCK else np.uint64(0)
        if at < until:
            at = look_closely(buf, at, until, stop, edges, loud, tally)
        if tally[BADS] > 512 and tally[BADS] * 8 > at - start:
            break
    tally[LOOKED] = at - start
    if start & 1:
        tally[NULS_EVEN], tally[NULS_ODD] = tally[NULS_ODD], tally[NULS_EVEN]
    return tally[BITS]


@kernel
def reads_as_utf8(buf, start, stop, tally):
    """Whether [start, stop), which may begin and end within a character, is UTF-8 with three multi-octet characters or more.

    One octet that is none decides, so longer and longer beginnings are looked at: most are GB18030, and show it at once.
    """
    octets = 256
    while octets < stop - start:
        if look(buf, start, start + octets, 3, tally) & BAD:
            return False
        octets *= 8
    return not look(buf, start, stop, 3, tally) & BAD and tally[CHARS] >= 3
