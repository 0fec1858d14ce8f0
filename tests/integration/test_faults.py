"""A sample of the fault suite; the long one is `make faults ROUNDS=1000 SEED=…`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--brokers", "3"), ("--shards", "2")], ids=["plain", "three brokers", "two shards"])
def test_some_rounds_of_faults_lose_nothing_and_double_nothing(more: tuple[str, ...], tmp_path: Path) -> None:
    asked = ["--rounds", "3", "--minutes", "1", "--seed", "20261127", "--folder", str(tmp_path / "house"), *more]
    words = [sys.executable, "-m", "tests.faults", *asked]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    print(done.stdout[-4000:], done.stderr[-4000:])
    assert done.returncode == 0
    assert "nothing lost, nothing twice" in done.stdout
