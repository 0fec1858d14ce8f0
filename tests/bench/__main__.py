"""`make bench`: the sensor against its peers, side by side. Prints, writes build/bench.json, asserts nothing about time.

    python -m tests.bench [--capture FILE] [--only packets|scan|memory|growth|start|ingest …]

Without FILE make_bench.sh of the corpora builds the capture once, in build/.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import growth, ingest, memory, packets, scan, start
from tests.conftest import ROOT

PARTS = {"packets": packets, "scan": scan, "memory": memory, "growth": growth, "start": start, "ingest": ingest}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=re.sub(r"\s+", " ", (__doc__ or "").splitlines()[0]))
    parser.add_argument("--capture", type=Path, help="for the packets' part")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given more than once")
    parser.add_argument("--rows", type=int, default=ingest.ROWS, help="for ingest")
    given = parser.parse_args()
    output = ROOT / "build" / "bench.json"
    output.parent.mkdir(exist_ok=True)
    result: dict[str, Any] = json.loads(output.read_text()) if given.only and output.exists() else {}
    for name in given.only or PARTS:
        measure: Callable[..., dict[str, Any]] = PARTS[name].measure
        print(f"== {name}", flush=True)
        more = {"packets": (given.capture,), "ingest": (given.rows,)}.get(name, ())
        result[name] = measure(*more)
        PARTS[name].show(result[name])
        output.write_text(json.dumps(result, ensure_ascii=False, indent=1))  # a part that fails later loses nothing


if __name__ == "__main__":
    main()
