"""TLS handshakes in clear: ClientHello, ServerHello, certificate names.

Source: RFC 8446 section 4, RFC 5246 section 7.4. Hostile lengths end the reading; what was read before stays.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from sensor.protocol.der import certificate_names

HANDSHAKE, CLIENT_HELLO, SERVER_HELLO, CERTIFICATE = 22, 1, 2, 11
SNI, ALPN, SIGNATURE_ALGORITHMS, SUPPORTED_VERSIONS = 0, 16, 13, 43
VERSION_NAMES = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
MOST_CERTIFICATES = 1  # the leaf; the rest of the chain names authorities


class ClientHello(NamedTuple):
    """What a client offers, in the order of the wire."""

    version: int
    ciphers: tuple[int, ...]
    extensions: tuple[int, ...]
    sni: bytes
    alpn: tuple[bytes, ...]
    versions: tuple[int, ...]
    algorithms: tuple[int, ...]


class ServerHello(NamedTuple):
    """What a server chooses."""

    version: int
    cipher: int
    alpn: bytes


class Handshake(NamedTuple):
    """What one direction said in clear."""

    client: ClientHello | None
    server: ServerHello | None
    names: tuple[bytes, ...]  # of the server's certificate


def read_handshake(records: bytes) -> Handshake:
    """The messages in joined TLS records."""
    data = join_records(records)
    client: ClientHello | None = None
    server: ServerHello | None = None
    names: tuple[bytes, ...] = ()
    at = 0
    while len(data) - at >= 4:
        kind, length = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
        body = data[at + 4 : at + 4 + length]
        if kind == CLIENT_HELLO and client is None:
            client = read_client_hello(body)
        elif kind == SERVER_HELLO and server is None:
            server = read_server_hello(body)
        elif kind == CERTIFICATE and not names:
            names = read_certificate(body)
        at += 4 + length
    return Handshake(client, server, names)


def join_records(records: bytes) -> bytes:
    """The handshake octets of consecutive records."""
    if len(records) >= 5 and len(records) == 5 + int.from_bytes(records[3:5], "big"):
        return records[5:]  # mostly one record
    out, at = [], 0
    while len(records) - at >= 5 and records[at] == HANDSHAKE:
        length = int.from_bytes(records[at + 3 : at + 5], "big")
        out.append(records[at + 5 : at + 5 + length])
        at += 5 + length
    return b"".join(out)


def u16s(data: bytes) -> tuple[int, ...]:
    """Big-endian 16-bit numbers."""
    n = len(data) // 2
    return struct.unpack(f">{n}H", data[: 2 * n])


def read_extensions(data: bytes) -> list[tuple[int, bytes]]:
    """(type, content) of each extension that is whole."""
    found, at = [], 0
    while len(data) - at >= 4:
        kind, length = (data[at] << 8) | data[at + 1], (data[at + 2] << 8) | data[at + 3]
        found.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def read_client_hello(body: bytes) -> ClientHello | None:
    """The body of a ClientHello, or None where it ends before its extensions could begin."""
    if len(body) < 38:
        return None
    at = 35 + body[34]
    n_ciphers = int.from_bytes(body[at : at + 2], "big")
    ciphers = u16s(body[at + 2 : at + 2 + n_ciphers])
    at += 2 + n_ciphers
    if at >= len(body):
        return ClientHello(int.from_bytes(body[:2], "big"), ciphers, (), b"", (), (), ())
    at += 1 + body[at]
    extensions = read_extensions(body[at + 2 :])
    content = dict(reversed(extensions))
    versions = content.get(SUPPORTED_VERSIONS, b"")
    return ClientHello(
        version=int.from_bytes(body[:2], "big"), ciphers=ciphers, extensions=tuple(kind for kind, _ in extensions),
        sni=read_sni(content.get(SNI, b"")), alpn=read_names(content.get(ALPN, b"")[2:]),
        versions=u16s(versions[1 : 1 + versions[0]]) if versions else (), algorithms=u16s(content.get(SIGNATURE_ALGORITHMS, b"")[2:]),
    )


def read_server_hello(body: bytes) -> ServerHello | None:
    """The body of a ServerHello."""
    if len(body) < 38:
        return None
    if body[0] == 0x7F and body[1] < 22:  # drafts of TLS 1.3 before the 22nd had neither session nor compression
        at, rest = 34, 38
    else:
        at = 35 + body[34]
        rest = at + 5
    content = dict(read_extensions(body[rest:])) if len(body) >= rest else {}
    chosen = content.get(SUPPORTED_VERSIONS, b"")
    version = int.from_bytes(chosen if len(chosen) == 2 else body[:2], "big")
    names = read_names(content.get(ALPN, b"")[2:])
    return ServerHello(version, int.from_bytes(body[at : at + 2], "big"), names[0] if names else b"")


def read_sni(data: bytes) -> bytes:
    """The host name of a server_name extension (RFC 6066 section 3)."""
    if len(data) < 5 or data[2] != 0:
        return b""
    return data[5 : 5 + int.from_bytes(data[3:5], "big")]


def read_names(data: bytes) -> tuple[bytes, ...]:
    """Names that one octet of length precedes."""
    found, at = [], 0
    while at < len(data):
        found.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return tuple(found)


def read_certificate(body: bytes) -> tuple[bytes, ...]:
    """Names of the first certificate of a TLS 1.2 Certificate message."""
    if len(body) < 6:
        return ()
    length = int.from_bytes(body[3:6], "big")
    return certificate_names(body[6 : 6 + length])


def version_name(version: int) -> str:
    """A version in words; empty where unknown."""
    return VERSION_NAMES.get(version, "")
