"""Undoing %XX, \\uXXXX, &#NNNN; and full-width forms, with four bounds carried along.

`bounds` is int64 (4,): start, border of what was reported before, border of what may be reported now, stop. Each kernel reads
[bounds[0], bounds[3]) of `src`, appends to `dst` at `at`, and rewrites the bounds to where the same places are in `dst`.
"""

import numpy as np

from detectors.content.look_kernels import is_hex
from detectors.kernel import kernel

ESCAPE, ENTITY, WIDTH = 64, 128, 256  # detectors.content.step.Step


@kernel
def hex_value(octet):
    """Value of a hexadecimal digit."""
    value = np.int64(octet)
    return value - 48 if value <= 57 else (value | 0x20) - 87


@kernel
def put_character(dst, at, point):
    """Append `point` as UTF-8, ASCII for full-width forms and styled digits (NFKC); return the new end."""
    if 0xFF01 <= point <= 0xFF5E:
        point -= 0xFEE0
    elif point == 0x3000:
        point = 0x20
    elif 0x1D7CE <= point <= 0x1D7FF:
        point = 48 + (point - 0x1D7CE) % 10
    if point < 0x80:
        dst[at] = point
        return at + 1
    if point < 0x800:
        dst[at] = 0xC0 | (point >> 6)
        dst[at + 1] = 0x80 | (point & 0x3F)
        return at + 2
    if point < 0x10000:
        dst[at] = 0xE0 | (point >> 12)
        dst[at + 1] = 0x80 | ((point >> 6) & 0x3F)
        dst[at + 2] = 0x80 | (point & 0x3F)
        return at + 3
    dst[at] = 0xF0 | (point >> 18)
    dst[at + 1] = 0x80 | ((point >> 12) & 0x3F)
    dst[at + 2] = 0x80 | ((point >> 6) & 0x3F)
    dst[at + 3] = 0x80 | (point & 0x3F)
    return at + 4


@kernel
def u_escape(src, at, stop):
    """The UTF-16 unit of a \\uXXXX at `at`, or -1."""
    if at + 6 > stop or src[at] != 0x5C or src[at + 1] != 0x75:
        return np.int64(-1)
    value = np.int64(0)
    for k in range(2, 6):
        if not is_hex(src[at + k]):
            return np.int64(-1)
        value = (value << 4) | hex_value(src[at + k])
    return value


@kernel
def entity(src, at, stop):
    """Code point and length of the numeric entity at `at`; length 0 if there is none."""
    i = at + 2
    if at + 4 > stop or src[at + 1] != 0x23:
        return np.int64(0), 0
    base = 10
    if src[i] == 0x78 or src[i] == 0x58:
        base = 16
        i += 1
    first, point = i, np.int64(0)
    while i < stop and i < first + 7 and is_hex(src[i]) and (base == 16 or src[i] <= 57):
        point = point * base + hex_value(src[i])
        i += 1
    if i == first or i >= stop or src[i] != 0x3B or point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        return np.int64(0), 0
    return point, i + 1 - at


@kernel
def undo_percent(src, bounds, dst, at, plus):
    """Undo %XX, and `+` for a blank where `plus`; return the end of what was appended to `dst`."""
    i, stop = bounds[0], bounds[3]
    for part in range(3):
        until = bounds[part + 1]
        bounds[part] = at
        while i < until:
            octet = src[i]
            if octet == 0x25 and i + 2 < stop and is_hex(src[i + 1]) and is_hex(src[i + 2]):
                octet = np.uint8((hex_value(src[i + 1]) << 4) | hex_value(src[i + 2]))
                i += 2
            elif octet == 0x2B and plus:
                octet = np.uint8(0x20)
            dst[at] = octet
            at += 1
            i += 1
    bounds[3] = at
    return at


@kernel
def wide_point(src, at, stop):
    """Code point of the full-width form, ideographic space or styled digit at `at`, or 0."""
    if at + 3 > stop or src[at] < 0xE3:
        return np.int64(0)
    a, b, c = np.int64(src[at]), np.int64(src[at + 1]), np.int64(src[at + 2])
    if a == 0xEF and (b == 0xBC or b == 0xBD):
        point = ((a & 0xF) << 12) | ((b & 0x3F) << 6) | (c & 0x3F)
        return point if 0xFF01 <= point <= 0xFF5E else np.int64(0)
    if a == 0xE3 and b == 0x80 and c == 0x80:
        return np.int64(0x3000)
    if a == 0xF0 and b == 0x9D and c == 0x9F and at + 4 <= stop and 0x8E <= src[at + 3] <= 0xBF:
        return np.int64(0x1D7C0) + (np.int64(src[at + 3]) & 0x3F)
    return np.int64(0)


@kernel
def undo_escapes(src, bounds, dst, at):
    """Undo \\uXXXX (with surrogates), &#NNNN; and full-width forms of UTF-8; return (end in `dst`, Step bits of what was undone)."""
    i, stop, steps = bounds[0], bounds[3], 0
    for part in range(3):
        until = bounds[part + 1]
        bounds[part] = at
        while i < until:
            octet = src[i]
            if octet < 0xE3 and octet != 0x5C and octet != 0x26:
                dst[at] = octet
                at += 1
                i += 1
                continue
            point, length, step = np.int64(-1), 0, 0
            if octet == 0x5C:
                point, length, step = u_escape(src, i, stop), 6, ESCAPE
                if 0xD800 <= point <= 0xDFFF:
                    low = u_escape(src, i + 6, stop)
                    if point < 0xDC00 and 0xDC00 <= low <= 0xDFFF:
                        point, length = 0x10000 + ((point & 0x3FF) << 10) + (low & 0x3FF), 12
                    else:
                        point = np.int64(0xFFFD)
            elif octet == 0x26:
                point, length = entity(src, i, stop)
                step = ENTITY
                if length == 0:
                    point = np.int64(-1)
            else:
                point, step = wide_point(src, i, stop), WIDTH
                length = 4 if octet == 0xF0 else 3
                if point == 0:
                    point = np.int64(-1)
            if point < 0:
                dst[at] = octet
                at += 1
                i += 1
            else:
                at = put_character(dst, at, point)
                i += length
                steps |= step
    bounds[3] = at
    return at, steps
