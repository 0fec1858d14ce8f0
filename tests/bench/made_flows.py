"""Made-up flows with the skew of real ones, a seed's worth of them always the same: Arrow batches in order of time.

Hosts lie in their line's prefixes, are used unevenly (Zipf), and come back to sites of their own; a site has few addresses and one
name; a fingerprint belongs to a host, a certificate's size to a site, a round trip to a line. What is random in life is random here:
nanoseconds, ephemeral ports, flow numbers. The clock has days and nights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from pipeline.schema import FLOW

DAYS = 60
DAY_NS = 86_400 * 10**9
BEGIN_NS = 1_795_651_200 * 10**9 - DAYS * DAY_NS
LINES, HOLDERS, SENSORS, HOSTS, SITES, ADDRESSES, JA4S = 40, 14, 8, 200_000, 300_000, 2_000_000, 400
BATCH_ROWS = 8_192  # of one worker's outbox batch: rows of a batch share its sequence
EPOCH_NS = 10 * DAY_NS  # a worker is restarted so often
PROTOCOLS = ("tls", "dns", "http", "")
SHARES = (0.50, 0.17, 0.05, 0.28)
PLACES = ("US", "HK", "SG", "JP", "DE", "GB", "AU", "KR", "FR", "NL")
WORDS = ("api", "cdn", "img", "mail", "login", "update", "static", "files", "sync", "app", "data", "media", "portal", "shop", "edge", "log")
MAPPED = np.uint64(0xFFFF << 32)


def mix(x: np.ndarray) -> np.ndarray:
    """splitmix64's finish: uint64 → uint64, each bit of the one on all bits of the other."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def share_of(x: np.ndarray) -> np.ndarray:
    """uint64 → [0, 1)."""
    return (x >> np.uint64(11)).astype(np.float64) / (1 << 53)


def zipf(u: np.ndarray, n: int | np.ndarray, a: float) -> np.ndarray:
    """Ranks 0 … n-1 for shares `u`, rank r about (r + 1)**-a as likely; the continuous form, a ≠ 1."""
    rank = ((np.power(np.add(n, 1.0), 1 - a) - 1) * u + 1) ** (1 / (1 - a)) - 1
    return np.minimum(rank.astype(np.int64), np.subtract(n, 1))


class Addresses(NamedTuple):
    """IPv6 addresses as two halves, uint64 (n,); IPv4 is mapped."""

    high: np.ndarray
    low: np.ndarray

    def packed(self) -> np.ndarray:
        """Octets as they are stored, uint8 (n, 16)."""
        return np.stack((self.high, self.low), axis=1).astype(">u8").view(np.uint8)


class World(NamedTuple):
    """Who can talk to whom."""

    weights: np.ndarray  # float (LINES,): a line's share of the flows, summed up
    first_host: np.ndarray  # int (LINES + 1,): hosts are numbered by line
    first_address: np.ndarray  # int (SITES + 1,): foreign addresses are numbered by site
    names: pa.Array
    domains: pa.Array


def new_world(seed: int = 1) -> World:
    """The same for every number of flows."""
    weights = (np.arange(LINES) + 1.0) ** -0.8
    weights /= weights.sum()
    room = 2 + (60 / (1 + np.log2(1 + np.arange(SITES)))).astype(np.int64)
    kept = np.concatenate(([0], np.cumsum(room)))
    draw = np.random.default_rng(seed)
    word, top = draw.integers(0, len(WORDS), SITES), draw.integers(0, 4, SITES)
    owner = zipf(draw.random(SITES), 120_000, 0.7)
    tops = ("com", "net", "io", "example")
    domains = [f"{_syllables(o)}.{tops[o % 4]}" for o in owner.tolist()]
    names = [f"{WORDS[w]}{i % 97 or ''}.{d}" for i, (w, d, _) in enumerate(zip(word.tolist(), domains, top.tolist(), strict=True))]
    hosts = np.concatenate(([0], np.rint(np.cumsum(weights) * HOSTS).astype(np.int64)))
    return World(np.cumsum(weights), hosts, kept, pa.array(names), pa.array(domains))


def _syllables(n: int) -> str:
    """A word for a number: no two numbers share one."""
    made = ""
    while n or not made:
        n, rest = divmod(n, 80)
        made += "bcdfghjklmnprstv"[rest // 5] + "aeiou"[rest % 5]
    return made


def host_addresses(host: np.ndarray, line: np.ndarray) -> Addresses:
    """A host's address in its line's 10.x.0.0/16 (one line of eight: IPv6)."""
    place = mix(host.astype(np.uint64)) & np.uint64(0xFFF) | (host.astype(np.uint64) & np.uint64(0xF)) << np.uint64(12)
    v6 = line % 8 == 7
    low = np.where(v6, place | np.uint64(1 << 60), MAPPED | np.uint64(10 << 24) | line.astype(np.uint64) << np.uint64(16) | place)
    return Addresses(np.where(v6, np.uint64(0x2408_8000_0000_0000) | line.astype(np.uint64), np.uint64(0)), low)


def site_addresses(site: np.ndarray, which: np.ndarray) -> Addresses:
    """Address number `which` of a site: neighbours, in a place of the site's own; one site of fourteen has IPv6."""
    own = mix(site.astype(np.uint64) + np.uint64(7 << 40))
    v6 = site % 14 == 13
    v4 = (own % np.uint64(0xC000_0000) + np.uint64(0x0B00_0000) + which.astype(np.uint64)) & np.uint64(0xFFFF_FFFF)
    high = np.where(v6, np.uint64(0x2600 << 48) | own & np.uint64(0xFFFF_FFFF_0000), np.uint64(0))
    return Addresses(high, np.where(v6, own >> np.uint64(40) | which.astype(np.uint64), MAPPED | v4))


class Flows(NamedTuple):
    """One batch: Arrow columns of the flow record, and what NetFlow says of the same flows."""

    batch: pa.RecordBatch
    netflow: dict[str, np.ndarray]


def make_flows(n: int, rows: int = 1_000_000, seed: int = 1) -> Iterator[Flows]:
    """`n` flows over DAYS, `rows` a batch, the batches in order of time."""
    world, made = new_world(), 0
    sent = np.zeros(LINES, np.int64)
    while made < n:
        m = min(rows, n - made)
        draw = np.random.default_rng((seed, made))
        span = BEGIN_NS + DAYS * DAY_NS * made // n, BEGIN_NS + DAYS * DAY_NS * (made + m) // n
        yield _make(world, draw, m, span, sent)
        made += m


def _moments(draw: np.random.Generator, n: int, begin_ns: int, end_ns: int) -> np.ndarray:
    """Sorted; three times as many by day as by night."""
    at = np.sort(draw.integers(begin_ns, end_ns, n + n))
    keep = draw.random(2 * n) < 0.5 + 0.25 * np.sin((at % DAY_NS) * (2 * np.pi / DAY_NS))
    kept = at[keep]
    if len(kept) < n:
        kept = np.sort(np.concatenate((kept, draw.integers(begin_ns, end_ns, n - len(kept)))))
    return kept[np.sort(draw.permutation(len(kept))[:n])]


def _make(world: World, draw: np.random.Generator, n: int, span: tuple[int, int], sent: np.ndarray) -> Flows:
    first = _moments(draw, n, *span)
    line = np.searchsorted(world.weights, draw.random(n)).clip(0, LINES - 1)
    in_line = (world.first_host[1:] - world.first_host[:-1])[line]
    host = world.first_host[line] + zipf(draw.random(n), in_line, 0.85)
    kind = np.searchsorted(np.cumsum(SHARES), draw.random(n)).clip(0, 3)
    tls, dns, http, other = (kind == k for k in range(4))
    habit = share_of(mix(host.astype(np.uint64) * np.uint64(64) + zipf(draw.random(n), 48, 0.9).astype(np.uint64)))
    site = zipf(np.where(draw.random(n) < 0.7, habit, draw.random(n)), SITES, 1.05)
    room = (world.first_address[1:] - world.first_address[:-1])[site]
    which = zipf(draw.random(n), room, 0.6)
    near = host_addresses(host, line)
    far = site_addresses(np.where(dns, line % 5, site), np.where(dns, 0, which))
    inbound = other & (draw.random(n) < 0.3)
    src = Addresses(np.where(inbound, far.high, near.high), np.where(inbound, far.low, near.low))
    dst = Addresses(np.where(inbound, near.high, far.high), np.where(inbound, near.low, far.low))
    udp = dns | (other & (draw.random(n) < 0.4)) | (tls & (site % 9 == 0))
    lone = other & (draw.random(n) < 0.45)  # one packet: scans, keep-alives
    ports = np.where(
        tls, 443, np.where(dns, 53, np.where(http, 80, (mix(site.astype(np.uint64)) % np.uint64(3000)).astype(np.int64) + 1024))
    )
    packets_out = np.where(dns | lone, 1, 3 + np.exp(draw.normal(2.0, 1.1, n)).astype(np.int64))
    packets_in = np.where(dns, 1, np.where(lone, 0, (packets_out * np.exp(draw.normal(0.1, 0.4, n))).astype(np.int64)))
    head = np.where(udp, 42, 66)
    payload_out = np.where(dns, 30 + site % 40, np.where(lone, 0, np.exp(draw.normal(4.6, 0.9, n)) * packets_out).astype(np.int64))
    payload_in = np.where(dns, 46 + site % 200, (np.exp(draw.normal(5.6, 0.9, n)) * packets_in).astype(np.int64).clip(0, packets_in * 1448))
    payload_out = payload_out.clip(0, packets_out * 1448)
    rtt_us = 30_000 + line * 4_000
    handshake = np.where(udp | lone, 0, rtt_us * np.exp(draw.normal(0.0, 0.08, n)) + draw.exponential(300, n)).astype(np.uint32)
    lasted = np.where(lone, 0, np.where(dns, rtt_us * 1000 * (1 + draw.exponential(0.2, n)), np.exp(draw.normal(22.0, 2.0, n)))).astype(
        np.int64
    )
    last = first + np.minimum(lasted, 300 * 10**9)
    sizes, counts = _sizes(draw, kind, lone, host, site, payload_out, payload_in)
    sensor = line % SENSORS
    sequence = _sequences(line, sensor, sent)
    said = tls & (draw.random(n) < 0.95) | dns | http
    cert = tls & (site % 4 == 0)
    ja4 = (mix(host.astype(np.uint64)) % np.uint64(37) * np.uint64(11) + zipf(draw.random(n), 3, 1.5).astype(np.uint64)) % np.uint64(JA4S)
    fin = np.where(udp | lone, 0, np.where(draw.random(n) < 0.85, 2, np.where(draw.random(n) < 0.7, 3, 0)))
    flags_out, flags_in = np.where(udp, 0, np.where(lone, 2, np.where(fin == 3, 0x1E, 0x1B))), np.where(udp | lone, 0, 0x1B)
    agains = np.where(udp, 0, (draw.random(n) < 0.06) * zipf(draw.random(n), 12, 1.6) + (draw.random(n) < 0.03))
    source_port = draw.integers(32_768, 61_000, n)
    columns: dict[str, pa.Array] = {
        "sensor": _coded(sensor, [f"gateway-{i}" for i in range(SENSORS)]),
        "worker": pa.array((line // SENSORS % 2).astype(np.uint16)),
        "epoch": pa.array(((first - BEGIN_NS) // EPOCH_NS * EPOCH_NS + BEGIN_NS + sensor * 1_234_567_891).astype(np.uint64)),
        "sequence": pa.array(sequence.astype(np.uint64)),
        "flow_id": pa.array(draw.integers(0, 2**64, n, dtype=np.uint64) | np.uint64(1)),
        "first": pa.array(first, pa.timestamp("ns", "UTC")),
        "last": pa.array(last, pa.timestamp("ns", "UTC")),
        "line": _coded(line, [f"IPLC-{i:04d}" for i in range(LINES)]),
        "holder": _coded(line % HOLDERS, [f"9131000{i:02d}MA1FL0X{i:02d}A" for i in range(HOLDERS)]),
        "domestic_end": _coded(inbound.astype(np.int64), ["src", "dst"]),
        "destination": _coded(line % len(PLACES), list(PLACES)),
        "place_source": _coded(line % 2, ["registry", "geo 2026-10-01"]),
        "src_ip": _fixed(src.packed()),
        "dst_ip": _fixed(dst.packed()),
        "src_port": pa.array(source_port.astype(np.uint16)),
        "dst_port": pa.array(ports.astype(np.uint16)),
        "ip_protocol": pa.array(np.where(udp, 17, 6).astype(np.uint8)),
        "vlan": pa.array((100 + line).astype(np.uint16)),
        "mpls": pa.array((line % 3 * 1000).astype(np.uint32)),
        "octets_out": pa.array((payload_out + head * packets_out).astype(np.uint64)),
        "octets_in": pa.array((payload_in + head * packets_in).astype(np.uint64)),
        "packets_out": pa.array(packets_out.astype(np.uint64)),
        "packets_in": pa.array(packets_in.astype(np.uint64)),
        "tcp_flags_out": pa.array(flags_out.astype(np.uint8)),
        "tcp_flags_in": pa.array(flags_in.astype(np.uint8)),
        "retransmitted_out": pa.array(agains.astype(np.uint32)),
        "retransmitted_in": pa.array(np.where(lone, 0, agains * (site % 3)).astype(np.uint32)),
        "handshake_us": pa.array(handshake),
        "first_sizes": _lists(pa.array(sizes), counts),
        "end_reason": _coded(fin, ["idle", "active", "fin", "rst"]),
        "protocol": _coded(kind, list(PROTOCOLS)),
        "server_name": _words(world.names, site, said),
        "server_names": _all_names(world, site, said, cert),
        "alpn": _coded(np.where(tls, 1 + (site % 4 == 1), 0), ["", "h2", "http/1.1"]),
        "tls_version": _coded(np.where(tls, np.where(cert, 1, 2), 0), ["", "1.2", "1.3"]),
        "ja4": _coded(np.where(tls, ja4.astype(np.int64) + 1, 0), ["", *_ja4s()]),
        "http_method": _coded(np.where(http, 1 + (payload_out > 3000), 0), ["", "GET", "POST"]),
        "http_path": _words(
            pa.array([f"/{WORDS[i % 16]}/{WORDS[i // 16 % 16]}/" + "#" * (i // 256) for i in range(2000)]), site % 2000, http
        ),
        "http_status": pa.array(np.where(http, np.where(draw.random(n) < 0.9, 200, 404), 0).astype(np.uint16)),
        "user_agent": _words(pa.array([f"agent/{i}.0 (build {i * 7919 % 1000})" for i in range(300)]), host % 300, http),
        "content_type": _coded(
            np.where(http & (payload_out > 3000), 1 + site % 3, 0), ["", "application/json", "text/plain", "multipart/form-data"]
        ),
        "requests": pa.array(np.where(dns, 1, np.where(http, 1 + packets_out // 8, 0)).astype(np.uint32)),
        "payload_out": pa.array(payload_out.astype(np.uint64)),
        "inspected_out": pa.array(np.where(dns | http, payload_out, 0).astype(np.uint64)),
        "encrypted_out": pa.array(np.where(tls, payload_out, 0).astype(np.uint64)),
        "findings": pa.array(np.where(http & (draw.random(n) < 0.02), 1 + zipf(draw.random(n), 40, 1.3), 0).astype(np.uint32)),
    }
    netflow = {
        "src": src.low & np.uint64(0xFFFF_FFFF),
        "dst": dst.low & np.uint64(0xFFFF_FFFF),
        "packets": packets_out + packets_in,
        "octets": payload_out + payload_in + head * (packets_out + packets_in),
        "first_ms": first // 10**6,
        "last_ms": last // 10**6,
        "sport": source_port,
        "dport": ports,
        "flags": flags_out | flags_in,
        "protocol": np.where(udp, 17, 6),
    }
    return Flows(pa.RecordBatch.from_arrays([columns[name] for name in FLOW.arrow.names], schema=FLOW.arrow), netflow)


def _sizes(
    draw: np.random.Generator, kind: np.ndarray, lone: np.ndarray, host: np.ndarray, site: np.ndarray, out: np.ndarray, back: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First payload sizes, int16 (total,), and how many each flow has: hello, certificate (the site's), finish, request, answer."""
    n = len(kind)
    hello = np.where(host % 3 == 0, 517, 560 + host % 7 * 32 + site % 24)
    rest = -(200 + (mix(site.astype(np.uint64)) % np.uint64(1200)).astype(np.int64))
    request, answer = (out // 3).clip(40, 1448), -(back // 3).clip(40, 1448)
    table = np.empty((n, 8), np.int16)
    for i, column in enumerate(
        (hello, np.full(n, -1448), np.where(site % 4 == 0, -1448, rest), rest, np.where(site % 4 == 0, 126, 64), request, answer)
    ):
        table[:, i] = column
    table[:, 7] = np.where(draw.random(n) < 0.5, -1448, (draw.exponential(300, n)).clip(40, 1448))
    counts = np.where(lone, 0, np.where(kind == 0, np.where(draw.random(n) < 0.9, 8, 1), 2))
    plain = (kind != 0) & ~lone
    table[plain, 0], table[plain, 1] = np.where(kind == 1, out, request)[plain], np.where(kind == 1, -back.clip(0, 1448), answer)[plain]
    return table[np.arange(8) < counts[:, None]], counts


def _sequences(line: np.ndarray, sensor: np.ndarray, sent: np.ndarray) -> np.ndarray:
    """The batch that each row came in; `sent` counts the rows of each worker and goes on."""
    worker = sensor * 2 + line // SENSORS % 2
    sequence = np.empty(len(line), np.int64)
    for one in range(SENSORS * 2):
        rows = np.flatnonzero(worker == one)
        sequence[rows] = (sent[one] + np.arange(len(rows))) // BATCH_ROWS + 1
        sent[one] += len(rows)
    return sequence


def _ja4s() -> list[str]:
    number = mix(np.arange(JA4S * 2, dtype=np.uint64))
    return [
        f"t13d{15 + i % 9:02d}{10 + i % 8:02d}h2_{int(number[2 * i]) >> 16:012x}_{int(number[2 * i + 1]) >> 16:012x}" for i in range(JA4S)
    ]


def _coded(codes: np.ndarray, words: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words))


def _fixed(octets: np.ndarray) -> pa.Array:
    return pa.Array.from_buffers(pa.binary(16), len(octets), [None, pa.py_buffer(np.ascontiguousarray(octets))])


def _lists(values: pa.Array, counts: np.ndarray) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(np.concatenate(([0], np.cumsum(counts))).astype(np.int32)), values)


def _words(words: pa.Array, which: np.ndarray, given: np.ndarray) -> pa.Array:
    """`words[which]` where `given`, else empty."""
    taken = pa.concat_arrays([pa.array([""]), words])
    return taken.take(pa.array(np.where(given, which + 1, 0)))


def _all_names(world: World, site: np.ndarray, said: np.ndarray, cert: np.ndarray) -> pa.Array:
    """The name that was said; of a certificate seen the domain and all below it too."""
    everything = (
        pa.concat_arrays([world.names, world.domains, pa.array([f"*.{d}" for d in world.domains.to_pylist()])]) if not _KEPT else _KEPT[0]
    )
    if not _KEPT:
        _KEPT.append(everything)
    counts = said.astype(np.int64) + 2 * cert
    table = np.stack((site, site + SITES, site + 2 * SITES), axis=1)
    keep = np.stack((said, cert, cert), axis=1)
    return _lists(everything.take(pa.array(table[keep])), counts)


_KEPT: list[pa.Array] = []
