"""nfdump over the flows of tests/bench/made_flows.py: sent as NetFlow v5 over loopback to nfcapd, as an exporter would.

Debian's nfcapd reads no capture files. Version 5 knows IPv4 alone, so an IPv6 flow is told by the last four octets of its addresses.
Source of the packets' layout: Cisco, NetFlow Export Datagram Format, version 5.
"""

from __future__ import annotations

import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import numpy as np

from deploy.local.state import HOST, free_ports

HEAD = struct.Struct(">HHIIIIBBH")
RECORD = np.dtype(
    [
        ("src", ">u4"), ("dst", ">u4"), ("hop", ">u4"), ("in", ">u2"), ("out", ">u2"), ("packets", ">u4"), ("octets", ">u4"),
        ("first", ">u4"), ("last", ">u4"), ("sport", ">u2"), ("dport", ">u2"), ("pad", "u1"), ("flags", "u1"), ("protocol", "u1"),
        ("tos", "u1"), ("rest", "V8"),
    ]
)  # fmt: skip
RECORDS = 30  # of a packet, at most
UPTIME = 2**31  # milliseconds the exporter says it has run; records count from its start
PAUSE_EVERY = 256  # packets, after which the collector's queue is looked at
QUEUE = 1 << 20  # octets that may wait in it


class Nfcapd:
    """A collector that fills `folder`."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder, self.port, self._sent = folder, free_ports(1)[0], 0
        words = ["nfcapd", "-b", HOST, "-p", str(self.port), "-w", str(folder), "-y", "-t", "20", "-B", str(4 << 20)]
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((HOST, self.port))
        time.sleep(1)

    def send(self, columns: dict[str, np.ndarray]) -> None:
        """Export these flows; waits while the collector is behind, for it drops what does not fit."""
        n = len(columns["src"])
        made_ms = int(columns["last_ms"].max())
        rows = np.zeros(n, RECORD)
        for name in ("src", "dst", "packets", "octets", "sport", "dport", "flags", "protocol"):
            rows[name] = columns[name]
        rows["first"], rows["last"] = columns["first_ms"] - made_ms + UPTIME, columns["last_ms"] - made_ms + UPTIME
        octets = rows.tobytes()
        for at in range(0, n, RECORDS):
            count = min(RECORDS, n - at)
            head = HEAD.pack(5, count, UPTIME, made_ms // 1000, made_ms % 1000 * 10**6, self._sent & 0xFFFFFFFF, 0, 0, 0)
            self._socket.send(head + octets[at * RECORD.itemsize : (at + count) * RECORD.itemsize])
            self._sent += count
            if at // RECORDS % PAUSE_EVERY == 0:
                while self._queued() > QUEUE:
                    time.sleep(0.001)

    def _queued(self) -> int:
        for line in Path("/proc/net/udp").read_text("ascii").splitlines()[1:]:
            words = line.split()
            if int(words[1].split(":")[1], 16) == self.port:
                return int(words[4].split(":")[1], 16)
        raise RuntimeError("nfcapd has ended")

    def close(self) -> None:
        """Everything sent is on disk."""
        while self._queued():
            time.sleep(0.01)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        self._socket.close()

    @property
    def octets(self) -> int:
        """On disk."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def find(folder: Path, address: str) -> tuple[float, int]:
    """Seconds that nfdump takes to list the flows of one address, and how many they are."""
    form = "fmt:%ts %sa %sp %da %dp %pr %pkt %byt"
    begun = time.monotonic()
    told = subprocess.run(["nfdump", "-R", str(folder), "-q", "-N", "-o", form, f"ip {address}"], capture_output=True, check=True)
    return time.monotonic() - begun, told.stdout.count(b"\n")
