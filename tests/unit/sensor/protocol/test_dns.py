"""DNS messages: against dpkt, cut at every octet, and hostile ones."""

from __future__ import annotations

import dpkt
from hypothesis import given
from hypothesis import strategies as st

from sensor.protocol.dns import AAAA, CNAME, A, read_dns, read_name

QUERY = bytes.fromhex("1234010000010000000000000377777707657861 6d706c6503636f6d0000010001".replace(" ", ""))
ANSWER = (
    bytes.fromhex("123481800001000300000000")
    + b"\x03www\x07example\x03com\0"
    + bytes.fromhex("00010001")
    + bytes.fromhex("c00c000500010000003c0002c010")
    + bytes.fromhex("c010000100010000003c0004c0000201")
    + bytes.fromhex("c010001c00010000003c0010")
    + bytes(15)
    + b"\x01"
)
labels = st.lists(st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True), min_size=1, max_size=5)


def test_a_question() -> None:
    message = read_dns(QUERY)
    assert message is not None
    assert (message.response, message.name, message.kind, message.answers) == (False, b"www.example.com", 1, ())


def test_answers_and_compressed_names() -> None:
    message = read_dns(ANSWER)
    assert message is not None
    assert message.response
    assert [a.kind for a in message.answers] == [CNAME, A, AAAA]
    assert [a.value for a in message.answers] == [b"example.com", b"\xc0\0\2\1", bytes(15) + b"\x01"]


@given(labels, st.integers(1, 300), st.integers(0, 0xFFFF))
def test_questions_equal_dpkt(parts: list[str], kind: int, number: int) -> None:
    name = ".".join(parts)
    made = dpkt.dns.DNS(id=number, qd=[dpkt.dns.DNS.Q(name=name, type=kind)])
    message = read_dns(bytes(made))
    assert message is not None
    assert (message.name, message.kind) == (name.encode(), kind)


def test_more_questions_than_there_are() -> None:
    message = read_dns(QUERY[:4] + b"\x81\x00" + QUERY[6:])
    assert message is not None
    assert message.name == b"www.example.com"


def test_pointers_never_loop() -> None:
    assert read_name(b"\xc0\x00", 0)[1] == -1
    assert read_name(b"\x01a\xc0\x00", 0)[1] == -1
    assert read_name(b"\xc0\x02\xc0\x00", 0)[1] == -1
    assert read_name(b"\xc0\x02\xc0\x00", 2)[1] == -1


def test_cut_at_every_octet() -> None:
    for whole in (QUERY, ANSWER):
        for stop in range(len(whole)):
            message = read_dns(whole[:stop])
            assert message is None or message.name == b"www.example.com"


@given(st.binary(max_size=300))
def test_noise_never_raises(octets: bytes) -> None:
    message = read_dns(octets)
    assert message is None or len(message.name) <= 255


@given(st.data())
def test_flipped_octets_never_raise(data: st.DataObject) -> None:
    octets = bytearray(ANSWER)
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    read_dns(bytes(octets))
