"""GB18030 and UTF-16 to UTF-8. Bounds as in escape_kernels; an unfinished character at the end is left to the caller."""

import numpy as np

from detectors.content.look_kernels import BAD, BADS, HIGH, LOOKED, NUL, NULS_EVEN, NULS_ODD
from detectors.content.look_kernels import CHARS as LOOK_CHARS
from detectors.kernel import kernel
from detectors.trigger import LANES, copy_lanes, loud_mask, lowest_bit
from detectors.units import FIRST

UNKNOWN, UTF8, GB18030, UTF16LE, UTF16BE, LATIN1 = 0, 1, 2, 3, 4, 5  # detectors.units.Charset
TRIAL = 4096  # octets that a trial reads
# Rows of the tally: multi-octet characters, of them usual ones, errors, octets left over, whether a look at it may find more than HIGH.
CHARS, COMMON, ERRORS, LEFT, MARKED = 0, 1, 2, 3, 4
TALLY = 5
REPLACEMENT = 0x3F  # '?': one octet, so that damage never lengthens the text


@kernel
def put_utf8(dst, at, point):
    """Append `point` as UTF-8; return the new end."""
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
def quad_point(src, at, quads):
    """Code point of the four octets of GB18030 at `at`; 0 if there is none. Source: GB 18030-2005 section 5."""
    a, b, c, d = np.int64(src[at]), np.int64(src[at + 1]), np.int64(src[at + 2]), np.int64(src[at + 3])
    if c < 0x81 or c > 0xFE or d < 0x30 or d > 0x39:
        return np.int64(0)
    linear = (((a - 0x81) * 10 + b - 0x30) * 126 + c - 0x81) * 10 + d - 0x30
    if linear < quads.size:
        return np.int64(quads[linear])
    if 189000 <= linear < 189000 + 0x100000:
        return 0x10000 + linear - 189000
    return np.int64(0)


@kernel
def gb18030_to_utf8(src, bounds, dst, at, tables, tally):
    """Append [bounds[0], bounds[3]) as UTF-8; `tally` (int64 (TALLY,)) says how well it went. Return the end in `dst`.

    tables  (pairs uint16 (126 * 191,), quads uint16 (39420,)): code points, 0 where there is none
    """
    pairs, quads = tables
    chars, common, errors, marked = 0, 0, 0, 0  # a tally in memory would be written for every character
    i, stop = bounds[0], bounds[3]
    for part in range(3):
        until = bounds[part + 1]
        bounds[part] = at
        while i < until:
            lead = np.int64(src[i])
            if lead < 0x80:
                if i + LANES <= until and at + LANES <= dst.size:
                    copy_lanes(dst, at, src, i)  # what is behind the run is written over
                    loud = loud_mask(src, i)
                    run = LANES if loud == 0 else lowest_bit(loud)
                    i += run
                    at += run
                    if run:
                        continue
                marked |= lead == 0 or lead == 0x25 or lead == 0x26 or lead == 0x5C
                dst[at] = lead
                at += 1
                i += 1
                continue
            while 0xB0 <= lead <= 0xF7 and i + 2 < until and src[i + 1] >= 0xA1 and src[i + 1] < 0xFF:  # Han in a row
                point = np.int64(pairs[(lead - 0x81) * 191 + np.int64(src[i + 1]) - 0x40])
                if point < 0x800:
                    break
                dst[at] = 0xE0 | (point >> 12)
                dst[at + 1] = 0x80 | ((point >> 6) & 0x3F)
                dst[at + 2] = 0x80 | (point & 0x3F)
                common += lead <= 0xD7
                chars += 1
                at += 3
                i += 2
                lead = np.int64(src[i])
            if lead < 0x80:
                continue
            point, length = np.int64(0), 1
            if 0x81 <= lead <= 0xFE:
                if i + 1 >= stop:
                    break
                trail = np.int64(src[i + 1])
                if trail >= 0x40:
                    length = 2
                    if trail <= 0xFE:
                        point = np.int64(pairs[(lead - 0x81) * 191 + trail - 0x40])
                        common += trail >= 0xA1 and (0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3)
                        marked |= lead == 0xA3  # full-width forms
                elif 0x30 <= trail <= 0x39:
                    if i + 3 >= stop:
                        break
                    point = quad_point(src, i, quads)
                    length, marked = 4, 1
            if point == 0:
                errors += 1
                point, length = np.int64(REPLACEMENT), 1
            else:
                chars += 1
            at = put_utf8(dst, at, point)
            i += length
    bounds[3] = at
    tally[CHARS], tally[COMMON], tally[ERRORS], tally[LEFT], tally[MARKED] = chars, common, errors, stop - i, marked
    return at


@kernel
def utf16_to_utf8(src, bounds, dst, at, big, tally):
    """Append [bounds[0], bounds[3]) of UTF-16, big-endian where `big`, as UTF-8; as gb18030_to_utf8. Source: RFC 2781."""
    tally[:] = 0
    tally[MARKED] = 1
    i, stop = bounds[0], bounds[3]
    high, low = (0, 1) if big else (1, 0)
    for part in range(3):
        until = bounds[part + 1]
        bounds[part] = at
        while i < until:
            if i + 1 >= stop:
                break
            point, length = (np.int64(src[i + high]) << 8) | np.int64(src[i + low]), 2
            if 0xD800 <= point <= 0xDFFF:
                if i + 3 >= stop and point < 0xDC00:
                    break
                other = np.int64(0)
                if point < 0xDC00:
                    other = (np.int64(src[i + 2 + high]) << 8) | np.int64(src[i + 2 + low])
                if 0xDC00 <= other <= 0xDFFF:
                    point, length = 0x10000 + ((point & 0x3FF) << 10) + (other & 0x3FF), 4
                else:
                    tally[ERRORS] += 1
                    point = np.int64(REPLACEMENT)
            if point >= 0x80:
                tally[CHARS] += 1
                if 0x4E00 <= point <= 0x9FA5 or 0x3000 <= point <= 0x3020 or 0xFF00 <= point <= 0xFF5E:
                    tally[COMMON] += 1
            elif point >= 0x20 or point == 9 or point == 10 or point == 13:
                tally[COMMON] += 1
            at = put_utf8(dst, at, point)
            i += length
    bounds[3] = at
    tally[LEFT] = stop - i
    return at


@kernel
def byte_order_mark(buf, start, stop):
    """The charset whose mark [start, stop) begins with, UNKNOWN where there is none."""
    length = stop - start
    if length >= 3 and buf[start] == 0xEF and buf[start + 1] == 0xBB and buf[start + 2] == 0xBF:
        return UTF8
    if length >= 2 and buf[start] == 0xFF and buf[start + 1] == 0xFE:
        return UTF16LE
    if length >= 2 and buf[start] == 0xFE and buf[start + 1] == 0xFF:
        return UTF16BE
    if length >= 4 and buf[start] == 0x84 and buf[start + 1] == 0x31 and buf[start + 2] == 0x95 and buf[start + 3] == 0x33:
        return GB18030
    return UNKNOWN


@kernel
def utf16_by_nuls(counts):
    """UTF-16 of the byte order whose high octets are NUL where the text is ASCII; UNKNOWN if the NULs do not say so."""
    octets, even, odd = counts[LOOKED], counts[NULS_EVEN], counts[NULS_ODD]
    if odd * 8 >= octets and even * 16 <= odd:
        return UTF16LE
    if even * 8 >= octets and odd * 16 <= even:
        return UTF16BE
    return UNKNOWN


@kernel
def plausible(tally):
    """Whether a GB18030 reading is text: nearly all of its characters in everyday use. Random octets reach a quarter."""
    return tally[COMMON] * 5 >= 4 * (tally[CHARS] + tally[ERRORS]) and tally[CHARS] > 0


@kernel
def try_charset(charset, buf, start, stop, trial):
    """Read the first TRIAL octets as GB18030 or UTF-16; trial.tally says how well it went."""
    bounds = trial.bounds
    bounds[0], bounds[1] = start, start
    bounds[2] = bounds[3] = min(stop, start + TRIAL)
    if charset == GB18030:
        gb18030_to_utf8(buf, bounds, trial.text, 0, (trial.pairs, trial.quads), trial.tally)
    else:
        utf16_to_utf8(buf, bounds, trial.text, 0, charset == UTF16BE, trial.tally)


@kernel
def charset_of(buf, start, stop, declared, flags, seen, counts, trial):
    """Charset of [start, stop), whose look is `seen` and `counts`; UNKNOWN where none fits, LATIN1 where only that.

    trial  Trial (content/charset.py), overwritten
    """
    marked = byte_order_mark(buf, start, stop) if flags & FIRST else UNKNOWN
    if marked != UNKNOWN:
        return marked
    if declared in (UTF16LE, UTF16BE):
        return np.int64(declared)
    by_nuls = utf16_by_nuls(counts) if seen & NUL else UNKNOWN
    if by_nuls != UNKNOWN:
        return by_nuls
    if not seen & BAD and (declared != GB18030 or not seen & HIGH or counts[LOOK_CHARS] >= 4):
        return UTF8
    tally = trial.tally
    if seen & NUL and counts[NULS_ODD] > counts[NULS_EVEN]:
        try_charset(UTF16LE, buf, start, stop, trial)
        wide = tally[ERRORS] == 0 and tally[COMMON] * 10 >= 9 * (min(stop - start, TRIAL) // 2)
    else:
        wide = False
    try_charset(GB18030, buf, start, stop, trial)
    if declared == GB18030 and tally[ERRORS] * 50 <= tally[CHARS]:
        return GB18030
    if wide:
        return UTF16LE  # mostly Han, with few ASCII characters among them
    if seen & BAD and counts[LOOK_CHARS] < counts[BADS] and plausible(tally):
        return GB18030
    if declared == LATIN1:
        return LATIN1
    # Text with a little binary framing around it (database protocols, length prefixes) reads as UTF-8.
    return UTF8 if counts[BADS] * 20 <= counts[LOOKED] else UNKNOWN
