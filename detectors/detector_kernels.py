"""Which units can be scanned where they lie."""


from detectors.content.look_kernels import BAD, ENTITY, ESCAPE, HIGH, LOOKED, NUL, NULS_EVEN, NULS_ODD, PERCENT, WIDE, look
from detectors.kernel import kernel
from detectors.units import FIRST, LAST, MARGIN

PLAIN, WORK, CLOSED = 0, 1, 2  # scanned in place; needs the reader; opaque
GB18030, UTF16LE, UTF16BE = 2, 3, 4  # detectors.units.Charset
FORM, IMAGE = 3, 9                   # detectors.units.Media
UNDO = BAD | PERCENT | ESCAPE | ENTITY | WIDE


@kernel
def is_gzip(buf, start, stop):
    """Whether [start, stop) begins as a gzip member does."""
    return stop - start > 3 and buf[start] == 0x1F and buf[start + 1] == 0x8B and buf[start + 2] == 8


@kernel
def kind_of_unit(units, row, tally):
    """PLAIN, WORK or CLOSED."""
    start, stop, flags = units.start[row], units.stop[row], units.flags[row]
    if units.coding[row] != 0 or (flags & FIRST and is_gzip(units.buf, start, stop)):
        return WORK
    if units.media[row] >= IMAGE:
        return CLOSED
    charset = units.charset[row]
    if units.media[row] == FORM or charset in (UTF16LE, UTF16BE):
        return WORK
    edges = (0 if flags & FIRST else 1) | (0 if flags & LAST else 2)
    seen = look(units.buf, start, stop, edges, tally)
    if seen & UNDO or (charset == GB18030 and seen & HIGH):
        return WORK
    if seen & NUL and (tally[NULS_EVEN] + tally[NULS_ODD]) * 8 >= tally[LOOKED]:
        return WORK
    return PLAIN


@kernel
def sort_units(units, n, kinds, bounds, tally):
    """Fill kinds[:n] (uint8) and, for units that stay where they lie, bounds[:n] (int64 (capacity, 4); content/escape_kernels.py)."""
    for row in range(n):
        start, stop, carried = units.start[row], units.stop[row], units.carried[row]
        kinds[row] = kind_of_unit(units, row, tally)
        border = start + max(0, carried - MARGIN)
        bounds[row, 0] = start
        bounds[row, 1] = border
        bounds[row, 2] = stop if units.flags[row] & LAST else max(border, stop - MARGIN)
        bounds[row, 3] = stop
