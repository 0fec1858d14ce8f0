"""Cases: what is said in clear by each protocol."""

from __future__ import annotations

import random

from scapy.layers.dns import DNS, DNSQR, DNSRR

from tests.golden.case import OK, Case, ask, persons_json, post, talk

# made by the demonstration, which `case` has put on the path
from capture import client_hello, sealed, server_hello  # isort: skip


def tls() -> list:  # type: ignore[type-arg]
    """Hellos in clear, then sealed records both ways."""
    rng = random.Random(1)
    return talk(client_hello("vault.example.net", rng), server_hello(rng) + sealed(4096, rng), sealed(8192, rng), dport=443)


def dns() -> list:  # type: ignore[type-arg]
    """A question and its answer: an alias, and an address."""
    question = DNSQR(qname="www.example.com")
    records = DNSRR(rrname="www.example.com", type="CNAME", ttl=60, rdata="edge.example.net") / DNSRR(
        rrname="edge.example.net", ttl=60, rdata="203.0.113.80"
    )
    return ask(bytes(DNS(id=7, rd=1, qd=question)), bytes(DNS(id=7, qr=1, ra=1, qd=question, an=records)))


def http_names() -> list:  # type: ignore[type-arg]
    """Two requests on one connection; the path and the agent hold what must be redacted."""
    first = b"GET /users/13812345679?id=7 HTTP/1.1\r\nHost: a.example.net\r\nUser-Agent: app/1 u000001@mail1.cn\r\n\r\n"
    return talk(first, OK, b"HEAD /next HTTP/1.1\r\nHost: b.example.net\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n")


CASES = {
    "http_post": Case(lambda: talk(post(persons_json()), OK)),
    "http_names": Case(http_names),
    "http_upgrade": Case(lambda: talk(
        b"GET /chat HTTP/1.1\r\nHost: ws.example.net\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", b"\x81\x05hello")),
    "tls": Case(tls),
    "dns": Case(dns),
    "ssh": Case(lambda: talk(b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", bytes(range(256)) * 4, dport=22)),
    "plain_tcp": Case(lambda: talk(persons_json(), b"thanks", dport=9000)),
    "plain_udp": Case(lambda: ask(persons_json(1), b"thanks", dport=514)),
}
