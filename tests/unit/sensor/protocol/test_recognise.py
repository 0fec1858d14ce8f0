"""What first octets mean: streams and datagrams, cut short, and noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.protocol.codes import Proto
from sensor.protocol.recognise_kernels import recognise_datagram, recognise_stream

STREAMS = [
    (b"\x16\x03\x01\x02\x00\x01", Proto.TLS),
    (b"SSH-2.0-OpenSSH_9", Proto.SSH),
    (b"GET / HTTP/1.1", Proto.HTTP),
    (b"OPTIONS * HTTP/1.1", Proto.HTTP),
    (b"CONNECT a.example:443 HTTP/1.1", Proto.HTTP),
    (b"HTTP/1.1 200 OK", Proto.HTTP),
    (b"EHLO", Proto.NEED_MORE),
    (b"\x16\x05\x01\x02\x00\x01", Proto.UNKNOWN),
    (b"*2\r\n$5\r\nHELLO", Proto.UNKNOWN),
    (b"A B", Proto.UNKNOWN),
]


def stream(data: bytes) -> int:
    return int(recognise_stream(np.frombuffer(data or b"\0", np.uint8), 0, len(data)))


def datagram(data: bytes, sport: int = 40000, dport: int = 40001) -> int:
    return int(recognise_datagram(np.frombuffer(data or b"\0", np.uint8), 0, len(data), sport, dport))


@pytest.mark.parametrize(("data", "proto"), STREAMS)
def test_streams(data: bytes, proto: Proto) -> None:
    assert stream(data) == proto


@pytest.mark.parametrize("data", [data for data, proto in STREAMS if proto in (Proto.TLS, Proto.HTTP, Proto.SSH)])
def test_a_beginning_is_never_taken_for_something_else(data: bytes) -> None:
    for stop in range(len(data)):
        assert stream(data[:stop]) in (
            Proto.NEED_MORE,
            stream(data),
            Proto.UNKNOWN if data.startswith(b"SSH") and stop < 4 else stream(data),
        )


@pytest.mark.parametrize(
    ("data", "sport", "dport", "proto"),
    [
        (bytes(12), 40000, 53, Proto.DNS),
        (bytes(11), 40000, 53, Proto.UNKNOWN),
        (bytes(30), 5353, 5353, Proto.DNS),
        (b"\xc3\0\0\0\x01" + bytes(20), 40000, 443, Proto.QUIC),
        (b"\x40" + bytes(30), 443, 40000, Proto.QUIC),
        (b"\x16\xfe\xfd" + bytes(20), 40000, 40001, Proto.DTLS),
        (b"\x01\0\0\0" + bytes(144), 1, 51820, Proto.WIREGUARD),
        (bytes(40), 4500, 4500, Proto.ESP),
        (b"<13>Oct 11", 40000, 514, Proto.UNKNOWN),
        (b"", 40000, 53, Proto.UNKNOWN),
    ],
)
def test_datagrams(data: bytes, sport: int, dport: int, proto: Proto) -> None:
    assert datagram(data, sport, dport) == proto


@given(st.binary(max_size=200), st.sampled_from([1, 53, 443, 500, 40000]))
def test_noise_gets_some_code(data: bytes, port: int) -> None:
    assert stream(data) in set(Proto)
    assert datagram(data, 40000, port) in set(Proto)


def test_record_names() -> None:
    assert [Proto.UNKNOWN.record_name, Proto.NEED_MORE.record_name, Proto.TLS.record_name] == ["", "", "tls"]
