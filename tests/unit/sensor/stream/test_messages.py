"""HTTP, DNS over TCP and datagrams: messages are cut where they end, however their segments lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.protocol.codes import Proto
from tests.unit.sensor.stream.wire import ACK, BACK, FIN, OUT, Message, Segment, Wire, segments_of

BODY = st.binary(min_size=1, max_size=600)
CUTS = st.lists(st.integers(0, 9000), max_size=25)
JSON, FORM, MULTIPART, HEAD_MEDIA = 2, 3, 7, 8


def chunked(body: bytes, sizes: list[int], trailer: bytes = b"") -> bytes:
    """`body` in chunks (RFC 9112 section 7.1)."""
    pieces, at = [], 0
    for i, size in enumerate(sizes):
        piece = body[at : at + size]
        at += size
        if piece:
            pieces.append(b"%x%s\r\n%s\r\n" % (len(piece), b";ext=abc" if i % 2 else b"", piece))
    if body[at:]:
        pieces.append(b"%X \r\n%s\r\n" % (len(body[at:]), body[at:]))
    return b"".join(pieces) + b"0\r\n" + trailer + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """(what is sent, head or body by head or body; what must be shown; the heads)."""
    sent, shown, heads = [], [], []
    for _ in range(draw(st.integers(1, 6))):
        kind, body = draw(st.sampled_from(["get", "post", "chunked", "empty"])), draw(BODY)
        if kind == "get":
            head, wire = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b""
        elif kind == "empty":
            head, wire = b"POST /e HTTP/1.1\nContent-Length: 0\n\n", b""
        elif kind == "post":
            head, wire = b"POST /p HTTP/1.1\r\nContent-Length: %d\r\nContent-Type: application/json\r\n\r\n" % len(body), body
        else:
            sizes = draw(st.lists(st.integers(1, 300), max_size=5))
            head = b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            wire = chunked(body, sizes, draw(st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: b\r\nC: d\r\n"])))
        sent += [head + wire]
        shown += [head] + ([body] if wire else [])
        heads += [head]
    return sent, shown, heads


@given(made=requests(), cuts=CUTS, when=st.sets(st.integers(0, 25)), one_way=st.sampled_from([OUT, BACK]))
def test_requests_cut_anywhere(made: tuple[list[bytes], list[bytes], list[bytes]], cuts: list[int], when: set[int], one_way: int) -> None:
    sent, shown, heads = made
    stream = b"".join(sent)
    wire = Wire(outbound=one_way)
    for i, segment in enumerate(segments_of(stream, cuts, one_way)):
        wire.send([segment])
        if i in when:
            wire.flush()
    wire.close()
    wire.check()
    assert wire.shown(one_way) == shown
    assert wire.octets(one_way) == {"inspected": len(stream)}
    assert [data for _, proto, data in wire.events if proto == Proto.HTTP] == heads  # a body may look like one


def test_a_request_cut_at_each_octet() -> None:
    head, body = b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", bytes(range(97, 123))
    stream = head + chunked(body, [5, 16], b"T: 1\r\n") + b"GET / HTTP/1.0\r\n\r\n"
    for at in range(1, len(stream)):
        wire = Wire()
        wire.send([Segment(OUT, 0, stream[:at])])
        wire.flush()
        wire.send([Segment(OUT, at, stream[at:])])
        wire.close()
        wire.check()
        assert wire.shown() == [head, body, b"GET / HTTP/1.0\r\n\r\n"], at


def answer(asked: bytes, said: list[bytes], ends: bool = False) -> list[bytes]:
    """What is shown of the answers `said` to `asked`, outbound being the answering side."""
    wire = Wire(outbound=BACK)
    wire.send([Segment(OUT, 0, asked)])
    at = 0
    for data in said:
        wire.send([Segment(BACK, at, data)])
        at += len(data)
    if ends:
        wire.send([Segment(BACK, at, flags=FIN | ACK)])
    wire.close()
    wire.check()
    return wire.shown(BACK)


GET, HEAD = b"GET / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
SAME = b"HTTP/1.1 304 Same\r\nContent-Length: 99\r\n\r\n"
OPEN = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("asked", "said", "shown"),
    [
        (GET + GET, [OK + b"body" + OK + b"more"], [OK, b"body", OK, b"more"]),
        (HEAD + b"", [OK + OK], [OK, OK]),
        (GET, [OPEN + b"until", b" the end"], [OPEN, b"until the end"]),
        (GET + GET, [SAME + OK + b"body"], [SAME, OK, b"body"]),
        (GET, [b"HTTP/1.1 100 Go\r\n\r\n" + OK + b"body"], [b"HTTP/1.1 100 Go\r\n\r\n", OK, b"body"]),
        (GET, [b"HTTP/1.1 204 No\r\n\r\n" + OK + b"body"], [b"HTTP/1.1 204 No\r\n\r\n", OK, b"body"]),
        (GET, [b"HTTP/1.1 101 Up\r\nUpgrade: x\r\n\r\n" + b"\0raw", b"frames"], [b"HTTP/1.1 101 Up\r\nUpgrade: x\r\n\r\n", b"\0rawframes"]),
    ],
)
def test_answers_end_where_they_end(asked: bytes, said: list[bytes], shown: list[bytes]) -> None:
    assert answer(asked, said, ends=True) == shown


def message(stream: bytes, way: int = OUT) -> Message:
    """The last message of `stream`."""
    wire = Wire()
    wire.send([Segment(OUT, 0, stream, flags=FIN | ACK)])
    wire.close()
    wire.check()
    return [m for _, m in sorted(wire.messages.items()) if m.way == way and m.data][-1]


@pytest.mark.parametrize(
    ("fields", "media", "coding", "charset"),
    [
        (b"Content-Type: application/json; charset=UTF-8", JSON, 0, 1),
        (b"content-type: application/x-www-form-urlencoded;charset=GBK", FORM, 0, 2),
        (b"Content-Type: multipart/form-data; boundary=x\r\nContent-Encoding: gzip", MULTIPART, 1, 0),
        (b"Content-Encoding: deflate", 0, 2, 0),
        (b"Content-Type: application/octet-stream", 0, 0, 0),
    ],
)
def test_what_a_head_says_of_its_body(fields: bytes, media: int, coding: int, charset: int) -> None:
    made = message(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n" + fields + b"\r\n\r\nbody")
    assert (made.data, made.media, made.coding, made.charset) == (b"body", media, coding, charset)


def test_what_a_head_without_a_body_says_is_forgotten() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"GET / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Type: image/png\r\n\r\nBROKEN\r\n\r\ntext")])
    wire.close()
    wire.check()
    last = [m for _, m in sorted(wire.messages.items())][-1]
    assert (last.data, last.coding, last.media) == (b"BROKEN\r\n\r\ntext", 0, 0)


@pytest.mark.parametrize("kind", [b"Content-Type: image/png", b"Content-Type: video/mp4", b"Content-Encoding: br"])
def test_what_cannot_be_read_is_passed_over(kind: bytes) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 5000\r\n" + kind + b"\r\n\r\n"
    wire = Wire()
    wire.send(segments_of(head + b"x" * 5000 + GET, [700, 1400, 2800]))
    wire.close()
    wire.check()
    assert wire.shown() == [head, GET]
    assert wire.octets(OUT) == {"inspected": len(head) + len(GET), "undecodable": 5000}


def test_a_decoders_message_ends_although_its_octets_were_handed_on_before() -> None:
    wire = Wire()
    begun = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nzzzz\r\n"
    wire.send([Segment(OUT, 0, begun)])
    wire.flush(forget=True)
    wire.send([Segment(OUT, len(begun), b"0\r\n\r\n")])
    wire.look()
    assert [m.last for m in wire.messages.values()] == [True, True]


def test_a_chunk_size_that_is_none_is_content() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire = Wire()
    wire.send([Segment(OUT, 0, head + b"2\r\nab\r\nxyz and more of it")])
    wire.close()
    wire.check()
    assert wire.shown() == [head, b"ab", b"xyz and more of it"]


def test_a_flush_within_a_chunk_extension_is_no_size() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire = Wire()
    wire.send([Segment(OUT, 0, head + b"2\r\nab\r\n3;ext=")])
    wire.flush()
    wire.send([Segment(OUT, len(head) + 13, b"abc\r\ncde\r\n0\r\n\r\n")])
    wire.close()
    wire.check()
    assert wire.shown() == [head, b"abcde"]


POST = b"POST /p HTTP/1.1\r\nContent-Length: 100\r\n\r\n"


def test_a_gap_within_a_body_keeps_step() -> None:
    wire = Wire()
    n = len(POST)
    wire.send([Segment(OUT, 0, POST + b"a" * 20), Segment(OUT, n + 50, b"b" * 50), Segment(OUT, n + 100, GET)])
    wire.close()
    wire.check()
    assert wire.shown() == [POST, b"a" * 20, b"b" * 50, GET]
    assert [m.gap for _, m in sorted(wire.messages.items())] == [False, False, True, False]


def test_a_gap_up_to_a_bodys_end_keeps_step() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, POST + b"a" * 20), Segment(OUT, len(POST) + 100, GET)])
    wire.close()
    wire.check()
    assert wire.shown() == [POST, b"a" * 20, GET]
    assert len([1 for _, proto, _ in wire.events if proto == Proto.HTTP]) == 2


def test_a_gap_in_coded_content_is_told_to_the_decoder() -> None:
    head = POST.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    wire = Wire()
    wire.send([Segment(OUT, 0, head + b"a" * 20), Segment(OUT, len(head) + 50, b"b" * 50)])
    wire.close()
    wire.check()
    last = [m for _, m in sorted(wire.messages.items())][-1]
    assert (last.data, last.coding, last.gap) == (b"a" * 20 + b"b" * 50, 1, True)


def test_after_a_gap_over_a_head_the_next_head_is_found() -> None:
    wire = Wire()
    n = len(POST)
    wire.send([Segment(OUT, 0, POST[:20]), Segment(OUT, n, b"x" * 100), Segment(OUT, n + 100, POST), Segment(OUT, n + 100 + n, b"y" * 100)])
    wire.close()
    wire.check()
    assert wire.shown() == [POST[:20], b"x" * 100, POST, b"y" * 100]


def test_a_stream_entered_in_the_middle_is_met_at_its_next_head() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 77, b"\xe4\xb8\xad half a body"), Segment(OUT, 92, GET + GET)])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\xe4\xb8\xad half a body", GET, GET]


def test_a_tls_stream_entered_in_the_middle_is_encrypted_from_its_next_record_on() -> None:
    record = b"\x17\x03\x03\x00\x20" + bytes(32)
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\xff" * 30), Segment(OUT, 30, record + record[:20]), Segment(OUT, 87, record[20:])])
    wire.close()
    wire.check()
    assert wire.octets(OUT) == {"inspected": 30, "encrypted": 74}


@given(sizes=st.lists(st.integers(12, 900), min_size=1, max_size=5), cuts=CUTS)
def test_dns_messages_over_tcp(sizes: list[int], cuts: list[int]) -> None:
    messages = [bytes([i]) * n for i, n in enumerate(sizes)]
    stream = b"".join(len(m).to_bytes(2, "big") + m for m in messages)
    wire = Wire(port=53)
    wire.send(segments_of(stream, cuts))
    wire.close()
    wire.check()
    assert [data for _, proto, data in wire.events if proto == Proto.DNS] == messages
    assert wire.octets(OUT) == {"inspected": len(stream)}


@given(sizes=st.lists(st.integers(0, 1400), max_size=40), large=st.integers(16380, 40000))
def test_each_datagram_is_a_message(sizes: list[int], large: int) -> None:
    sent = [bytes([1 + i]) * n for i, n in enumerate(sizes)] + [b"\1" * large]
    wire = Wire(proto=17)
    wire.send([Segment(OUT, 0, data, proto=17) for data in sent] + [Segment(BACK, 0, b"back", proto=17)])
    wire.close()
    wire.check()
    assert wire.shown() == [data for data in sent if data]
    assert wire.octets(OUT) == {"inspected": sum(map(len, sent))}
    assert wire.octets(BACK) == {"not_outbound": 4}


def test_datagrams_that_cannot_be_read() -> None:
    wire = Wire(proto=17)
    quic = b"\xc0\0\0\0\1" + bytes(30)
    wire.send([Segment(OUT, 0, quic, proto=17), Segment(OUT, 0, b"part", proto=17, fragment=1), Segment(OUT, 0, b"esp", proto=50),
               Segment(OUT, 0, b"snap", proto=17, snapped=9)])
    wire.close()
    wire.check()
    assert wire.octets(OUT) == {"inspected": 4, "encrypted": 38, "undecodable": 4, "truncated": 9}


def test_dns_datagrams_are_events() -> None:
    wire = Wire(proto=17)
    wire.send([Segment(OUT, 0, b"q" * 30, proto=17, ports=(4000, 53)), Segment(BACK, 0, b"a" * 40, proto=17, ports=(53, 4000))])
    wire.close()
    wire.check()
    assert wire.events == [(OUT, Proto.DNS, b"q" * 30), (BACK, Proto.DNS, b"a" * 40)]
    assert wire.shown() == []


@pytest.mark.parametrize("verdict", [1, 2])
def test_verdicts_give_octets_their_reason(verdict: int) -> None:
    wire = Wire(verdict=verdict)
    wire.send([Segment(OUT, 0, b"\0" * 40000)])
    wire.close()
    wire.check()
    assert wire.octets(OUT) == {"undecodable": 40000}
