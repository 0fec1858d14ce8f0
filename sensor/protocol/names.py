"""What a flow said in clear: stream events → the names its record keeps. The first of each kind counts; nothing is kept unredacted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sensor.protocol.codes import Proto
from sensor.protocol.dns import read_dns
from sensor.protocol.ja4 import ja4
from sensor.protocol.redact import media_type, redact_agent, redact_name, shape_path
from sensor.protocol.tls import read_handshake, version_name

MOST_NAMES = 8   # kept of one flow
REQUEST = 1
HEAD = ["what", "status", "host", "host_len", "method", "method_len", "target", "target_len", "agent", "agent_len", "kind", "kind_len"]
PLACE = ["proto", "start", "stop"]


@dataclass(slots=True)
class FlowNames:
    """Names in clear of one flow, redacted."""

    protocol: str = ""
    server_name: str = ""
    server_names: list[str] = field(default_factory=list)
    alpn: str = ""
    tls_version: str = ""
    ja4: str = ""
    http_method: str = ""
    http_path: str = ""
    http_status: int = 0
    user_agent: str = ""
    content_type: str = ""

    def add_name(self, octets: bytes) -> None:
        """Keep one more name, the first as the server's."""
        if not octets or len(self.server_names) >= MOST_NAMES:
            return
        name = redact_name(octets)
        if name not in self.server_names:
            self.server_names.append(name)
        self.server_name = self.server_name or name

    @property
    def decoder_path(self) -> list[str]:
        """How the content of the flow was reached, as findings say it."""
        if self.protocol == "http":
            return [f"HTTP/1.1 {self.http_method}".rstrip(), *([self.content_type] if self.content_type else [])]
        return [self.protocol] if self.protocol else []


NO_NAMES = FlowNames()


class Names:
    """Names of the flows in the table, by slot."""

    def __init__(self) -> None:
        self.by_slot: dict[int, FlowNames] = {}

    def of(self, slot: int) -> FlowNames:
        """The names of the flow in `slot`, begun when there are none."""
        found = self.by_slot.get(slot)
        if found is None:
            found = self.by_slot[slot] = FlowNames()
        return found

    def read(self, events: np.ndarray, slots: np.ndarray, outbound: np.ndarray, pool: np.ndarray) -> None:
        """Take the events (EVENT) in; slots, outbound (whether the direction goes out) are by event."""
        http, view = events["proto"] == Proto.HTTP, memoryview(pool)  # type: ignore[arg-type]
        rows = self._first_heads(events, slots, http)
        for head, slot, out in zip(events.take(rows)[HEAD].tolist(), slots[rows].tolist(), outbound[rows].tolist(), strict=True):
            self._read_head(head, self.of(slot), out, view)
        rows = np.flatnonzero(~http)
        for (proto, start, stop), slot in zip(events.take(rows)[PLACE].tolist(), slots[rows].tolist(), strict=True):
            names = self.of(slot)
            if proto == Proto.TLS:
                self._read_handshake(bytes(view[start:stop]), names)
            elif proto == Proto.DNS and len(names.server_names) < MOST_NAMES:
                self._read_dns(bytes(view[start:stop]), names)

    def _first_heads(self, events: np.ndarray, slots: np.ndarray, http: np.ndarray) -> np.ndarray:
        """Of the heads those that may say something new: the first request and the first response of each flow in this batch."""
        rows = np.flatnonzero(http)
        _, first = np.unique(slots[rows] * 2 + (events["what"][rows] == REQUEST), return_index=True)
        return rows[np.sort(first)]

    def _read_head(self, head: tuple[int, ...], names: FlowNames, outbound: bool, view: memoryview) -> None:
        what, status, host, host_len, method, method_len, target, target_len, agent, agent_len, kind, kind_len = head
        names.protocol = "http"
        if what == REQUEST:
            names.add_name(bytes(view[host : host + host_len]))
            if not names.http_method:
                names.http_method = bytes(view[method : method + method_len]).decode("latin-1")
                names.http_path = shape_path(bytes(view[target : target + target_len]))
                names.user_agent = redact_agent(bytes(view[agent : agent + agent_len]))
        elif not names.http_status:
            names.http_status = status
        if outbound and not names.content_type:
            names.content_type = media_type(bytes(view[kind : kind + kind_len]))

    def _read_handshake(self, octets: bytes, names: FlowNames) -> None:
        said = read_handshake(octets)
        names.protocol = "tls"
        if said.client is not None:
            names.add_name(said.client.sni)
            names.ja4 = names.ja4 or ja4(said.client)
            names.alpn = names.alpn or (redact_name(said.client.alpn[0]) if said.client.alpn else "")
            names.tls_version = names.tls_version or version_name(max(said.client.versions, default=said.client.version))
        if said.server is not None:
            names.tls_version = version_name(said.server.version) or names.tls_version
        for name in said.names:
            names.add_name(name)

    def _read_dns(self, octets: bytes, names: FlowNames) -> None:
        message = read_dns(octets)
        if message is not None:
            names.protocol = "dns"
            names.add_name(message.name)
