"""Names in certificates: made with the cryptography of the standard shapes, cut and hostile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.protocol.der import MOST_NAMES, certificate_names, read_value

ALT, COMMON = bytes.fromhex("0603551d11"), bytes.fromhex("0603550403")


def der(tag: int, content: bytes) -> bytes:
    """One value, definite length."""
    n = len(content)
    length = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + length + content


def certificate(names: list[bytes], critical: bool = False) -> bytes:
    """The parts of a certificate that matter: issuer, subject and the alternative names."""
    issuer = der(0x30, der(0x31, der(0x30, COMMON + der(0x13, b"Some Authority"))))
    subject = der(0x30, der(0x31, der(0x30, COMMON + der(0x0C, b"host.example.com"))))
    alternative = der(0x04, der(0x30, b"".join(der(0x82, name) for name in names) + der(0x87, b"\x7f\0\0\x01")))
    extension = der(0x30, ALT + (der(0x01, b"\xff") if critical else b"") + alternative)
    return der(0x30, issuer + subject + (der(0xA3, der(0x30, extension)) if names else b""))


def test_alternative_names_come_first() -> None:
    for critical in (False, True):
        assert certificate_names(certificate([b"a.example", b"*.b.example"], critical)) == (b"a.example", b"*.b.example")


def test_the_subject_answers_where_there_are_none() -> None:
    assert certificate_names(certificate([])) == (b"host.example.com",)


def test_names_are_bounded() -> None:
    assert len(certificate_names(certificate([b"n%d.example" % i for i in range(MOST_NAMES + 50)]))) == MOST_NAMES


def test_cut_at_every_octet() -> None:
    whole = certificate([b"a.example", b"b.example"])
    for stop in range(len(whole)):
        for name in certificate_names(whole[:stop]):
            assert any(known.startswith(name) for known in (b"a.example", b"b.example", b"host.example.com", b"Some Authority"))


@given(st.binary(max_size=200), st.sampled_from([ALT, COMMON, b""]), st.binary(max_size=60))
def test_hostile_certificates_never_raise(before: bytes, identifier: bytes, after: bytes) -> None:
    data = before + identifier + after
    assert all(len(name) <= len(data) for name in certificate_names(data))


@given(st.binary(max_size=40), st.integers(0, 50))
def test_a_value_never_ends_behind_its_data(data: bytes, at: int) -> None:
    _, _, stop = read_value(data, min(at, len(data)))
    assert stop <= len(data)
