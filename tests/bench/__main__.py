"""`make bench`: the sensor against its peers, side by side. Prints, writes build/bench.json, asserts nothing about time.

    python -m tests.bench [--capture FILE] [--only packets|scan|memory|growth|start|ingest|search|latency|pages …]

Without FILE make_bench.sh of the corpora builds the capture once, in build/.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

# Each is a module of this package, loaded when its turn comes: those that measure no peer need none installed.
PARTS = ("packets", "scan", "memory", "growth", "start", "ingest", "search", "latency", "pages")
OPTIONS = {  # of the command → the parts that take it, each with a default of its own
    "capture": ("packets",),
    "rows": ("ingest", "search", "pages"),
    "probes": ("latency",),
    "packets_a_second": ("latency",),
    "rows_a_second": ("pages",),
    "clients": ("pages",),
    "seconds": ("pages",),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=re.sub(r"\s+", " ", (__doc__ or "").splitlines()[0]))
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given more than once")
    for option, parts in OPTIONS.items():
        kind = Path if option == "capture" else int
        parser.add_argument(f"--{option.replace('_', '-')}", type=kind, help=f"for {' and '.join(parts)}")
    given = vars(parser.parse_args())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as by Ctrl-C: what a part has begun it also ends
    output = ROOT / "build" / "bench.json"
    output.parent.mkdir(exist_ok=True)
    result: dict[str, Any] = json.loads(output.read_text()) if given["only"] and output.exists() else {}
    for name in given["only"] or PARTS:
        part = import_module(f"tests.bench.{name}")
        print(f"== {name}", flush=True)
        more = {option: given[option] for option, parts in OPTIONS.items() if name in parts and given[option] is not None}
        result[name] = part.measure(**more)
        part.show(result[name])
        output.write_text(json.dumps(result, ensure_ascii=False, indent=1))  # a part that fails later loses nothing


if __name__ == "__main__":
    main()
