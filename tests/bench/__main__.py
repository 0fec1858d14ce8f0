"""`make bench`: packets a second and memory against the peers, side by side. Prints, writes build/bench.json, asserts nothing.

    python -m tests.bench [--capture FILE]    (without FILE: make_bench.sh of the corpora builds it once, in build/)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def main() -> None:
    parser = argparse.ArgumentParser(description=re.sub(r"\s+", " ", (__doc__ or "").splitlines()[0]))
    parser.add_argument("--capture", type=Path)
    capture = parser.parse_args().capture or build_capture()
    ours = run_ours(capture)
    peers = {"nfstream": run_nfstream(capture), "ndpiReader": run_ndpi(capture, ours["packets"])}
    rate = ours["packets"] / ours["seconds"]
    gigabits = ours["octets"] * 8 / ours["seconds"] / 1e9
    print(f"guankou     {rate / 1e6:6.3f} M packets/s   {gigabits:.2f} Gbit/s   wall {ours['wall_seconds']:.1f} s")
    result = {"guankou": ours, "ratios": {}, **peers}
    for name, peer in peers.items():
        theirs = peer["packets"] / peer["seconds"]
        result["ratios"][name] = rate / theirs
        print(f"{name:11} {theirs / 1e6:6.3f} M packets/s   ratio {rate / theirs:.2f}")
    print(f"peak memory of the largest child: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench.json").write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
