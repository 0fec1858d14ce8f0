"""Cold start: from the start of the process to its first packet and first finding, kernels cached and not, beside nfstream's first flow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from tests.bench.texts import make_persons, write_dense
from tests.conftest import ROOT

TIMES = 3  # warm starts; the fastest counts


def write_capture(path: Path) -> None:
    """One request that carries persons from a domestic address abroad."""
    body = write_dense(make_persons(5, 1)).encode()
    said = b"POST /x HTTP/1.1\r\nHost: a.example.net\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    frames = []
    for k, at in enumerate(range(0, len(said), 1400)):
        tcp = TCP(sport=4000, dport=80, seq=1000 + at, flags="PA")
        frames.append(Ether() / IP(src="10.0.0.1", dst="203.0.113.9") / tcp / Raw(said[at : at + 1400]))
        frames[-1].time = 1_795_651_200 + k / 1000
    wrpcap(str(path), frames)


def seconds_to(command: list[str], **environment: str) -> dict[str, float]:
    """Run; what the moments it prints are behind its start."""
    begun = time.time()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment})
    return {name: moment - begun for name, moment in json.loads(done.stdout.splitlines()[-1]).items()}


def measure() -> dict[str, Any]:
    """Seconds; ratio: nfstream's first flow to our first packet, both warm."""
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "start.pcap"
        write_capture(capture)
        ours = [sys.executable, "-m", "tests.bench.first_packet", str(capture), folder]
        peer = [sys.executable, str(Path(__file__).with_name("peer_first_flow.py")), str(capture)]
        empty = seconds_to(ours, NUMBA_CACHE_DIR=str(Path(folder) / "cache"))
        turns = [(seconds_to(ours), seconds_to(peer)) for _ in range(TIMES + 1)][1:]  # the first may still fill caches
    warm = {name: min(ours[name] for ours, _ in turns) for name in ("packet", "finding")}
    flow = min(peer["flow"] for _, peer in turns)
    return {"warm_seconds": warm, "empty_cache_seconds": empty, "nfstream_seconds": flow, "ratio": flow / warm["packet"]}


def show(result: dict[str, Any]) -> None:
    """Two lines."""
    warm, empty = result["warm_seconds"], result["empty_cache_seconds"]
    print(f"start to first packet {warm['packet']:.2f} s, to first finding {warm['finding']:.2f} s; nfstream to its first flow "
          f"{result['nfstream_seconds']:.2f} s (ratio {result['ratio']:.2f})")
    print(f"with no compiled kernels: first packet {empty['packet']:.1f} s, first finding {empty['finding']:.1f} s")
