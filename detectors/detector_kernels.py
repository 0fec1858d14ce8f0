"""Which units can be scanned where they lie."""

import numpy as np

from detectors.content.charset_kernels import GB18030, UNKNOWN, UTF16BE, charset_of
from detectors.content.look_kernels import ENTITY, ESCAPE, PERCENT, WIDE, look
from detectors.kernel import kernel
from detectors.units import FIRST, LAST, MARGIN

PLAIN, WORK, CLOSED, GARBLED = 0, 1, 2, 3  # scanned in place; needs the reader; opaque; in no known charset, scanned in place all the same
FORM, IMAGE = 3, 9                         # detectors.units.Media
UNDO = PERCENT | ESCAPE | ENTITY | WIDE


@kernel
def is_gzip(buf, start, stop):
    """Whether [start, stop) begins as a gzip member does."""
    return stop - start > 3 and buf[start] == 0x1F and buf[start + 1] == 0x8B and buf[start + 2] == 8


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
