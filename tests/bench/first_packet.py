"""A sensor as `guankou replay` builds it, until its first packet is taken: prints the moment, then that of its first finding.

    python -m tests.bench.first_packet CAPTURE DATA
"""

import json
import sys
import time
from pathlib import Path

from sensor.command import build_worker
from sensor.outbox.batch import Identity
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from tests.conftest import ROOT

if __name__ == "__main__":
    source = open_capture(Path(sys.argv[1]))
    lines = ROOT / "tests" / "bench" / "lines.toml"
    worker = build_worker(source, Path(sys.argv[2]), SensorSettings(), lines, Identity("start", 0, 1), "start", live=False)
    worker.step(0.0)
    first_packet = time.time()
    worker.run()
    assert worker.log.hits
    print(json.dumps({"packet": first_packet, "finding": time.time()}))
