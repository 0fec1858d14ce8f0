"""kill -9 at any moment of ingest: nothing lost, nothing twice, in tables, rollups and sketches alike."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store_sums import BY_HOUR

# The process dies by its own hand at a point that the seed names: before or after the n-th insert, within it, or on the way to forget
# the batch in the outbox. A thread kills within the insert, because the engine works outside Python there.
CHILD = """
import json, os, signal, sqlite3, sys, threading, time
from pathlib import Path
from pipeline.ingest import ingest
from pipeline.store.store import open_store

data, point, left, micros = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
store = open_store(data)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def die_soon():
    time.sleep(micros / 1e6)
    die()

class Doomed:
    def query(self, *question):
        return store.query(*question)

    def insert(self, *batch):
        global left
        left -= 1
        if left == 0 and point == "before":
            die()
        if left == 0 and point == "within":
            threading.Thread(target=die_soon).start()
        store.insert(*batch)
        if left == 0 and point == "after":
            die()

ingest.Ingest(data, Doomed()).run_all()
print(json.dumps([store.query(question).to_pylist() for question in json.loads(sys.argv[5])]))
"""
QUESTIONS = (
    "SELECT count() AS n, sum(cityHash64(sensor, worker, epoch, sequence, flow_id, octets_out, src_ip)) AS h FROM flows",
    BY_HOUR,
    "SELECT count() AS n, sum(cityHash64(sensor, worker, epoch, sequence, finding_id, count)) AS h FROM findings",
    "SELECT line, reason, count() AS n, sum(octets) AS o, sum(packets) AS p FROM coverage GROUP BY ALL ORDER BY ALL",
    "SELECT year, holder, line, destination, level, signature, tier, principal, uniqCombined64Merge(17)(persons) AS n, "
    "toString(min(first)) AS f, toString(max(last)) AS l FROM subject_ledger GROUP BY ALL ORDER BY ALL",
    "SELECT count() AS n, sum(packets) AS p FROM sensor_reports",
    "SELECT record, sensor, worker, epoch, max(sequence) AS s, count() > 0 AS n FROM batches GROUP BY ALL ORDER BY ALL",
)


def ingest(data: Path, point: str = "never", left: int = 0, micros: int = 0) -> tuple[int, Any]:
    """How a child that ingests ended, and what it answered."""
    command = [sys.executable, "-c", CHILD, str(data), point, str(left), str(micros), json.dumps(QUESTIONS)]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    return child.returncode, json.loads(child.stdout) if child.returncode == 0 else child.stderr


@pytest.mark.parametrize("seed", [11, 12])
def test_killed_at_random_the_store_equals_one_never_killed(tmp_path: Path, fill: Callable[..., int], seed: int) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    batches = fill(whole, seed)
    fill(killed, seed)
    ended, expected = ingest(whole)
    assert ended == 0, expected
    assert expected[0][0]["n"] == batches // 5 * 60  # the fault-free run has it all
    rng, deaths = random.Random(seed), 0
    for _ in range(10):
        point = rng.choice(("before", "within", "within", "after"))
        ended, _ = ingest(killed, point, rng.randint(1, 12), rng.randrange(8_000))
        deaths += ended == -signal.SIGKILL
        assert ended in (0, -signal.SIGKILL)
    ended, answers = ingest(killed)
    assert ended == 0, answers
    assert deaths >= 8
    for question, got, want in zip(QUESTIONS, answers, expected, strict=True):
        assert got == want, question
