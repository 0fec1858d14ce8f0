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

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}"


def post(host: str, path: str, body: bytes, kind: str, extra: str = "") -> bytes:
    """One HTTP request with a body."""
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sync/2.1\r\nContent-Type: {kind}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


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
    rows = [{"consignee": p.name, "mobile": p.mobile, "address": p.address, "email": p.email, **({"bank_card": p.bank_card} if with_card else {})} for p in persons]
    return json.dumps(rows, ensure_ascii=False).encode()


def client_hello(name: str, rng: random.Random) -> bytes:
    """A TLS 1.3 ClientHello with SNI and ALPN (RFC 8446 section 4.1.2)."""
    host = name.encode()
    sni = struct.pack("!HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    extensions = sni + bytes.fromhex("000a00080006001d00170018" "000d000a00080403080404010503" "002b0003020304" "0010000e000c02683208687474702f312e31")
    body = b"\x03\x03" + rng.randbytes(32) + b"\0" + bytes.fromhex("0008130113021303c02f") + b"\x01\0" + struct.pack("!H", len(extensions)) + extensions
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


def tls_session(vlan: int, src: str, dst: str, name: str, octets: int, at: float, rng: random.Random) -> Iterator[Packet]:
    server = server_hello(rng) + sealed(4096, rng)
    return converse(Ends(vlan, src, rng.randint(30000, 60000), dst, 443), [Turn(True, client_hello(name, rng)), Turn(False, server), Turn(True, sealed(octets, rng))], at, rng)


def story(end_s: float, span_s: float) -> Iterator[Iterator[Packet]]:
    """Every conversation of the demonstration, in no order of time."""
    rng = random.Random(20261123)  # noqa: S311 - made-up data, no secret
    when = lambda share: end_s - span_s * (1 - share)  # noqa: E731 - a share of the span as a moment
    port = lambda: rng.randint(30000, 60000)  # noqa: E731

    owners = make_persons(12_480, 1)
    for k in range(20):  # Beichen Auto: 12,480 owners to Singapore, no permission for it
        turns: list[Turn] = []
        for j in range(3):
            part = owners[(k * 3 + j) * 208 : (k * 3 + j + 1) * 208]
            turns += [Turn(True, post("dms-sg.example.net", "/v2/owners/sync", owners_json(part, f"sync-{k}-{j}"), "application/json")), Turn(False, OK)]
        yield converse(Ends(107, "10.21.7.44", port(), "10.121.3.18", 8443), turns, when(0.08 + 0.04 * k), rng, disorder=0.02)

    patients = make_persons(6_480, 2)
    for k in range(9):  # Helan Pharma: more patients than its assessment allows, in GB18030
        body, kind = multipart(f"visit-{k}.csv", "text/csv; charset=gb18030", patients_csv(patients[k * 720 : (k + 1) * 720]))
        yield converse(Ends(202, "10.22.4.9", port(), "10.122.8.2", 80), [Turn(True, post("ctms.example.org", "/upload", body, kind)), Turn(False, OK)], when(0.15 + 0.08 * k), rng)

    buyers = make_persons(3_000, 3)
    for k in range(12):  # Xingdu Commerce: orders under its contract filing, gzip; then cards, which the filing lacks
        body = gzip.compress(orders_json(buyers[k * 250 : (k + 1) * 250], with_card=False), mtime=0)
        request = post("orders.example.com", f"/api/orders/{k}", body, "application/json; charset=utf-8", "Content-Encoding: gzip\r\n")
        yield converse(Ends(303, "10.23.1.30", port(), "10.123.9.77", 8080), [Turn(True, request), Turn(False, OK)], when(0.05 + 0.07 * k), rng)
    cards = post("orders.example.com", "/api/refunds", orders_json(buyers[:160], with_card=True), "application/json")
    yield converse(Ends(303, "10.23.1.31", port(), "10.123.9.77", 8080), [Turn(True, cards), Turn(False, OK)], when(0.71), rng, segment=61)

    staff = make_persons(240, 4)  # Ruihe: a client in Hong Kong SAR fetches payroll; the response is the transfer
    rows = json.dumps([{"姓名": p.name, "身份证号": p.resident_id, "银行卡号": p.bank_card} for p in staff], ensure_ascii=True).encode()
    answer = gzip.compress(rows, mtime=0)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
    ask = b"GET /payroll/2026-11?dept=all HTTP/1.1\r\nHost: hr.example.cn\r\nUser-Agent: payroll/1.0\r\nAccept: */*\r\n\r\n"
    yield converse(Ends(411, "10.124.2.2", port(), "10.24.0.10", 80), [Turn(True, ask), Turn(False, head + answer)], when(0.55), rng)

    for k, p in enumerate(make_persons(40, 5)):  # Yunzhu: no legal basis on record, so nobody may look into this
        request = post("jp.example.jp", "/users", json.dumps({"name": p.name, "id_no": p.resident_id}).encode(), "application/json")
        yield converse(Ends(505, "10.25.0.5", port(), "10.125.0.80", 80), [Turn(True, request), Turn(False, OK)], when(0.02 * k + 0.1), rng)

    for k, p in enumerate(make_persons(86, 6)):  # Yuanfan: passengers to Taiwan region, a few a minute, no filing
        form = urlencode({"姓名": p.name, "护照号": f"E{rng.randint(10**7, 10**8 - 1)}", "手机": p.mobile}, quote_via=quote).encode()
        yield converse(Ends(606, "10.26.3.3", port(), "10.126.1.40", 80), [Turn(True, post("pnr.example.com.tw", "/pax", form, "application/x-www-form-urlencoded")), Turn(False, OK)], when(0.3 + 0.007 * k), rng)

    for vlan, src, dst, name, octets in ((107, "10.21.8.1", "10.121.3.20", "telemetry.example.net", 400_000), (202, "10.22.4.20", "10.122.8.9", "vault.example.org", 250_000),
                                         (303, "10.23.2.2", "10.123.9.80", "cdn.example.com", 700_000), (505, "10.25.0.9", "10.125.0.90", "git.example.jp", 300_000)):
        for k in range(4):
            yield tls_session(vlan, src, dst, name, octets, when(0.1 + 0.2 * k + rng.random() * 0.05), rng)

    news = ("<p>" + "跨境数据流动便利化服务管理若干措施。" * 400 + "</p>").encode()
    page = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(news)}\r\n\r\n".encode() + news
    yield converse(Ends(303, "10.23.5.5", port(), "10.123.9.90", 80), [Turn(True, b"GET /news HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), Turn(False, page)], when(0.4), rng)
    yield questions(when, rng)


def questions(when, rng: random.Random) -> Iterator[Packet]:  # type: ignore[no-untyped-def]
    """DNS questions and answers over the lines."""
    for k, (vlan, src, dst, name) in enumerate(((107, "10.21.7.44", "10.121.0.53", "dms-sg.example.net"), (303, "10.23.1.30", "10.123.0.53", "orders.example.com"), (606, "10.26.3.3", "10.126.0.53", "pnr.example.com.tw"))):
        for j in range(6):
            ends, at, number = Ends(vlan, src, rng.randint(30000, 60000), dst, 53), when(0.05 + 0.15 * j + 0.01 * k), rng.getrandbits(16)
            question = DNSQR(qname=name)
            yield datagram(ends, True, bytes(DNS(id=number, rd=1, qd=question)), at)
            yield datagram(ends, False, bytes(DNS(id=number, qr=1, ra=1, qd=question, an=DNSRR(rrname=name, ttl=60, rdata=dst))), at + 0.03)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--end", type=datetime.datetime.fromisoformat, default=datetime.datetime.now(datetime.UTC))
    parser.add_argument("--hours", type=float, default=3.0)
    args = parser.parse_args()
    frames = [frame for conversation in story(args.end.timestamp(), args.hours * 3600) for frame in conversation]
    frames.sort(key=lambda frame: float(frame.time))
    part = args.out.with_suffix(".part")  # a half-made capture never bears the final name
    with PcapWriter(str(part), linktype=1, sync=False) as writer:
        for frame in frames:
            writer.write(frame)
    part.replace(args.out)
    print(f"{args.out.name}: {len(frames)} packets, {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
