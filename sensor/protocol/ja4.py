"""JA4, the TLS client fingerprint (FoxIO, BSD 3-Clause; the rest of the JA4+ family is not free and not here)."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sensor.protocol.tls import ALPN, SNI, ClientHello

VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2", 0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3"}


def is_grease(value: int) -> bool:
    """Values that mean nothing (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


def ja4(hello: ClientHello, transport: str = "t") -> str:
    """The fingerprint of one ClientHello; transport is t for TCP, q for QUIC, d for DTLS."""
    return _ja4(hello.version, hello.ciphers, hello.extensions, hello.alpn[:1], hello.versions, hello.algorithms, transport)


@lru_cache(maxsize=1 << 14)
def _ja4(
    version: int,
    all_ciphers: tuple[int, ...],
    all_extensions: tuple[int, ...],
    alpns: tuple[bytes, ...],
    versions: tuple[int, ...],
    algorithms: tuple[int, ...],
    transport: str,
) -> str:
    ciphers = [c for c in all_ciphers if not is_grease(c)]
    extensions = [e for e in all_extensions if not is_grease(e)]
    best = max((v for v in versions if not is_grease(v)), default=version)
    head = f"{transport}{VERSIONS.get(best, '00')}{'d' if SNI in extensions else 'i'}"
    head += f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}{_alpn(alpns)}"
    hashed = ",".join(sorted(f"{e:04x}" for e in extensions if e not in (SNI, ALPN)))
    chosen = [f"{a:04x}" for a in algorithms if not is_grease(a)]
    if chosen:
        hashed += "_" + ",".join(chosen)
    return f"{head}_{_digest(','.join(sorted(f'{c:04x}' for c in ciphers)))}_{_digest(hashed if extensions else '')}"


def _alpn(alpns: tuple[bytes, ...]) -> str:
    if not alpns or not alpns[0]:
        return "00"
    first, last = alpns[0][:1], alpns[0][-1:]
    if first.isalnum() and last.isalnum():
        return (first + last).decode("ascii")
    return alpns[0].hex()[0] + alpns[0].hex()[-1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "000000000000"
