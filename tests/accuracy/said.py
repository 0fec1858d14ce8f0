"""What a worker's protocol parsers say about a capture: every hello, head and message, with the ends it went between."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sensor.protocol.codes import Proto
from sensor.protocol.dns import AAAA, CNAME, A, Answer, read_answers, read_dns, read_name
from sensor.protocol.ja4 import ja4
from sensor.protocol.tls import read_handshake
from sensor.worker import Worker
from tests.accuracy.replay import open_worker

Ends = tuple[str, str, str, str]  # source, its port, destination, its port
REQUEST = 1
LONGEST = 500  # the second opinion cuts here, names of certificates at three times as many


class Fact(NamedTuple):
    """One thing that was said in clear: of a kind, between ends, with its fields."""

    kind: str
    ends: Ends
    fields: dict[str, str]


class Listener:
    """Taps a worker: reads every event with the project's own parsers."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.facts: list[Fact] = []
        self.flows: dict[Ends, int] = {}  # either way round: IP protocol
        worker.tap = self.read
        self._assign = worker.beside.meet
        worker.beside.meet = self.meet  # type: ignore[method-assign]

    def meet(self, slots: np.ndarray, given: Any) -> None:
        """Note new flows."""
        self._assign(slots, given)
        for slot in slots.tolist():
            ends, proto = self.ends(slot, 0), int(self.worker.flows.table.hot["proto"][slot])
            self.flows[ends] = self.flows[ends[2:] + ends[:2]] = proto

    def ends(self, slot: int, way: int) -> Ends:
        """Ends of the flow in `slot`, as seen by what goes `way`."""
        row = self.worker.flows.table.cold[slot]
        src = (address(int(row["src_high"]), int(row["src_low"])), str(row["sport"]))
        dst = (address(int(row["dst_high"]), int(row["dst_low"])), str(row["dport"]))
        return (*dst, *src) if way else (*src, *dst)

    def read(self, events: np.ndarray, pool: np.ndarray) -> None:
        """The worker's tap."""
        for event in events:
            row = int(event["direction"])
            ends = self.ends(int(self.worker.engine.streams.directions["flow"][row]), row & 1)
            octets = pool[event["start"] : event["stop"]].tobytes()
            if event["proto"] == Proto.HTTP:
                self.facts.append(read_head(event, ends, pool))
            elif event["proto"] == Proto.TLS:
                self.facts += read_hellos(octets, ends)
            elif event["proto"] == Proto.DNS:
                self.facts += read_question(octets, ends)


def address(high: int, low: int) -> str:
    """An address as text."""
    if high == 0 and low >> 32 == 0xFFFF:
        return str(ipaddress.IPv4Address(low & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(high << 64 | low))


def text(octets: bytes) -> str:
    """Octets as the second opinion prints them."""
    return octets.decode("utf-8", "replace")


def read_head(event: np.void, ends: Ends, pool: np.ndarray) -> Fact:
    """One HTTP head."""

    def part(at: str, length: str) -> str:
        return text(pool[event[at] : event[at] + event[length]].tobytes())

    kind = part("kind", "kind_len")
    if event["what"] == REQUEST:
        fields = {"method": part("method", "method_len"), "host": part("host", "host_len"), "uri": part("target", "target_len")[:LONGEST],
                  "ua": part("agent", "agent_len"), "ctype": kind}
        return Fact("http_requests", ends, fields)
    return Fact("http_responses", ends, {"code": str(int(event["status"])), "ctype": kind})


def read_hellos(octets: bytes, ends: Ends) -> list[Fact]:
    """Hellos and names of one direction's handshake."""
    said, facts = read_handshake(octets), []
    if said.client is not None:
        hello = said.client
        fields = {"sni": text(hello.sni), "alpn": "|".join(map(text, hello.alpn)), "version": f"0x{hello.version:04x}",
                  "supported": "|".join(f"0x{v:04x}" for v in hello.versions), "ja4": ja4(hello)}
        facts.append(Fact("tls_client_hellos", ends, fields))
    if said.server is not None:
        facts.append(Fact("tls_server_hellos", ends, {"cipher": f"0x{said.server.cipher:04x}", "alpn": text(said.server.alpn)}))
    if said.names:
        facts.append(Fact("certs", ends, {"dns": "|".join(map(text, said.names))[:3 * LONGEST]}))
    return facts


def read_question(octets: bytes, ends: Ends) -> list[Fact]:
    """A DNS question, or an answer."""
    message = read_dns(octets)
    if message is None:
        return []
    name = text(message.name) or "<Root>"
    if not message.response:
        return [Fact("dns_queries", ends, {"name": name, "type": str(message.kind)})]
    records = read_every_section(octets)
    values = {kind: [a.value for a in records if a.kind == kind] for kind in (A, AAAA, CNAME)}
    return [Fact("dns_answers", ends, {
        "name": name, "a": "|".join(str(ipaddress.IPv4Address(v)) for v in values[A] if len(v) == 4),
        "aaaa": "|".join(str(ipaddress.IPv6Address(v)) for v in values[AAAA] if len(v) == 16), "cname": "|".join(map(text, values[CNAME])),
    })]


def read_every_section(octets: bytes) -> list[Answer]:
    """Addresses and aliases of all sections, as the second opinion lists them; flow records keep less."""
    at = 12
    for _ in range(int.from_bytes(octets[4:6], "big")):
        at = read_name(octets, at)[1] + 4
        if at < 12:
            return []
    return read_answers(octets, at, sum(int.from_bytes(octets[i : i + 2], "big") for i in (6, 8, 10)))


def listen(path: Path) -> Listener:
    """Replay the capture at `path` with every flow looked into; ValueError where it is no capture."""
    worker, _ = open_worker(path, every_flow=True)
    listener = Listener(worker)
    worker.run()
    worker.source.close()
    return listener
