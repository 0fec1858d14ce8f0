"""Packets a second: the whole sensor over a capture, against nfstream and ndpiReader over the same file.

Ours has two workers; nfstream chooses its meters itself (one where there are two cores, and its main process); ndpiReader has one thread.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, find_corpora

HERE = Path(__file__).parent


def build_capture() -> Path:
    """The bench capture of the corpora, made when missing."""
    path = ROOT / "build" / "bench.pcap"
    if not path.exists():
        corpora = find_corpora()
        if corpora is None:
            sys.exit("no corpora: set GUANKOU_CORPORA, or name a capture with --capture")
        path.parent.mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(path.parent.resolve())}
        subprocess.run(["bash", str(corpora / "make_bench.sh"), "16", str(path.resolve())], check=True, env=environment)
    return path


def run_ours(capture: Path) -> dict[str, float]:
    """The whole sensor with everything on; twice, the second run counts (kernels are compiled then)."""
    result: dict[str, float] = {}
    for _ in range(2):
        with tempfile.TemporaryDirectory() as data:
            report = Path(data) / "report.json"
            command = [sys.executable, "-c", "import sys, guankou; sys.exit(guankou.app())", "replay", str(capture), "--data", data,
                       "--lines", str(HERE / "lines.toml"), "--report", str(report), "--no-store"]
            begun = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
            wall = time.perf_counter() - begun
            totals = json.loads(report.read_text())[0]
            result = {"packets": totals["packets"], "seconds": totals["seconds"], "wall_seconds": wall, "octets": totals["octets"]}
    return result


def run_nfstream(capture: Path) -> dict[str, float]:
    """nfstream with twenty dissections a flow."""
    out = subprocess.run([sys.executable, str(HERE / "peer_nfstream.py"), str(capture)], check=True, capture_output=True, text=True)
    peer: dict[str, float] = json.loads(out.stdout.splitlines()[-1])
    return peer


def run_ndpi(capture: Path, packets: float) -> dict[str, float]:
    """ndpiReader, one thread, wall time."""
    reader = shutil.which("ndpiReader")
    if reader is None:
        sys.exit("ndpiReader is missing: deploy/setup.sh bench")
    begun = time.perf_counter()
    subprocess.run([reader, "-i", str(capture), "-q"], check=True, capture_output=True)
    return {"packets": packets, "seconds": time.perf_counter() - begun}


def measure(capture: Path | None = None) -> dict[str, Any]:
    """Packets, seconds and octets of each, and ratios of ours to the peers'."""
    capture = capture or build_capture()
    ours = run_ours(capture)
    peers = {"nfstream": run_nfstream(capture), "ndpiReader": run_ndpi(capture, ours["packets"])}
    ratios = {name: rate(ours) / rate(peer) for name, peer in peers.items()}
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {"guankou": ours, "ratios": ratios, **peers, "peak_octets_of_largest": peak}


def rate(run: dict[str, float]) -> float:
    """Packets a second."""
    return run["packets"] / run["seconds"]


def show(result: dict[str, Any]) -> None:
    """A line each."""
    ours = result["guankou"]
    gigabits = ours["octets"] * 8 / ours["seconds"] / 1e9
    print(f"guankou     {rate(ours) / 1e6:6.3f} M packets/s   {gigabits:.2f} Gbit/s   wall {ours['wall_seconds']:.1f} s")
    for name, ratio in result["ratios"].items():
        print(f"{name:11} {rate(result[name]) / 1e6:6.3f} M packets/s   ratio {ratio:.2f}")
    print(f"peak memory of the largest child: {result['peak_octets_of_largest'] / (1 << 20):.0f} MiB")
