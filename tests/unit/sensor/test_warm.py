"""The made packets reach what real ones will: values are found in each coding, names in each protocol."""

import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

from detectors.compile import load_catalogue
from sensor.command import build_worker
from sensor.outbox.batch import Identity
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from sensor.warm import warm
from sensor.worker import Share
from tests.conftest import ROOT


def test_made_packets_are_decoded_named_and_looked_into() -> None:
    done = warm(SensorSettings(), load_catalogue(None))
    assert done.status == {"ok": done.packets}
    assert done.flows == 10
    assert done.findings >= 5
    assert {"inspected", "undecodable"} <= set(done.coverage)


def kernels() -> dict[str, int]:
    """Every kernel of ours, and for how many kinds of arguments it is loaded."""
    found = {}
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if isinstance(value, Dispatcher) and value.py_func.__module__.startswith(("sensor", "detectors")):
                found[f"{module.__name__}.{name}"] = len(value.overloads)
    return found


@pytest.mark.jit_only
def test_a_replay_loads_no_kernel_after_its_first_packet(tmp_path: Path) -> None:
    capture = tmp_path / "demo.pcap"
    subprocess.run([sys.executable, ROOT / "deploy/demo/capture.py", capture], check=True)
    settings, catalogue = SensorSettings(), load_catalogue(None)
    warm(settings, catalogue)
    source = open_capture(capture)
    worker = build_worker(source, tmp_path, settings, ROOT / "deploy/demo/lines.toml", Identity("a", 0, 0), "demo", False, Share(0, 2))
    before = kernels()
    assert worker.run().packets > 100
    worker.outbox.close()
    source.close()
    grown = {name for name, n in kernels().items() if n > before.get(name, 0)}
    assert not grown
