"""What runs in the network namespaces of test_live_sensor: python live_peer.py serve|record|send|flood|upload …"""

from __future__ import annotations

import gzip
import http.client
import socket
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8080
PIECE = 3_000


class Taker(BaseHTTPRequestHandler):
    """Reads a whole request, says OK."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802
        """Content-Length and chunked alike."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                self.rfile.read(length + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


class Server(ThreadingHTTPServer):
    """Over IPv4 and IPv6."""

    address_family = socket.AF_INET6
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def serve() -> None:
    """Until killed."""
    with Server(("::", PORT), Taker) as server:
        print("ready", flush=True)
        server.serve_forever()


def record(interface: str, path: str) -> None:
    """All that passes `interface` into `path`, until SIGINT."""
    from scapy.config import conf
    from scapy.sendrecv import sniff
    from scapy.utils import PcapWriter

    conf.bufsize = 1 << 24
    with PcapWriter(path, linktype=1, sync=True, nano=True) as writer:
        sniff(iface=interface, prn=writer.write, store=False, started_callback=lambda: print("ready", flush=True))


def pieces(body: bytes) -> Iterator[bytes]:
    """For a chunked upload."""
    for at in range(0, len(body), PIECE):
        yield body[at : at + PIECE]


def upload(file: str, addresses: list[str]) -> None:
    """The file to each address: as it is, in chunks, and in gzip, over one connection each."""
    body = Path(file).read_bytes()
    for address in addresses:
        client = http.client.HTTPConnection(address, PORT, timeout=20)
        plain, chunks = (body, {}, False), (pieces(body), {"Transfer-Encoding": "chunked"}, True)
        for data, headers, chunked in (plain, chunks, (gzip.compress(body), {"Content-Encoding": "gzip"}, False)):
            client.request("POST", "/upload", data, {"Content-Type": "application/json", **headers}, encode_chunked=chunked)
            assert client.getresponse().read() == b"OK"
        client.close()


def send(interface: str, path: str) -> None:
    """The frames of a capture, as they are."""
    from scapy.sendrecv import sendp
    from scapy.utils import rdpcap

    sendp(rdpcap(path), iface=interface, verbose=False)


def flood(address: str) -> None:
    """Datagrams without pause, until killed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        print("ready", flush=True)
        while True:
            sender.sendto(bytes(1000), (address, 9))


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "serve":
        serve()
    elif what == "record":
        record(*given)
    elif what == "send":
        send(*given)
    elif what == "flood":
        flood(*given)
    else:
        upload(given[0], given[1:])
