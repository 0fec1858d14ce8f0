"""What a made conversation says, through a whole worker: where heads, handshakes and tunnels begin and end."""

from __future__ import annotations

from pathlib import Path

import dpkt
import pytest

from tests.accuracy.replay import open_worker
from tests.accuracy.said import Fact, listen
from tests.unit.sensor.protocol.test_tls import client_hello, record, server_hello

pytestmark = pytest.mark.jit_only
CLIENT, SERVER = (b"\x0a\0\0\1", 40000), (b"\x0a\0\0\2", 80)
Turn = tuple[str, bytes]  # ">" from the client or "<" from the server, and what it says
GET = b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"


def packet(way: str, seq: int, ack: int, flags: int, data: bytes) -> bytes:
    """One Ethernet frame of the conversation."""
    (src, sport), (dst, dport) = (CLIENT, SERVER) if way == ">" else (SERVER, CLIENT)
    tcp = dpkt.tcp.TCP(sport=sport, dport=dport, seq=seq, ack=ack, flags=flags, data=data)
    ip = dpkt.ip.IP(src=src, dst=dst, p=6, ttl=64, data=tcp)
    ip.len = 20 + 20 + len(data)
    return bytes(dpkt.ethernet.Ethernet(src=b"\2" * 6, dst=b"\4" * 6, type=0x0800, data=ip))


def write(path: Path, turns: list[Turn]) -> Path:
    """A capture of the conversation, with its handshake."""
    at = {">": 1000, "<": 5000}
    frames = [packet(">", 999, 0, 2, b""), packet("<", 4999, 1000, 18, b"")]
    for way, data in turns:
        frames.append(packet(way, at[way], at["<" if way == ">" else ">"], 24, data))
        at[way] += len(data)
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for i, frame in enumerate(frames):
            writer.writepkt(frame, 1_700_000_000 + i / 1000)
    return path


def hear(folder: Path, turns: list[Turn]) -> list[Fact]:
    """What is said, in order."""
    return listen(write(folder / "made.pcap", turns)).facts


def test_what_follows_an_accepted_connect_is_the_tunnels(tmp_path: Path) -> None:
    connect = b"CONNECT a.example:443 HTTP/1.1\r\n\r\n"
    said = hear(
        tmp_path, [(">", connect), ("<", b"HTTP/1.1 200 OK\r\n\r\n"), (">", record(1, client_hello())), ("<", record(2, server_hello()))]
    )
    assert [f.kind for f in said] == ["http_requests", "http_responses", "tls_client_hellos", "tls_server_hellos"]


def test_a_refused_connect_is_an_ordinary_answer(tmp_path: Path) -> None:
    refusal = b"HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nbad"
    said = hear(tmp_path, [(">", b"CONNECT a.example:443 HTTP/1.1\r\n\r\n"), ("<", refusal + b"HTTP/1.1 200 OK\r\n\r\n")])
    assert [f.fields.get("code") for f in said] == [None, "407", "200"]


@pytest.mark.parametrize("between", [b"\r\n", b"\n", b"\r\n\r\n"])
def test_empty_lines_before_a_head_mean_nothing(tmp_path: Path, between: bytes) -> None:
    said = hear(tmp_path, [(">", GET + between + GET)])
    assert [f.fields["uri"] for f in said] == ["/a", "/a"]


def test_a_head_octet_by_octet(tmp_path: Path) -> None:
    said = hear(tmp_path, [(">", bytes([octet])) for octet in GET])
    assert [(f.fields["method"], f.fields["host"]) for f in said] == [("GET", "a.example")]


def test_a_warning_before_the_hello_is_passed_over(tmp_path: Path) -> None:
    warning = b"\x15\x03\x03\0\x02\x01\x70"
    said = hear(tmp_path, [(">", record(1, client_hello())), ("<", warning + record(2, server_hello()))])
    assert [f.kind for f in said] == ["tls_client_hellos", "tls_server_hellos"]


def test_a_header_cannot_claim_octets_that_were_not_on_the_wire(tmp_path: Path) -> None:
    path = write(tmp_path / "made.pcap", [(">", GET)])
    octets = bytearray(path.read_bytes())
    last = len(octets) - len(GET) - 40
    octets[last + 2 : last + 4] = (40_000).to_bytes(2, "big")  # the IP header's total length
    path.write_bytes(octets)
    worker, outbox = open_worker(path, every_flow=True)
    worker.run()
    worker.source.close()
    assert outbox.coverage["wire"] > 0
    assert outbox.unexplained == 0
