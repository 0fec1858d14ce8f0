"""Names in a certificate, by walking its DER: subjectAltName's dNSNames, else the subject's common name.

Source: RFC 5280, X.690. Nothing is verified; hostile lengths end the walk.
"""

from __future__ import annotations

SEQUENCE, SET, OCTETS, CONTEXT_3, DNS_NAME = 0x30, 0x31, 0x04, 0xA3, 0x82
ALT_NAME, COMMON_NAME = bytes.fromhex("0603551d11"), bytes.fromhex("0603550403")
MOST_NAMES = 256


def read_value(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, start, stop) of the value at `at`; stop is never behind the data, tag is -1 where there is none."""
    if at + 2 > len(data):
        return -1, at, len(data)
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        if octets > 4:
            return -1, at, len(data)
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    return tag, start, min(start + length, len(data))


def certificate_names(certificate: bytes) -> tuple[bytes, ...]:
    """DNS names of a certificate; its common name where it has none."""
    at = certificate.find(ALT_NAME)
    if at >= 0:
        names = alt_names(certificate, at + len(ALT_NAME))
        if names:
            return names
    return common_name(certificate)


def alt_names(data: bytes, at: int) -> tuple[bytes, ...]:
    """dNSNames of the extension whose value follows at `at` (perhaps behind `critical`)."""
    tag, start, stop = read_value(data, at)
    if tag == 0x01:
        tag, start, stop = read_value(data, stop)
    if tag != OCTETS:
        return ()
    tag, start, stop = read_value(data, start)
    found: list[bytes] = []
    while tag == SEQUENCE and start < stop and len(found) < MOST_NAMES:
        kind, begin, end = read_value(data, start)
        if kind == -1 or end <= start:
            break
        if kind == DNS_NAME:
            found.append(data[begin:end])
        start = end
    return tuple(found)


def common_name(data: bytes) -> tuple[bytes, ...]:
    """The last common name: the subject's, which stands behind the issuer's."""
    at = data.rfind(COMMON_NAME)
    if at < 0:
        return ()
    tag, start, stop = read_value(data, at + len(COMMON_NAME))
    return (data[start:stop],) if tag in (0x0C, 0x13, 0x14, 0x16) else ()
