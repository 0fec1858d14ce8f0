"""Charset and escape kernels against Python's own codecs and a plain twin."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.content import look_kernels as looks
from detectors.content.charset import gb18030_tables, transcode
from detectors.content.escape_kernels import undo_escapes, undo_percent
from detectors.units import PAD, Charset

ANY = st.characters(exclude_categories=["Cs"], max_codepoint=0x10FFFF)
TEXT = st.text(ANY | st.sampled_from("张伟身份证号，：%\\u&#;１２３ａＺ＠"), max_size=60)
HAN = st.text(st.sampled_from("张王李赵陈杨黄吴徐孙身份证号码电话地址，。：0123456789Xx \n㐀𠮷丂"), max_size=60)


def padded(octets: bytes) -> np.ndarray:
    return np.frombuffer(octets + bytes(PAD), np.uint8).copy()


def whole(octets: bytes) -> np.ndarray:
    return np.array([0, 0, len(octets), len(octets)], np.int64)


def to_utf8(charset: Charset, octets: bytes) -> tuple[bytes, int, int]:
    out = np.zeros(len(octets) * 2 + PAD, np.uint8)
    done = transcode(charset, padded(octets), whole(octets), out, 0)
    return out[:done.end].tobytes(), done.errors, done.left


def look_at(octets: bytes, edges: int = 0) -> int:
    return int(looks.look(padded(octets), 0, len(octets), edges, np.zeros(6, np.int64)))


@given(HAN | TEXT)
def test_gb18030_is_what_python_reads(text: str) -> None:
    octets = text.encode("gb18030", "ignore")
    assert to_utf8(Charset.GB18030, octets) == (octets.decode("gb18030").encode(), 0, 0)


def test_every_pair_of_octets_reads_as_python_reads_it() -> None:
    pairs, quads = gb18030_tables()
    for lead, trail in ((0x81, 0x40), (0xD5, 0xC5), (0xC9, 0xED), (0xFE, 0xFE), (0xA2, 0xA0)):
        want = bytes((lead, trail)).decode("gb18030", "replace")
        assert pairs[(lead - 0x81) * 191 + trail - 0x40] == (ord(want) if len(want) == 1 else 0)
    assert "㐀".encode("gb18030") == b"\x81\x39\xee\x39" and 0x3400 in quads


def test_tables_decoded_at_once_are_those_decoded_one_by_one() -> None:
    pairs, quads = gb18030_tables()
    assert (pairs.size, quads.size) == (126 * 191, 39420)
    for table, codes in ((pairs, [bytes((0x81 + at // 191, 0x40 + at % 191)) for at in range(pairs.size)]),
                         (quads, [bytes((0x81 + at // 12600, 0x30 + at // 1260 % 10, 0x81 + at // 10 % 126, 0x30 + at % 10))
                                  for at in range(quads.size)])):
        texts = [code.decode("gb18030", "ignore") for code in codes]
        assert table.tolist() == [ord(text) if len(text) == 1 and ord(text) >= 0x80 else 0 for text in texts]


@given(st.binary(max_size=40))
def test_gb18030_counts_an_error_where_python_does(octets: bytes) -> None:
    _, errors, left = to_utf8(Charset.GB18030, octets)
    try:
        octets.decode("gb18030")
    except UnicodeDecodeError:
        assert errors or left
    else:
        assert not errors and not left


RUNS = st.lists(st.sampled_from([
    "a" * 31, "b," * 16, "0123456789" * 7, "张", "王李赵", "中" * 9, "㐀", "１２", "%41", "\\u4e2d", "&#20;", "\0", "\r\n",
]), max_size=9)  # fmt: skip


@given(RUNS, RUNS, RUNS)
def test_runs_of_gb18030_with_bounds_among_them_and_whether_they_need_a_look(first: list[str], second: list[str], third: list[str]) -> None:
    parts = ["".join(part) for part in (first, second, third)]
    octets, out = "".join(parts).encode("gb18030"), np.zeros(2000, np.uint8)
    bounds = np.cumsum([0, *(len(part.encode("gb18030")) for part in parts)])
    done = transcode(Charset.GB18030, padded(octets), bounds, out, 5)
    text = out[5 : done.end].tobytes()
    assert text == "".join(parts).encode()
    assert bounds.tolist() == np.cumsum([5, *(len(part.encode()) for part in parts)]).tolist()
    assert done.marked or not look_at(text) & ~looks.HIGH


@given(TEXT)
@pytest.mark.parametrize(("charset", "codec"), [(Charset.UTF16LE, "utf-16-le"), (Charset.UTF16BE, "utf-16-be")])
def test_utf16_is_what_python_reads(charset: Charset, codec: str, text: str) -> None:
    assert to_utf8(charset, text.encode(codec)) == (text.encode(), 0, 0)


@pytest.mark.parametrize(("charset", "codec"), [(Charset.GB18030, "gb18030"), (Charset.UTF16LE, "utf-16-le")])
def test_a_character_cut_anywhere_is_left_over(charset: Charset, codec: str) -> None:
    octets = "ab张㐀𠮷9".encode(codec)
    for cut in range(len(octets) + 1):
        first, _, left = to_utf8(charset, octets[:cut])
        second, errors, rest = to_utf8(charset, octets[cut - left:])
        assert (first + second, errors, rest) == ("ab张㐀𠮷9".encode(), 0, 0)


def twin_undo(text: str) -> str:
    """\\uXXXX pairs, numeric entities, full-width forms and styled digits, as the kernel undoes them."""
    def unit(match: re.Match[str]) -> str:
        if match[2]:
            return chr(0x10000 + ((int(match[2], 16) & 0x3FF) << 10) + (int(match[3], 16) & 0x3FF))
        point = int(match[4], 16)
        return "\ufffd" if 0xD800 <= point <= 0xDFFF else chr(point)

    def fold(char: str) -> str:
        wide = len(char) == 1 and (0xFF01 <= ord(char) <= 0xFF5E or char == "\u3000" or 0x1D7CE <= ord(char) <= 0x1D7FF)
        return unicodedata.normalize("NFKC", char) if wide else char

    def number(match: re.Match[str]) -> str:
        point = int(match[1], 16) if match[1] else int(match[2])
        return match[0] if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF else chr(point)

    high, low = r"\\u([dD][89abAB][0-9a-fA-F]{2})", r"\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    pattern = re.compile(rf"(?P<e>{high}{low}|\\u([0-9a-fA-F]{{4}}))|&#(?:[xX]([0-9a-fA-F]{{1,7}})|([0-9]{{1,7}}));|.", re.S)

    def one(match: re.Match[str]) -> str:
        if match["e"]:
            return fold(unit(match))
        if match[5] or match[6]:
            return fold(number(re.match(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));", match[0])))  # type: ignore[arg-type]
        return fold(match[0])

    return pattern.sub(one, text)


ESCAPED = st.lists(st.sampled_from([
    "\\u5f20", "\\uD83D", "\\uDE00", "\\u", "&#20013;", "&#x4E2D;", "&#", "&#x", "１", "Ａ", "　", "\\", "\\\\u4e2d",
    "𝟗", "a", "9", "张", "\\uff11", "&#65297;", "\\u12", "&#xD800;", "&#9999999;",
]), max_size=20).map("".join)


@given(ESCAPED)
def test_escapes_are_undone_as_the_twin_does(text: str) -> None:
    octets = text.encode()
    out = np.zeros(len(octets) + PAD, np.uint8)
    end, _ = undo_escapes(padded(octets), whole(octets), out, 0)
    assert out[:end].tobytes().decode() == twin_undo(text)


def test_entities_agree_with_html() -> None:
    for text in ("&#20013;", "&#x4e2d;", "&#49;&#51;"):
        octets = text.encode()
        out = np.zeros(PAD, np.uint8)
        end, _ = undo_escapes(padded(octets), whole(octets), out, 0)
        assert out[:end].tobytes().decode() == html.unescape(text)


@given(st.lists(st.sampled_from(["%D5%C5", "%e5%bc%a0", "%", "%4", "%zz", "+", "a", "%25", "张"]), max_size=20).map("".join))
def test_percent_is_undone_as_urllib_does(text: str) -> None:
    octets = text.encode()
    for plus in (False, True):
        out = np.zeros(len(octets) + PAD, np.uint8)
        end = undo_percent(padded(octets), whole(octets), out, 0, plus)
        assert out[:end].tobytes() == unquote_to_bytes(octets.replace(b"+", b" ") if plus else octets)


@given(st.binary(max_size=200) | TEXT.map(str.encode))
def test_a_look_says_bad_where_utf8_is_broken(octets: bytes) -> None:
    try:
        octets.decode()
        broken = False
    except UnicodeDecodeError:
        broken = True
    assert bool(look_at(octets) & looks.BAD) == broken


@given(st.integers(0, 130), st.sampled_from([
    (b"%41", looks.PERCENT), (b"\\u4e2d", looks.ESCAPE), (b"&#20;", looks.ENTITY), (b"\0", looks.NUL),
    ("１".encode(), looks.WIDE | looks.HIGH), ("张".encode(), looks.HIGH), (b"\xff", looks.BAD),
]))
def test_a_look_finds_a_mark_wherever_it_stands(at: int, mark: tuple[bytes, int]) -> None:
    assert look_at(b"a" * at + mark[0] + b"b" * (140 - at)) == mark[1]
    assert look_at(b"a" * 300) == 0


def test_a_character_cut_by_the_range_is_no_damage() -> None:
    octets = "张三".encode()
    assert look_at(octets[1:5], 3) == look_at(octets[2:4], 3) or look_at(octets[1:5], 3) == looks.HIGH
    assert look_at(octets[1:5], 0) & looks.BAD


MARKS = re.compile(rb"(?P<percent>%[0-9a-fA-F]{2})|(?P<escape>\\u[0-9a-fA-F]{2}..)|(?P<entity>&#..)|(?P<nul>\0)", re.S)
WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ＋－．／＿]")


def twin_look(octets: bytes) -> list[int]:
    """Characters, bad octets, even NULs, odd NULs, bits of what no other text surrounds, octet by octet."""
    tally, bits, at = [0, 0, 0, 0], 0, 0
    while at < len(octets):
        mark = MARKS.match(octets, at)
        if mark:
            bits |= {"percent": looks.PERCENT, "escape": looks.ESCAPE, "entity": looks.ENTITY, "nul": looks.NUL}[str(mark.lastgroup)]
            tally[2 + (at & 1)] += mark.lastgroup == "nul"
        for length in range(1, 5):
            try:
                char = octets[at:at + length].decode()
                break
            except UnicodeDecodeError:
                char = ""
        tally[0] += len(char.encode()) > 1
        tally[1] += not char
        bits |= looks.WIDE if WIDE.match(char) else 0
        at += len(char.encode()) or 1
    return [*tally, bits | (looks.HIGH if tally[0] else 0) | (looks.BAD if tally[1] else 0), at]


PIECES = st.sampled_from([
    b"a" * 7, b"0123456789" * 7, b"%4a", b"%", b"\\u4e2d", b"\\", b"&#20;", b"&", b"\0", "张".encode(), "，".encode(), "１＠".encode(),
    "é".encode(), "𠮷".encode(), b"\xe5\xbc", b"\xd5\xc5", b"\xff", b"\xed\xa0\x80", b"\xe0\x80\x80",
])


@given(st.lists(PIECES, max_size=60).map(b"".join), st.integers(0, 9))
@example(b"a" * 62 + "张".encode() + b"b" * 70, 0)  # characters over the end of 64 octets
@example(b"a" * 63 + "张".encode() + b"b" * 70, 0)
@example(b"a" * 30 + b"\xe5\xbc" + b"b" * 70, 0)
def test_a_look_counts_what_the_twin_counts(octets: bytes, start: int) -> None:
    tally = np.zeros(6, np.int64)
    looks.look(padded(b"%" * start + octets), start, start + len(octets), 0, tally)
    assert tally.tolist() == twin_look(octets)  # NULs too are counted from the range's start


@given(st.lists(PIECES, max_size=60).map(b"".join) | st.binary(max_size=700))
def test_utf8_is_known_by_its_beginning_as_by_the_whole(octets: bytes) -> None:
    tally = np.zeros(6, np.int64)
    whole_look = int(looks.look(padded(octets), 0, len(octets), 3, tally))
    want = not whole_look & looks.BAD and tally[looks.CHARS] >= 3
    assert looks.reads_as_utf8(padded(octets), 0, len(octets), np.zeros(6, np.int64)) == want
