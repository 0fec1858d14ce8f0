"""Which units can be scanned where they lie."""

import numpy as np

from detectors.content.charset_kernels import CHARS, ERRORS, GB18030, UNKNOWN, UTF16BE, byte_order_mark, charset_of, try_charset
from detectors.content.look_kernels import BAD, ENTITY, ESCAPE, PERCENT, WIDE, look
from detectors.kernel import kernel
from detectors.units import FIRST, LAST, MARGIN

PLAIN, WORK, CLOSED, GARBLED = 0, 1, 2, 3  # scanned in place; needs the reader; opaque; in no known charset, scanned in place all the same
FORM, IMAGE = 3, 9                         # detectors.units.Media
UNDO = PERCENT | ESCAPE | ENTITY | WIDE
GLANCE = 256                               # octets in which most GB18030 shows that it is no UTF-8


@kernel
def is_gzip(buf, start, stop):
    """Whether [start, stop) begins as a gzip member does."""
    return stop - start > 3 and buf[start] == 0x1F and buf[start + 1] == 0x8B and buf[start + 2] == 8


@kernel
def is_declared_gb18030(buf, start, stop, edges, tally, trial):
    """Whether the beginning of what is declared as GB18030 shows that charset_of will find no UTF-8 and believe the declaration, or find
    UTF-16: the reader's work in either case, whatever a look at the whole would add."""
    until = min(stop, start + GLANCE)
    if not look(buf, start, until, edges | (2 if until < stop else 0), tally) & BAD or byte_order_mark(buf, start, stop) != UNKNOWN:
        return False
    try_charset(GB18030, buf, start, stop, trial)
    return trial.tally[ERRORS] * 50 <= trial.tally[CHARS]


@kernel
def kind_of_unit(units, row, tally, trial):
    """PLAIN, WORK, CLOSED or GARBLED; and the charset, where it was decided."""
    buf, start, stop, flags = units.buf, units.start[row], units.stop[row], units.flags[row]
    if units.coding[row] != 0 or (flags & FIRST and is_gzip(buf, start, stop)):
        return WORK, UNKNOWN
    if units.media[row] >= IMAGE:
        return CLOSED, UNKNOWN
    declared = np.int64(units.charset[row])
    if units.media[row] == FORM:
        return WORK, UNKNOWN
    edges = (0 if flags & FIRST else 1) | (0 if flags & LAST else 2)
    if declared == GB18030 and is_declared_gb18030(buf, start, stop, edges, tally, trial):
        return WORK, UNKNOWN
    seen = look(buf, start, stop, edges, tally)
    if seen & UNDO:
        return WORK, UNKNOWN
    charset = charset_of(buf, start, stop, declared, flags, seen, tally, trial)
    if GB18030 <= charset <= UTF16BE:
        return WORK, charset
    return GARBLED if charset == UNKNOWN else PLAIN, charset


@kernel
def sort_units(units, n, kinds, charsets, bounds, tally, trial):
    """Fill kinds[:n] (uint8) and, for units that stay where they lie, bounds[:n] (int64 (capacity, 4); content/escape_kernels.py).

    charsets  uint8: those decided on the way, else UNKNOWN
    Units that are WORK already, as their streams have state, are not looked at.
    tally  int64 (6,), trial  Trial (content/charset.py): overwritten
    """
    for row in range(n):
        start, stop, carried = units.start[row], units.stop[row], units.carried[row]
        charsets[row] = UNKNOWN
        if kinds[row] != WORK:
            kinds[row], charsets[row] = kind_of_unit(units, row, tally, trial)
        border = start + max(0, carried - MARGIN)
        bounds[row, 0] = start
        bounds[row, 1] = border
        bounds[row, 2] = stop if units.flags[row] & LAST else max(border, stop - MARGIN)
        bounds[row, 3] = stop
