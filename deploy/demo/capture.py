"""Makes the demonstration's capture: six lines, six holders, made-up persons, permitted and unpermitted transfers.

    python deploy/demo/capture.py OUT.pcap [--end 2026-11-23T15:00:00+08:00] [--hours 3]

The same end gives the same octets. lines.toml and permissions.toml beside this file say who is who.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

from conversation import Ends, Turn, converse, datagram
from people import Person, make_persons
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.packet import Packet
from scapy.utils import PcapWriter

Conversations = Iterator[Iterator[Packet]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}"


def post(host: str, path: str, body: bytes, kind: str, extra: str = "") -> bytes:
    """One HTTP request with a body."""
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sync/2.1\r\nContent-Type: {kind}\r\n{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def owners_json(persons: list[Person], batch: str) -> bytes:
    rows = [{"owner": p.name, "id_no": p.resident_id, "mobile": p.mobile, "vin": p.vin, "plate": p.plate} for p in persons]
    return json.dumps({"batch": batch, "rows": rows}, ensure_ascii=False).encode()


def patients_csv(persons: list[Person]) -> bytes:
    lines = ["姓名,身份证号,手机号,住址,诊断"] + [f"{p.name},{p.resident_id},{p.mobile},{p.address},I10" for p in persons]
    return "\r\n".join(lines).encode("gb18030")


def multipart(name: str, kind: str, data: bytes) -> tuple[bytes, str]:
    mark = "----guankou-demo"
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + data + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def orders_json(persons: list[Person], with_card: bool) -> bytes:
    rows = [{"consignee": p.name, "mobile": p.mobile, "address": p.address, "email": p.email} for p in persons]
    if with_card:
        rows = [{**row, "bank_card": p.bank_card} for row, p in zip(rows, persons, strict=True)]
    return json.dumps(rows, ensure_ascii=False).encode()


def client_hello(name: str, rng: random.Random) -> bytes:
    """A TLS 1.3 ClientHello with SNI and ALPN (RFC 8446 section 4.1.2)."""
    host = name.encode()
    sni = struct.pack("!HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    groups, algorithms = "000a00080006001d00170018", "000d000a00080403080404010503"
    versions, alpn = "002b0003020304", "0010000e000c02683208687474702f312e31"
    extensions = sni + bytes.fromhex(groups + algorithms + versions + alpn)
    suites = bytes.fromhex("0008130113021303c02f")
    body = b"\x03\x03" + rng.randbytes(32) + b"\0" + suites + b"\x01\0" + struct.pack("!H", len(extensions)) + extensions
    message = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message


def server_hello(rng: random.Random) -> bytes:
    """A TLS 1.3 ServerHello (RFC 8446 section 4.1.3)."""
    body = b"\x03\x03" + rng.randbytes(32) + b"\0" + b"\x13\x01\0" + bytes.fromhex("0006002b00020304")
    return b"\x16\x03\x03" + struct.pack("!H", len(body) + 4) + b"\x02" + struct.pack("!I", len(body))[1:] + body


def sealed(octets: int, rng: random.Random) -> bytes:
    """Opaque TLS application data records."""
    out = b""
    while len(out) < octets:
        out += b"\x17\x03\x03\x10\x00" + rng.randbytes(4096)
    return out


class Stage:
    """The span that the story fills, and the chance that moves it."""

    def __init__(self, end_s: float, span_s: float) -> None:
        self.end_s, self.span_s = end_s, span_s
        self.rng = random.Random(20261123)  # noqa: S311 - made-up data, no secret

    def when(self, share: float) -> float:
        """The moment at `share` of the span."""
        return self.end_s - self.span_s * (1 - share)

    def talk(self, vlan: int, src: str, dst: str, dport: int, share: float, *said: bytes, **how: float) -> Iterator[Packet]:
        """A conversation in which the ends take turns, `src` first."""
        ends = Ends(vlan, src, self.rng.randint(30000, 60000), dst, dport)
        return converse(ends, [Turn(i % 2 == 0, data) for i, data in enumerate(said)], self.when(share), self.rng, **how)  # type: ignore[arg-type]


def owners_to_singapore(stage: Stage) -> Conversations:
    """Beichen Auto sends 12,480 owners; its filing names Germany, not Singapore."""
    owners = make_persons(12_480, 1)
    for k in range(20):
        said = []
        for j in range(k * 3, k * 3 + 3):
            body = owners_json(owners[j * 208 : (j + 1) * 208], f"sync-{j}")
            said += [post("dms-sg.example.net", "/v2/owners/sync", body, "application/json"), OK]
        yield stage.talk(107, "10.21.7.44", "10.121.3.18", 8443, 0.08 + 0.04 * k, *said, disorder=0.02)


def patients_to_germany(stage: Stage) -> Conversations:
    """Helan Pharma sends more patients than its assessment allows, as GB18030 tables."""
    patients = make_persons(6_480, 2)
    for k in range(9):
        body, kind = multipart(f"visit-{k}.csv", "text/csv; charset=gb18030", patients_csv(patients[k * 720 : (k + 1) * 720]))
        yield stage.talk(202, "10.22.4.9", "10.122.8.2", 80, 0.15 + 0.08 * k, post("ctms.example.org", "/upload", body, kind), OK)


def orders_to_america(stage: Stage) -> Conversations:
    """Xingdu Commerce sends orders under its contract filing, in gzip; then bank cards, which the filing lacks, in tiny segments."""
    buyers = make_persons(3_000, 3)
    for k in range(12):
        body = gzip.compress(orders_json(buyers[k * 250 : (k + 1) * 250], with_card=False), mtime=0)
        request = post("orders.example.com", f"/api/orders/{k}", body, "application/json; charset=utf-8", "Content-Encoding: gzip\r\n")
        yield stage.talk(303, "10.23.1.30", "10.123.9.77", 8080, 0.05 + 0.07 * k, request, OK)
    cards = post("orders.example.com", "/api/refunds", orders_json(buyers[:160], with_card=True), "application/json")
    yield stage.talk(303, "10.23.1.31", "10.123.9.77", 8080, 0.71, cards, OK, segment=61)


def payroll_to_hong_kong(stage: Stage) -> Conversations:
    """A client in Hong Kong SAR fetches Ruihe's payroll: the response to it is the transfer."""
    rows = [{"姓名": p.name, "身份证号": p.resident_id, "银行卡号": p.bank_card} for p in make_persons(240, 4)]
    answer = gzip.compress(json.dumps(rows).encode(), mtime=0)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(answer)}\r\n\r\n"
    ask = b"GET /payroll/2026-11?dept=all HTTP/1.1\r\nHost: hr.example.cn\r\nUser-Agent: payroll/1.0\r\nAccept: */*\r\n\r\n"
    yield stage.talk(411, "10.124.2.2", "10.24.0.10", 80, 0.55, ask, head.encode() + answer)


def users_to_japan(stage: Stage) -> Conversations:
    """Yunzhu's line has no legal basis on record, so nobody may look into this."""
    for k, p in enumerate(make_persons(40, 5)):
        body = json.dumps({"name": p.name, "id_no": p.resident_id}).encode()
        yield stage.talk(505, "10.25.0.5", "10.125.0.80", 80, 0.1 + 0.02 * k, post("jp.example.jp", "/users", body, "application/json"), OK)


def passengers_to_taiwan(stage: Stage) -> Conversations:
    """Yuanfan sends passengers to Taiwan region, a few a minute, with no filing."""
    for k, p in enumerate(make_persons(86, 6)):
        form = {"姓名": p.name, "护照号": f"E{stage.rng.randint(10**7, 10**8 - 1)}", "手机": p.mobile}
        body = urlencode(form, quote_via=quote).encode()
        request = post("pnr.example.com.tw", "/pax", body, "application/x-www-form-urlencoded")
        yield stage.talk(606, "10.26.3.3", "10.126.1.40", 80, 0.3 + 0.007 * k, request, OK)


def sealed_sessions(stage: Stage) -> Conversations:
    """TLS that stays opaque: its octets are counted as encrypted, never as clean."""
    for vlan, src, dst, name, octets in (
        (107, "10.21.8.1", "10.121.3.20", "telemetry.example.net", 400_000),
        (202, "10.22.4.20", "10.122.8.9", "vault.example.org", 250_000),
        (303, "10.23.2.2", "10.123.9.80", "cdn.example.com", 700_000),
        (505, "10.25.0.9", "10.125.0.90", "git.example.jp", 300_000),
    ):
        for k in range(4):
            hello, answer = client_hello(name, stage.rng), server_hello(stage.rng) + sealed(4096, stage.rng)
            yield stage.talk(vlan, src, dst, 443, 0.1 + 0.2 * k, hello, answer, sealed(octets, stage.rng))


def news_from_america(stage: Stage) -> Conversations:
    """A page that comes in: not outbound, so not looked into."""
    page = ("<p>" + "跨境数据流动便利化服务管理若干措施。" * 400 + "</p>").encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n"
    yield stage.talk(303, "10.23.5.5", "10.123.9.90", 80, 0.4, b"GET /news HTTP/1.1\r\nHost: www.example.com\r\n\r\n", head.encode() + page)


def questions(stage: Stage) -> Conversations:
    """DNS questions and answers over the lines."""
    for vlan, src, dst, name in (
        (107, "10.21.7.44", "10.121.0.53", "dms-sg.example.net"),
        (303, "10.23.1.30", "10.123.0.53", "orders.example.com"),
        (606, "10.26.3.3", "10.126.0.53", "pnr.example.com.tw"),
    ):
        for j in range(6):
            ends, at = Ends(vlan, src, stage.rng.randint(30000, 60000), dst, 53), stage.when(0.05 + 0.15 * j)
            number, question = stage.rng.getrandbits(16), DNSQR(qname=name)
            answer = DNS(id=number, qr=1, ra=1, qd=question, an=DNSRR(rrname=name, ttl=60, rdata=dst))
            asked = bytes(DNS(id=number, rd=1, qd=question))
            yield iter((datagram(ends, True, asked, at), datagram(ends, False, bytes(answer), at + 0.03)))


SCENES = (
    owners_to_singapore, patients_to_germany, orders_to_america, payroll_to_hong_kong, users_to_japan,
    passengers_to_taiwan, sealed_sessions, news_from_america, questions,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--end", type=datetime.datetime.fromisoformat, default=datetime.datetime.now(datetime.UTC))
    parser.add_argument("--hours", type=float, default=3.0)
    args = parser.parse_args()
    stage = Stage(args.end.timestamp(), args.hours * 3600)
    frames = [frame for scene in SCENES for conversation in scene(stage) for frame in conversation]
    frames.sort(key=lambda frame: float(frame.time))
    part = args.out.with_suffix(".part")  # a half-made capture never bears the final name
    with PcapWriter(str(part), linktype=1, sync=False) as writer:
        for frame in frames:
            writer.write(frame)
    part.replace(args.out)
    print(f"{args.out.name}: {len(frames)} packets, {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
