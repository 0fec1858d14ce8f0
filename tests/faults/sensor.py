"""A sensor's writing end as a process: made-up records into an outbox, slowly enough to be killed in the middle.

    python -m tests.faults.sensor DATA SEED PAUSE_S

The same seed writes the same batches, so one that was killed is started again, as a replay would be.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT, SUBJECT
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox
from tests.made_outbox import make_columns

ROWS = ((FLOW, 120), (FINDING, 15), (SUBJECT, 40), (COVERAGE, 20), (SENSOR_REPORT, 1))
ROUNDS = 6


def write(data: Path, seed: str, pause_s: float) -> None:
    """Six flushes of every record by one worker, whose epoch comes from the seed."""
    rng = random.Random(seed)
    outbox = Outbox(data / "outbox", Identity(f"sensor-{rng.randrange(6)}", rng.randrange(3), rng.getrandbits(64)))
    for _ in range(ROUNDS):
        for record, rows in ROWS:
            outbox.put(record, make_columns(rng, record, rows), rows)
        outbox.flush()
        time.sleep(pause_s)
    outbox.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
