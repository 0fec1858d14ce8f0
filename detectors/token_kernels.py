"""Keyed tokens of values, and which hit stands for its record's person."""

import numpy as np

from detectors.kernel import kernel

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
def sip_begin(key):
    """State of SipHash-2-4 under `key` (uint64 (2,)) before the first word. Source: Aumasson and Bernstein 2012."""
    a, b = key[0] ^ np.uint64(0x736F6D6570736575), key[1] ^ np.uint64(0x646F72616E646F6D)
    return a, b, key[0] ^ np.uint64(0x6C7967656E657261), key[1] ^ np.uint64(0x7465646279746573)


@kernel
def sip_word(a, b, c, d, word):
    """The state after eight more octets, as a little-endian word."""
    a, b, c, d = sip_round(a, b, c, d ^ word)
    a, b, c, d = sip_round(a, b, c, d)
    return a ^ word, b, c, d


@kernel
def sip_end(a, b, c, d, word, length):
    """The hash: `word` holds the octets that are left (up to seven), `length` is that of the whole message."""
    a, b, c, d = sip_word(a, b, c, d, word | np.uint64(length & 0xFF) << np.uint64(56))
    c ^= np.uint64(0xFF)
    for _ in range(4):
        a, b, c, d = sip_round(a, b, c, d)
    return a ^ b ^ c ^ d


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
def behind_country_code(text, start, stop):
    """Where a telephone number begins behind 0086 or 86, which go where more than twelve or eleven digits stand with them."""
    digits, first, second, fourth = 0, 0, start, start  # the first four digits as a number; behind the second and the fourth
    for at in range(start, stop):
        if 48 <= text[at] <= 57:
            digits += 1
            if digits <= 4:
                first = first * 10 + np.int64(text[at]) - 48
                second = at + 1 if digits == 2 else second
                fourth = at + 1 if digits == 4 else fourth
    if digits > 12 and first == 86:
        return fourth
    return second if digits > 11 and first // 100 == 86 else start


@kernel
def token_of(text, start, stop, rule, domain, key):
    """SipHash-2-4 of `domain` (eight octets) and the normal form of text[start:stop]: separators go, letters are upper case, +86 goes.

    Octets are gathered into words as they are read; through memory it took twice as long.
    """
    a, b, c, d = sip_begin(key)
    a, b, c, d = sip_word(a, b, c, d, domain)
    at = behind_country_code(text, start, stop) if rule == PHONE else start
    word, length = np.uint64(0), 8
    while at < stop and length < 8 + LONGEST:
        octet = np.int64(text[at])
        if octet == 0xC2 and at + 1 < stop and text[at + 1] == 0xB7 and rule == WHOLE:
            at += 2  # the dot within a number plate
            continue
        keep = kept(octet, rule)
        if keep >= 0:
            word |= np.uint64(keep) << np.uint64(8 * (length & 7))
            length += 1
            if length & 7 == 0:
                a, b, c, d = sip_word(a, b, c, d, word)
                word = np.uint64(0)
        at += 1
    return sip_end(a, b, c, d, word, length)


@kernel
def make_tokens(text, hits, rows, key, domains, rules):
    """Fill hits.token for rows[0]..rows[1].

    domains  uint64 (signatures,), hashed before the value, so that kinds never share tokens; rules uint8 (signatures,)
    """
    for row in range(rows[0], rows[1]):
        signature = hits.signature[row]
        hits.token[row] = token_of(text, hits.start[row], hits.stop[row], rules[signature], domains[signature], key)


@kernel
def breaks_record(text, start, stop):
    """Whether a record ends between two hits: at a newline, a closing brace, or over more than 512 octets."""
    ends = stop - start > 512
    at = start
    while at < stop and not ends:
        ends = text[at] == 0x0A or text[at] == 0x7D
        at += 1
    return ends


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
        unit = hits.unit[row]
        if hits.stop[row] <= bounds[unit, 1] or hits.stop[row] > bounds[unit, 2]:
            continue
        hits.unit[end], hits.signature[end], hits.tier[end] = unit, hits.signature[row], hits.tier[row]
        hits.start[end], hits.stop[end] = hits.start[row], hits.stop[row]
        hits.path[end] = paths[unit]
        end += 1
    return end
