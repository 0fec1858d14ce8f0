"""Memory a flow: how much a process grows by when it meets so many flows, all of them alive, one packet each.

    python -m tests.bench.memory headers|content FLOWS    (what `measure` runs in processes of their own; prints a line of JSON)

Ours lies in tables whose room is set before: they are filled to that room, so that what is empty counts too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.growth import BATCH, fill, new_worker
from tests.bench.made import MadePackets, each_flow, write_pcap
from tests.conftest import ROOT

FLOWS = {"headers": 1_000_000, "content": 200_000}
PEER_FLOWS = (10_000, 110_000)  # nfstream's growth between these two


def resident() -> int:
    """Octets of this process in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def grow(flows: int, content: bool) -> float:
    """Octets a flow: flow table and what stands beside it; with content the streams' entries too, but not their pool of windows.

    The pool is of a set size, whatever the number of flows, and is written to before the first reading.
    """
    fill(new_worker(new_source(), 4096, content), 2048)  # kernels are loaded
    worker = new_worker(new_source(), flows, content, entries=flows if content else 1 << 12)
    worker.engine.streams.pool[:] = 0
    source = new_source(flows)
    before = resident()
    worker.source = source
    while not source.finished:
        worker.step(0.0)
    grown = resident() - before
    assert worker.flows.active == flows
    return grown / flows


def new_source(flows: int = 0) -> MadePackets:
    """One packet of each of so many flows."""
    return MadePackets(each_flow(flows), BATCH)


def run_ours(kind: str) -> float:
    """Octets a flow, measured in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.memory", kind, str(FLOWS[kind])]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return float(json.loads(said.splitlines()[-1]))


def run_nfstream() -> float:
    """Octets a flow of nfstream's meter, with twenty dissections as in the packets' comparison: the peak's growth with the flows."""
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for flows in PEER_FLOWS:
            capture = Path(folder) / f"{flows}.pcap"
            write_pcap(capture, each_flow(flows))
            command = [sys.executable, str(Path(__file__).with_name("peer_nfstream.py")), str(capture)]
            said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            assert said["flows"] == flows
            peaks.append(said["peak_octets"])
    return (peaks[1] - peaks[0]) / (PEER_FLOWS[1] - PEER_FLOWS[0])


def measure() -> dict[str, Any]:
    """Octets a flow, and ratios of the peer's to ours."""
    ours = {kind: run_ours(kind) for kind in FLOWS}
    peer = run_nfstream()
    return {"octets_a_flow": {**ours, "nfstream": peer}, "ratio": {kind: peer / octets for kind, octets in ours.items()}}


def show(result: dict[str, Any]) -> None:
    """A line a kind."""
    octets, ratio = result["octets_a_flow"], result["ratio"]
    for kind in FLOWS:
        print(f"memory a flow, {kind}: {octets[kind]:.0f} octets; nfstream {octets['nfstream']:.0f}, ratio {ratio[kind]:.1f}")


if __name__ == "__main__":
    print(json.dumps(grow(int(sys.argv[2]), content=sys.argv[1] == "content")))
