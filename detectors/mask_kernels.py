"""Excerpts in which nothing can be read but punctuation, known harmless words, and the few characters that a mask leaves."""

import numpy as np

from detectors.kernel import kernel

IDENTIFIER, NAME, ADDRESS, EMAIL, COORDINATES, SECRET = 0, 1, 2, 3, 4, 5
STAR, SPACE = 0x2A, 0x20
AROUND = 60        # octets shown on each side of the hit
LONGEST_WORD = 24  # octets of the longest harmless word: eight Han
STARS = 4          # a masked run shows no more of its length
BASIS, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@kernel
def length_of(octet):
    """Octets of a UTF-8 character by its first one; stray continuations count as one."""
    if octet < 0xC0:
        return 1
    return 2 if octet < 0xE0 else 3 if octet < 0xF0 else 4


@kernel
def is_letter(octet):
    """ASCII letter."""
    return 97 <= (np.int64(octet) | 0x20) <= 122


@kernel
def is_value(octet):
    """Whether a character beginning with `octet` belongs to a value: digit, letter or beyond ASCII."""
    return octet >= 0x80 or 48 <= octet <= 57 or is_letter(octet)


@kernel
def is_known(text, start, stop, words):
    """Whether [start, stop), in lower case, is in the set `words` (uint64 (2^k,), FNV-1a, 0 free). Source: RFC 9923."""
    value = BASIS
    for at in range(start, stop):
        octet = np.int64(text[at])
        if 65 <= octet <= 90:
            octet |= 0x20
        value = (value ^ np.uint64(octet)) * PRIME
    mask = np.uint64(words.size - 1)
    at = value & mask
    while words[at] != np.uint64(0):
        if words[at] == value:
            return True
        at = (at + np.uint64(1)) & mask
    return False


@kernel
def put_star(out, at):
    """Append a star, unless the run of stars is long enough already."""
    if at >= STARS and out[at - 1] == STAR and out[at - 2] == STAR and out[at - 3] == STAR and out[at - 4] == STAR:
        return at
    out[at] = STAR
    return at + 1


@kernel
def put_octets(out, at, source, start, stop):
    """Append source[start:stop]."""
    for k in range(start, stop):
        out[at] = source[k]
        at += 1
    return at


@kernel
def count_characters(text, start, stop):
    """Characters in [start, stop) that belong to the value."""
    count, at = 0, start
    while at < stop:
        count += 1 if is_value(text[at]) else 0
        at += length_of(text[at])
    return count


@kernel
def put_ends(text, start, stop, head, tail, out, at):
    """Append a value of which the first `head` and the last `tail` characters may be seen."""
    count, seen, i = count_characters(text, start, stop), 0, start
    while i < stop:
        length = length_of(text[i])
        if is_value(text[i]):
            seen += 1
            if (seen <= head or seen > count - tail) and i + length <= stop:
                at = put_octets(out, at, text, i, i + length)
            else:
                at = put_star(out, at)
        i += length
    return at


@kernel
def put_email(text, start, stop, out, at):
    """Append a mail address: its first character and its top-level domain."""
    if is_value(text[start]) and text[start] < 0x80:
        at = put_octets(out, at, text, start, start + 1)
    for octet in (STAR, STAR, STAR, 0x40, STAR, STAR, STAR):
        out[at] = octet
        at += 1
    dot = stop
    while dot > start and is_letter(text[dot - 1]):
        dot -= 1
    if dot > start and text[dot - 1] == 0x2E and stop - dot <= 6:
        at = put_octets(out, at, text, dot - 1, stop)
    return at


@kernel
def put_coordinates(text, start, stop, out, at):
    """Append coordinates without what follows their decimal points."""
    i, whole = start, True
    while i < stop:
        octet = text[i]
        digits = i
        while digits < stop and 48 <= text[digits] <= 57:
            digits += 1
        if digits > i:
            if whole and digits - i <= 3 and digits < stop and text[digits] == 0x2E:
                at = put_octets(out, at, text, i, digits)
            else:
                at = put_star(out, at)
            whole, i = False, digits
            continue
        whole = octet != 0x2E
        at = put_star(out, at) if is_value(octet) else put_octets(out, at, text, i, i + 1) if octet > SPACE else at
        i += 1
    return at


@kernel
def put_masked(text, start, stop, kind, out, at):
    """Append the masked value in [start, stop). design.md promise 2: of an identifier three and two characters, of a name one."""
    if kind == NAME:
        return put_ends(text, start, stop, 1, 0, out, at)
    if kind == ADDRESS:
        return put_ends(text, start, stop, 3, 0, out, at)
    if kind == EMAIL:
        return put_email(text, start, stop, out, at)
    if kind == COORDINATES:
        return put_coordinates(text, start, min(stop, start + 120), out, at)
    if kind == IDENTIFIER:
        count = count_characters(text, start, stop)
        if count >= 11:
            return put_ends(text, start, stop, 3, 2, out, at)
        if count >= 7:
            return put_ends(text, start, stop, 2, 1, out, at)
        return put_ends(text, start, stop, 1, 0, out, at)
    return put_star(out, put_star(out, put_star(out, at)))


@kernel
def end_of_word(text, at, stop):
    """End of the ASCII word at `at`: where the letters end or, as in idCard, lower case turns to upper case."""
    end = at + 1
    while end < stop and is_letter(text[end]) and not (text[end] < 97 and text[end - 1] >= 97):
        end += 1
    return end


@kernel
def end_of_known_han(text, at, stop, words):
    """End of the longest harmless word beyond ASCII at `at`, or `at`."""
    end, found = at, at
    while end < stop and text[end] >= 0xC0 and end + length_of(text[end]) <= stop and end - at < LONGEST_WORD:
        end += length_of(text[end])
        if is_known(text, at, end, words):
            found = end
    return found


@kernel
def is_mark(text, at, stop):
    """Whether a Chinese or full-width punctuation mark stands at `at`."""
    if at + 3 > stop:
        return False
    a, b, c = np.int64(text[at]), np.int64(text[at + 1]), np.int64(text[at + 2])
    if a == 0xE3 and b == 0x80:
        return 0x81 <= c <= 0x83 or 0x88 <= c <= 0x91
    return a == 0xEF and b == 0xBC and (0x81 <= c <= 0x8F or 0x9A <= c <= 0xA0)


@kernel
def put_plain(text, at, stop, words, out, end):
    """Append what stands at `at` outside any hit, masked unless harmless; return (next place in `text`, end of `out`)."""
    octet = text[at]
    if is_letter(octet):
        after = end_of_word(text, at, stop)
        if is_known(text, at, after, words):
            return after, put_octets(out, end, text, at, after)
        return after, put_star(out, end)
    if octet >= 0x80:
        after = end_of_known_han(text, at, stop, words)
        if after > at:
            return after, put_octets(out, end, text, at, after)
        if is_mark(text, at, stop):
            return at + 3, put_octets(out, end, text, at, at + 3)
        return at + length_of(octet), put_star(out, end)
    if 48 <= octet <= 57:
        return at + 1, put_star(out, end)
    if octet <= SPACE or octet == 0x7F:
        if end and out[end - 1] == SPACE:
            return at + 1, end
        out[end] = SPACE
        return at + 1, end + 1
    out[end] = octet
    return at + 1, end + 1


@kernel
def put_hit(text, hits, row, kinds, labels, out, end):
    """Append hit `row` as its signature and its masked value between white square brackets."""
    names, places = labels
    signature = hits.signature[row]
    for octet in (0xE2, 0x9F, 0xA6):
        out[end] = octet
        end += 1
    end = put_octets(out, end, names, places[signature], places[signature + 1])
    out[end] = 0x3A
    end = put_masked(text, hits.start[row], min(hits.stop[row], hits.start[row] + 240), kinds[signature], out, end + 1)
    for octet in (0xE2, 0x9F, 0xA7):
        out[end] = octet
        end += 1
    return end


@kernel
def put_excerpt(text, bounds, hits, rows, focus, tables, out):
    """Write the masked surroundings of hit `focus` into `out` (uint8 (2048,)); return their length.

    bounds  int64 (units, 4), of which the outer two are the text's; rows  hits of `text` lie in rows[0]..rows[1]
    tables  (kinds uint8 (signatures,), (names uint8, places int64 (signatures + 1,)), words uint64 (2^k,))
    """
    kinds, labels, words = tables
    unit = hits.unit[focus]
    at = max(bounds[unit, 0], hits.start[focus] - AROUND)
    stop = min(bounds[unit, 3], hits.stop[focus] + AROUND)
    while at < hits.start[focus] and (text[at] & 0xC0) == 0x80:
        at += 1
    row = focus
    while row > rows[0] and hits.unit[row - 1] == unit and hits.stop[row - 1] > at:
        row -= 1
    end = 0
    while at < stop and end < out.size - 512:
        while row < rows[1] and hits.unit[row] == unit and hits.stop[row] <= at:
            row += 1
        inside = row < rows[1] and hits.unit[row] == unit
        until = min(stop, hits.start[row]) if inside else stop
        if inside and hits.start[row] == at:
            end = put_hit(text, hits, row, kinds, labels, out, end)
            at = hits.stop[row]
        elif inside and hits.start[row] < at:
            end = put_star(out, end)
            at = hits.stop[row]
        else:
            at, end = put_plain(text, at, until, words, out, end)
    return end


@kernel
def put_excerpts(text, bounds, hits, rows, focuses, tables, out, ends):
    """Excerpts of the hits `focuses` (int64 (n,)) that lie in rows[0]..rows[1], into out (uint8 (n, 2048)) and ends (int64 (n,))."""
    for k in range(focuses.size):
        if rows[0] <= focuses[k] < rows[1]:
            ends[k] = put_excerpt(text, bounds, hits, rows, focuses[k], tables, out[k])
