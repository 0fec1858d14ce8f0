"""Names of a flow from the events of its streams: the first of each kind, redacted, bounded."""

from __future__ import annotations

import numpy as np

from sensor.protocol.codes import Proto
from sensor.protocol.names import MOST_NAMES, FlowNames, Names
from sensor.records import new_records
from sensor.stream.columns import EVENT
from tests.unit.sensor.protocol.test_dns import QUERY
from tests.unit.sensor.protocol.test_http_heads import POST, octets, parse
from tests.unit.sensor.protocol.test_tls import client_hello, record, server_hello


def read(names: Names, slot: int, proto: Proto, data: bytes, outbound: bool = True) -> FlowNames:
    """Hand one event about `data` in."""
    event = new_records(1, EVENT)
    if proto == Proto.HTTP:
        event[0] = parse(data)[1]
    event["start"], event["stop"], event["proto"] = 0, len(data), proto
    names.read(event, np.array([slot]), np.array([outbound]), octets(data))
    return names.of(slot)


def test_a_request_and_its_response() -> None:
    names = Names()
    read(names, 3, Proto.HTTP, POST)
    said = read(names, 3, Proto.HTTP, b"HTTP/1.1 201 Made\r\nContent-Type: text/html\r\n\r\n", outbound=False)
    assert (said.protocol, said.server_name, said.http_method, said.http_path) == ("http", "api.example.com", "POST", "/v1/sync")
    assert (said.http_status, said.user_agent, said.content_type) == (201, "made/1.0", "application/json")
    assert said.decoder_path == ["HTTP/1.1 POST", "application/json"]


def test_the_first_request_counts() -> None:
    names = Names()
    read(names, 0, Proto.HTTP, POST)
    said = read(names, 0, Proto.HTTP, b"GET /other HTTP/1.1\r\nHost: b.example\r\n\r\n")
    assert (said.http_method, said.server_name, said.server_names) == ("POST", "api.example.com", ["api.example.com", "b.example"])


def test_a_handshake() -> None:
    names = Names()
    read(names, 1, Proto.TLS, record(1, client_hello(b"tls.example.com")))
    said = read(names, 1, Proto.TLS, record(2, server_hello()), outbound=False)
    assert (said.protocol, said.server_name, said.alpn, said.tls_version) == ("tls", "tls.example.com", "h2", "TLS 1.3")
    assert said.ja4.startswith("t13d0304h2_")


def test_questions_are_bounded() -> None:
    names = Names()
    for i in range(MOST_NAMES + 5):
        read(names, 2, Proto.DNS, QUERY.replace(b"\x03www", b"\x03w%02d" % i))
    assert len(names.of(2).server_names) == MOST_NAMES
    assert names.of(2).server_name == "w00.example.com"


def test_flows_are_kept_apart_and_noise_says_nothing() -> None:
    names = Names()
    read(names, 1, Proto.DNS, QUERY)
    said = read(names, 2, Proto.DNS, b"\xff" * 20)
    assert (said.server_name, said.protocol, said.decoder_path) == ("", "", [])
    assert read(names, 1, Proto.TLS, b"\x16\x03\x01").server_name == "www.example.com"
