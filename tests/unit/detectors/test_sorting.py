"""Where units go: what is told by a unit's beginning is what a look at the whole tells."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.content.charset import decide_charset, new_trial
from detectors.detector_kernels import GARBLED, PLAIN, UNDO, WORK, sort_units
from detectors.units import FIRST, LAST, PAD, Charset, units_over

TRIAL = new_trial()
PIECES = [
    *("张伟身份证".encode(c) for c in ("gb18030", "utf-8", "utf-16-le")), b"\xff\xfe", b"\xef\xbb\xbf", b"\x841\x953", b"\xff", b"\x81",
    b"%41", b"\0", b"a" * 90, b"11010519491231002X,", "，".encode("gb18030") * 40, "中".encode() * 100,
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=24).map(b"".join),
       st.sampled_from([0, FIRST, LAST, FIRST | LAST]),
       st.sampled_from([Charset.UNKNOWN, Charset.GB18030, Charset.GB18030, Charset.UTF8, Charset.LATIN1]))
@example(b"\xef\xbb\xbf" + "张伟".encode("gb18030") * 9, FIRST, Charset.GB18030)  # its mark says UTF-8
@example(b"\xff" * 9 + "张伟".encode("gb18030"), LAST, Charset.GB18030)           # the declaration is not believed
@example("张伟".encode() * 99 + b"\xff", 0, Charset.GB18030)                      # what is no UTF-8 lies behind the glance
def test_a_unit_goes_where_a_look_at_the_whole_sends_it(octets: bytes, flags: int, declared: Charset) -> None:
    units = units_over(np.frombuffer(octets + bytes(PAD), np.uint8).copy(), 1)
    units.stop[0], units.flags[0], units.charset[0] = len(octets), flags, declared
    kinds, charsets = np.zeros(1, np.uint8), np.zeros(1, np.uint8)
    sort_units(units, 1, kinds, charsets, np.zeros((1, 4), np.int64), np.zeros(6, np.int64), TRIAL)
    charset, seen = decide_charset(units.buf[:len(octets)], declared, flags, TRIAL)
    work = seen & UNDO or charset in (Charset.GB18030, Charset.UTF16LE, Charset.UTF16BE)
    gzip = flags & FIRST and octets[:3] == b"\x1f\x8b\x08"
    assert kinds[0] == (WORK if work or gzip else GARBLED if charset == Charset.UNKNOWN else PLAIN)
    assert charsets[0] in (charset, Charset.UNKNOWN)
