"""HTTP heads: fields and offsets, forgiven and refused forms, cut at every octet, and hostile ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sensor.protocol.http_kernels import (
    BROKEN,
    C_GB18030,
    C_UTF8,
    DEFLATE,
    GZIP,
    IDENTITY,
    M_CSV,
    M_FORM,
    M_HTML,
    M_IMAGE,
    M_JSON,
    M_UNKNOWN,
    M_XML,
    OTHER_CODING,
    REQUEST,
    RESPONSE,
    find_head_end,
    parse_charset,
    parse_head,
    parse_media,
    read_number,
)
from sensor.records import new_records
from sensor.stream.columns import EVENT

POST = (
    b"POST /v1/sync?x=1 HTTP/1.1\r\nhost:  api.example.com \r\nUser-Agent: made/1.0\r\nContent-Type: application/json; charset=utf-8\r\n"
    b"Content-Length: 12\r\nContent-Encoding: gzip\r\n\r\n"
)


def octets(data: bytes) -> np.ndarray:
    """`data` as kernels take it."""
    return np.frombuffer(data or b"\0", np.uint8)


def parse(data: bytes) -> tuple[int, np.void]:
    """The kind of head, and its row."""
    head = new_records(1, EVENT)[0]
    return int(parse_head(octets(data), 0, len(data), head)), head


def part(data: bytes, head: np.void, name: str) -> bytes:
    """The octets of one part of a head."""
    return data[head[name] : head[name] + head[f"{name}_len"]]


def test_a_request_field_by_field() -> None:
    what, head = parse(POST)
    assert what == REQUEST
    assert [part(POST, head, name) for name in ("method", "target", "host", "agent", "kind")] == [
        b"POST",
        b"/v1/sync?x=1",
        b"api.example.com",
        b"made/1.0",
        b"application/json; charset=utf-8",
    ]
    assert (head["length"], head["coding"], head["chunked"], head["upgrade"]) == (12, GZIP, 0, 0)


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.10 200 ok", b"HTTP/1.01 200 ok", b"HTTP/1 200 ok"])
def test_a_response_in_forms_that_browsers_forgive(line: bytes) -> None:
    what, head = parse(line + b"\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
    assert (what, head["status"], head["chunked"], head["coding"], head["length"]) == (RESPONSE, 200, 1, GZIP, -1)


@pytest.mark.parametrize("line", [b"", b"GET /", b"GET", b"HTTP/1.1 abc OK", b"HTTP/1.1 099 OK", b"GET / FTP-1.1", b" / HTTP/1.1"[1:]])
def test_what_is_no_head(line: bytes) -> None:
    assert parse(line + b"\r\n\r\n")[0] == BROKEN


def test_cut_at_every_octet() -> None:
    for stop in range(len(POST)):
        what, head = parse(POST[:stop])
        assert find_head_end(octets(POST), 0, stop) == -1
        assert what == BROKEN or part(POST, head, "method") == b"POST"
    assert find_head_end(octets(POST), 0, len(POST)) == len(POST)


@given(st.binary(max_size=300))
@example(b"\n\n")
def test_the_end_of_a_head_is_its_first_empty_line(data: bytes) -> None:
    ends = [data.find(mark) + len(mark) for mark in (b"\n\n", b"\n\r\n") if mark in data]
    assert find_head_end(octets(data), 0, len(data)) == min(ends, default=-1)


@given(
    st.lists(
        st.sampled_from([b"GET", b" ", b"/", b"HTTP/1.1", b"\r\n", b":", b"host", b"content-length", b"9", b"\0", b"\xff"]), max_size=30
    )
)
def test_hostile_heads_stay_inside(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    _, head = parse(data)
    for name in ("method", "target", "host", "agent", "kind"):
        assert head[f"{name}_len"] == 0 or 0 <= head[name] <= head[name] + head[f"{name}_len"] <= len(data)


@given(st.binary(max_size=20))
def test_numbers(data: bytes) -> None:
    plain = int(data) if 0 < len(data) <= 15 and all(48 <= c <= 57 for c in data) else -1
    assert read_number(octets(data), 0, len(data)) == plain


@pytest.mark.parametrize(
    ("value", "media", "charset"),
    [
        (b"application/json;charset=UTF-8", M_JSON, C_UTF8),
        (b"application/x-www-form-urlencoded", M_FORM, 0),
        (b"text/html; charset=gb2312", M_HTML, C_GB18030),
        (b"text/csv", M_CSV, 0),
        (b"application/soap+xml", M_XML, 0),
        (b"image/png", M_IMAGE, 0),
        (b"image/svg+xml", M_UNKNOWN, 0),
        (b"x", M_UNKNOWN, 0),
    ],
)
def test_media_and_charset(value: bytes, media: int, charset: int) -> None:
    assert (parse_media(octets(value), 0, len(value)), parse_charset(octets(value), 0, len(value))) == (media, charset)


@pytest.mark.parametrize(
    ("value", "coding"), [(b"gzip", GZIP), (b"X-GZIP", GZIP), (b"deflate", DEFLATE), (b"br", OTHER_CODING), (b"identity", IDENTITY)]
)
def test_codings(value: bytes, coding: int) -> None:
    assert parse(b"GET / HTTP/1.1\r\nContent-Encoding: " + value + b"\r\n\r\n")[1]["coding"] == coding
