"""Handshakes: made ones field by field, cut at every octet, and hostile ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.protocol.ja4 import ja4
from sensor.protocol.tls import ClientHello, read_client_hello, read_handshake, read_server_hello


def sized(octets: bytes, width: int) -> bytes:
    """`octets` behind their length in `width` octets."""
    return len(octets).to_bytes(width, "big") + octets


def extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + sized(content, 2)


def client_hello(name: bytes = b"api.example.com") -> bytes:
    """The body of a ClientHello."""
    extensions = extension(0x0A0A, b"") + extension(0, sized(b"\0" + sized(name, 2), 2))
    extensions += extension(16, sized(sized(b"h2", 1) + sized(b"http/1.1", 1), 2))
    extensions += extension(13, sized(bytes.fromhex("04030804"), 2)) + extension(43, sized(bytes.fromhex("0a0a03040303"), 1))
    ciphers = bytes.fromhex("0a0a13011302c02b")
    return b"\x03\x03" + bytes(32) + sized(b"s" * 32, 1) + sized(ciphers, 2) + sized(b"\0", 1) + sized(extensions, 2)


def server_hello(version: bytes = b"\x03\x03", chosen: bytes = b"\x03\x04") -> bytes:
    return version + bytes(32) + sized(b"s" * 32, 1) + b"\x13\x01\0" + sized(extension(43, chosen), 2)


def record(kind: int, body: bytes, most: int = 1 << 14) -> bytes:
    """A handshake message in records of at most `most` octets."""
    message = bytes([kind]) + sized(body, 3)
    return b"".join(b"\x16\x03\x01" + sized(message[i : i + most], 2) for i in range(0, len(message), most))


def test_client_hello_field_by_field() -> None:
    hello = read_handshake(record(1, client_hello())).client
    assert hello is not None
    assert (hello.sni, hello.alpn, hello.version) == (b"api.example.com", (b"h2", b"http/1.1"), 0x0303)
    assert hello.versions == (0x0A0A, 0x0304, 0x0303)
    assert hello.ciphers == (0x0A0A, 0x1301, 0x1302, 0xC02B)
    assert hello.algorithms == (0x0403, 0x0804)


def test_a_hello_over_many_records_reads_as_one() -> None:
    assert read_handshake(record(1, client_hello(), 7)) == read_handshake(record(1, client_hello()))


def test_server_hello_names_version_and_cipher() -> None:
    hello = read_handshake(record(2, server_hello())).server
    assert hello is not None
    assert (hello.version, hello.cipher) == (0x0304, 0x1301)


def test_server_hello_of_an_early_draft_has_no_session() -> None:
    hello = read_server_hello(b"\x7f\x12" + bytes(32) + b"\x13\x02" + sized(extension(16, sized(sized(b"h2", 1), 2)), 2))
    assert hello is not None
    assert (hello.version, hello.cipher, hello.alpn) == (0x7F12, 0x1302, b"h2")


def test_cut_at_every_octet() -> None:
    whole = record(1, client_hello()) + record(2, server_hello())
    for stop in range(len(whole)):
        said = read_handshake(whole[:stop])
        assert said.client is None or said.client.version == 0x0303
    for stop in range(len(client_hello())):
        hello = read_client_hello(client_hello()[:stop])
        assert hello is None or b"api.example.com".startswith(hello.sni)
        assert hello is None or hello.ciphers == (0x0A0A, 0x1301, 0x1302, 0xC02B)[: len(hello.ciphers)]
    for stop in range(len(server_hello())):
        read_server_hello(server_hello()[:stop])


@given(st.binary(max_size=400), st.sampled_from([1, 2, 11, 4]))
def test_hostile_bodies_never_raise(body: bytes, kind: int) -> None:
    said = read_handshake(record(kind, body))
    if said.client is not None:
        assert len(ja4(said.client)) == 36


@given(st.data())
def test_hellos_with_flipped_octets_never_raise(data: st.DataObject) -> None:
    octets = bytearray(record(1, client_hello()) + record(2, server_hello()) + record(11, b"\0\0\x09\0\0\x06" + b"0" * 6))
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    said = read_handshake(bytes(octets))
    if said.client is not None:
        assert isinstance(ja4(said.client), str)


@given(st.binary(max_size=300))
def test_noise_never_raises(octets: bytes) -> None:
    read_handshake(octets)


def test_ja4_leaves_grease_out_and_sorts() -> None:
    hello = read_client_hello(client_hello())
    assert hello is not None
    # checked by hand: 3 ciphers, 4 extensions, h2; sha256 of 1301,1302,c02b and of 000d,002b_0403,0804
    assert ja4(hello) == "t13d0304h2_" + _digest("1301,1302,c02b") + "_" + _digest("000d,002b_0403,0804")
    assert ja4(hello, "q").startswith("q13d")


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:12]


def test_ja4_of_an_empty_hello() -> None:
    assert ja4(ClientHello(0x0303, (), (), b"", (), (), ())) == "t12i000000_000000000000_000000000000"
