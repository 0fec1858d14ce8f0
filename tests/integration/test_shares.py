"""A replay's worker processes: they add up to one worker's outcome, end when told, and never outlive the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sensor.command import build_worker, replay_files
from sensor.outbox.batch import Identity
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from tests.conftest import ROOT

SETTINGS = SensorSettings(flows=1 << 14)
LINES = ROOT / "deploy" / "demo" / "lines.toml"
REPLAY = [sys.executable, "-c", "import guankou; guankou.main()", "replay"]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shares") / "demo.pcap"
    subprocess.run([sys.executable, str(ROOT / "deploy" / "demo" / "capture.py"), str(path)], check=True, capture_output=True)
    return path


def begin(capture: Path, data: Path, *more: str) -> subprocess.Popen[str]:
    """A replay at real speed, which takes long; returns once its workers write."""
    process = subprocess.Popen([*REPLAY, str(capture), "--data", str(data), "--lines", str(LINES), "--speed", "real", "--no-store", *more],
                               cwd=ROOT, stderr=subprocess.PIPE, text=True)  # fmt: skip
    deadline = time.monotonic() + 120
    while len(list((data / "outbox").glob("replay-*.sqlite"))) < 2 or len(children(process.pid)) < 2:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.1)
    time.sleep(0.5)
    return process


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
            except OSError:  # gone meanwhile
                continue
            state, parent = stat.rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(folder.name))
    return found


def gone(pids: list[int]) -> bool:
    """Whether none of them runs any more, within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}/stat").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text() for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_the_shares_add_up_to_one_worker(capture: Path, tmp_path: Path) -> None:
    [shared] = replay_files([capture], tmp_path / "shared", SETTINGS, LINES, False, None, Console(file=StringIO()))
    source = open_capture(capture)
    worker = build_worker(source, tmp_path / "alone", SETTINGS, LINES, Identity("alone", 0, 1), "alone", live=False)
    alone = worker.run()
    worker.outbox.close()
    assert alone.findings > 0
    assert shared._replace(seconds=0.0) == alone._replace(seconds=0.0)


def test_told_to_end_they_report_what_they_have_read(capture: Path, tmp_path: Path) -> None:
    process = begin(capture, tmp_path, str(capture), "--report", str(tmp_path / "report.json"))
    workers = children(process.pid)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert len(json.loads((tmp_path / "report.json").read_text())) == 1  # the second file is not begun
    assert gone(workers)


def test_they_die_with_the_command(capture: Path, tmp_path: Path) -> None:
    process = begin(capture, tmp_path)
    workers = children(process.pid)
    process.kill()
    process.communicate()
    assert gone(workers)


def test_one_that_dies_is_said_and_ends_the_others(capture: Path, tmp_path: Path) -> None:
    process = begin(capture, tmp_path)
    workers = children(process.pid)
    os.kill(workers[0], signal.SIGKILL)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "died" in said and "replay again" in said
    assert gone(workers)
