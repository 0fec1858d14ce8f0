"""Keyed tokens of values, and which hit stands for its record's person."""

import numpy as np

from detectors.kernel import kernel
from detectors.trigger import LANES, digit_mask, high_mask, load_word, octet_mask, upper_mask
from detectors.word_kernels import next_break

WHOLE, EMAIL, PHONE, NUMBERS = 0, 1, 2, 3  # how a value is normalised before it is hashed
LONGEST = 248                              # octets of a normalised value that are hashed
U13, U16, U17, U21, U32, U64 = np.uint64(13), np.uint64(16), np.uint64(17), np.uint64(21), np.uint64(32), np.uint64(64)


@kernel
def turn(x, by):
    """Rotate a uint64 left."""
    return (x << by) | (x >> (U64 - by))


@kernel
def sip_round(a, b, c, d):
    """One SipRound."""
    a += b
    b = turn(b, U13) ^ a
    a = turn(a, U32)
    c += d
    d = turn(d, U16) ^ c
    a += d
    d = turn(d, U21) ^ a
    c += b
    b = turn(b, U17) ^ c
    c = turn(c, U32)
    return a, b, c, d


@kernel
def sip_start(key):
    """State before the first word."""
    a, b = key[0] ^ np.uint64(0x736F6D6570736575), key[1] ^ np.uint64(0x646F72616E646F6D)
    return a, b, key[0] ^ np.uint64(0x6C7967656E657261), key[1] ^ np.uint64(0x7465646279746573)


@kernel
def sip_word(a, b, c, d, word):
    """Take in eight octets."""
    d ^= word
    a, b, c, d = sip_round(a, b, c, d)
    a, b, c, d = sip_round(a, b, c, d)
    return a ^ word, b, c, d


@kernel
def sip_end(a, b, c, d):
    """The hash, behind the last word."""
    c ^= np.uint64(0xFF)
    for _ in range(4):
        a, b, c, d = sip_round(a, b, c, d)
    return a ^ b ^ c ^ d


@kernel
def siphash24(key, data, length):
    """SipHash-2-4 of data[:length] (uint8) under `key` (uint64 (2,)). Source: Aumasson and Bernstein 2012."""
    a, b, c, d = sip_start(key)
    for block in range(length // 8 + 1):
        word = np.uint64(0)
        for k in range(min(8, length - block * 8)):
            word |= np.uint64(data[block * 8 + k]) << np.uint64(8 * k)
        if block == length // 8:
            word |= np.uint64(length & 0xFF) << np.uint64(56)
        a, b, c, d = sip_word(a, b, c, d, word)
    return sip_end(a, b, c, d)


@kernel
def siphash_in_place(key, domain, text, start, length):
    """siphash24 of the eight octets of `domain` and text[start:start + length], behind which eight octets are readable."""
    a, b, c, d = sip_start(key)
    a, b, c, d = sip_word(a, b, c, d, domain)
    stop = start + (length & ~7)
    for at in range(start, stop, 8):
        a, b, c, d = sip_word(a, b, c, d, load_word(text, at))
    rest = np.uint64(8 * (length & 7))
    last = load_word(text, stop) & ((np.uint64(1) << rest) - np.uint64(1)) | np.uint64((length + 8) & 0xFF) << np.uint64(56)
    a, b, c, d = sip_word(a, b, c, d, last)
    return sip_end(a, b, c, d)


@kernel
def kept(octet, rule):
    """The octet as it is hashed, or -1 where it does not belong to the value."""
    if 48 <= octet <= 57:
        return octet
    if rule == EMAIL:
        return octet | 0x20 if 65 <= octet <= 90 else octet
    if rule == PHONE:
        return -1
    if rule == NUMBERS:
        return octet if octet == 0x2E or octet == 0x2C else -1
    if 65 <= octet <= 90 or octet >= 0x80:
        return octet
    return octet - 32 if 97 <= octet <= 122 else -1


@kernel
def normalise_value(text, start, stop, rule, out):
    """Write the value's normal form behind out[8]; return the end. Separators go, letters are upper case, +86 goes."""
    end = 8
    at = start
    while at < stop and end < 8 + LONGEST:
        octet = np.int64(text[at])
        if octet == 0xC2 and at + 1 < stop and text[at + 1] == 0xB7 and rule == WHOLE:
            at += 2  # the dot within a number plate
            continue
        keep = kept(octet, rule)
        if keep >= 0:
            out[end] = keep
            end += 1
        at += 1
    if rule == PHONE:
        drop = 0
        if end - 8 > 12 and out[8] == 48 and out[9] == 48 and out[10] == 56 and out[11] == 54:
            drop = 4
        elif end - 8 > 11 and out[8] == 56 and out[9] == 54:
            drop = 2
        for k in range(8 + drop, end):
            out[k - drop] = out[k]
        end -= drop
    return end


@kernel
def is_normal(text, start, length, rule):
    """Whether text[start:start + length] surely is its own normal form; LANES octets from `start` on are readable."""
    if rule == NUMBERS or length > LANES or (rule == PHONE and length > 11):  # 86 … may go
        return False
    if rule == EMAIL:
        odd = upper_mask(text, start)
    elif rule == PHONE:
        odd = ~digit_mask(text, start)
    else:
        stays = digit_mask(text, start) | upper_mask(text, start) | high_mask(text, start)
        odd = ~stays | octet_mask(text, start, np.uint8(0xC2))
    return odd & ((np.int64(1) << np.int64(length)) - np.int64(1)) == 0


@kernel
def make_tokens(text, hits, rows, key, domains, rules, scratch):
    """Fill hits.token for rows[0]..rows[1]; PAD octets behind each hit are readable.

    domains  uint64 (signatures,), hashed before the value, so that kinds never share tokens; rules uint8 (signatures,)
    scratch  uint8 (8 + LONGEST,)
    """
    for row in range(rows[0], rows[1]):
        signature, start, stop = hits.signature[row], hits.start[row], hits.stop[row]
        domain, rule = domains[signature], rules[signature]
        if is_normal(text, start, stop - start, rule):
            hits.token[row] = siphash_in_place(key, domain, text, start, stop - start)
            continue
        for k in range(8):
            scratch[k] = np.uint8((domain >> np.uint64(8 * k)) & np.uint64(0xFF))
        end = normalise_value(text, start, stop, rule, scratch)
        hits.token[row] = siphash24(key, scratch, end)


@kernel
def breaks_record(text, start, stop):
    """Whether a record ends between two hits: at a newline, a closing brace, or over more than 512 octets."""
    return stop - start > 512 or (start < stop and next_break(text, start, stop) < stop)


@kernel
def mark_principals(text, hits, rows, ranks, last_seen):
    """Set hits.principal of the strongest identifier of each record; hits of a unit lie in order of start.

    ranks      int16 (signatures,): the higher the stronger, 0 never; a hit of tier 1 stands for nobody
    last_seen  int64 (signatures,): scratch; number of the record a signature was last seen in
    """
    last_seen[:] = -1
    record, best, best_rank, before = np.int64(0), np.int64(-1), np.int64(0), np.int64(-1)
    for row in range(rows[0], rows[1]):
        hits.principal[row] = 0
        signature = hits.signature[row]
        fresh = before < 0 or hits.unit[before] != hits.unit[row] or last_seen[signature] == record
        if fresh or breaks_record(text, hits.stop[before], hits.start[row]):
            if best >= 0:
                hits.principal[best] = 1
            record += 1
            best, best_rank = np.int64(-1), np.int64(0)
        last_seen[signature] = record
        if hits.tier[row] > 1 and ranks[signature] > best_rank:
            best, best_rank = np.int64(row), np.int64(ranks[signature])
        before = np.int64(row)
    if best >= 0:
        hits.principal[best] = 1


@kernel
def settle_hits(bounds, paths, hits, rows):
    """Keep of rows[0]..rows[1] the hits that this unit reports (units.py: borders), with their path; return the new end.

    bounds  int64 (units, 4); paths uint32 (units,)
    """
    end = rows[0]
    for row in range(rows[0], rows[1]):
        unit, stop = hits.unit[row], hits.stop[row]
        if stop <= bounds[unit, 1] or stop > bounds[unit, 2]:
            continue
        if end < row:
            hits.unit[end], hits.signature[end], hits.tier[end] = unit, hits.signature[row], hits.tier[row]
            hits.start[end], hits.stop[end] = hits.start[row], stop
        hits.path[end] = paths[unit]
        end += 1
    return end
