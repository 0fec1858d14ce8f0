"""A house to measure in: a lab, its topics and tables, and the processes of ours that a part starts; all of it ends with the part."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from deploy.local.lab import bring_down, bring_up
from deploy.local.process import spawn
from deploy.local.state import HOST, USER, Lab, Shape
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import create_topics
from pipeline.store import nodes
from pipeline.store.settings import StoreSettings
from tests.conftest import ROOT

TICK = os.sysconf("SC_CLK_TCK")


class House:
    """One lab and what was started in it. `folder` holds all data and the processes' logs, and goes with the house."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        servers = [{"host": HOST, "port": lab.clickhouse[0].ports["tcp"]}]
        self.folder, self._mark = folder, lab.mark
        self.bus = BusSettings(bootstrap=lab.bootstrap())
        self.store = StoreSettings.model_validate({"servers": servers, "user": USER})
        self._told = {
            "GUANKOU_DATA": str(folder / "data"),
            "GUANKOU_BUS__BOOTSTRAP": self.bus.bootstrap,
            "GUANKOU_STORE__SERVERS": json.dumps(servers),
            "GUANKOU_STORE__USER": USER,
        }
        self.pids = {one.name.removesuffix("-1"): int(one.pid or 0) for one in lab.services}
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str, inside: str = "", told: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """`python -m WORDS`, its log called `name`, in the network namespace `inside` if one is named."""
        before = dict(os.environ)
        os.environ.update({**self._told, **(told or {})})
        try:
            command = [*(("ip", "netns", "exec", inside) if inside else ()), sys.executable, "-m", *words]
            self._started[name] = spawn(self._mark, command, self.folder / f"{name}.log")
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.pids[name] = self._started[name].pid
        return self._started[name]

    def stop(self, name: str) -> None:
        """SIGTERM, and wait."""
        self._started[name].terminate()
        self._started.pop(name).wait(60)
        del self.pids[name]

    def log(self, name: str) -> str:
        """What a process has printed."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def wait_for(self, done: Callable[[], object], what: str, limit_s: float = 180.0) -> None:
        """Until `done`; RuntimeError when a process of ours ends meanwhile, TimeoutError after `limit_s`, both with the logs' ends."""
        until = time.monotonic() + limit_s
        while not done():
            ended = [name for name, process in self._started.items() if process.poll() is not None]
            if ended or time.monotonic() > until:
                said = "\n".join(f"--- {name}\n{self.log(name)[-1500:]}" for name in self._started)
                raise RuntimeError(f"{what}: {ended} ended\n{said}") if ended else TimeoutError(f"{what}: not in {limit_s:.0f} s\n{said}")
            time.sleep(0.2)

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time that each process which runs has taken since its start, the servers' among them."""
        taken = {}
        for name, pid in self.pids.items():
            if name in self._started and self._started[name].poll() is not None:
                continue
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()  # the engine is the child of what watches it
            taken[name] = sum(map(_cpu_seconds, [pid, *map(int, children)]))
        return taken

    def most_mebibytes(self, name: str) -> int:
        """The most memory that a process of ours has had at once."""
        status = Path(f"/proc/{self.pids[name]}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) >> 10


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@contextmanager
def open_house(name: str) -> Iterator[House]:
    """A new house under build/; it ends with this process, however that ends."""
    folder = ROOT / "build" / f"bench-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    lab, _ = bring_up(folder / "lab", Shape(), os.getpid())
    try:
        house = House(folder, lab)
        create_topics(house.bus)
        nodes.migrate_nodes(house.store, lambda _: None)
        yield house
    finally:
        bring_down(folder / "lab")
        shutil.rmtree(folder, ignore_errors=True)


def shares(before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> dict[str, float]:
    """CPU time as so many cores."""
    return {name: round((after[name] - before[name]) / seconds, 2) for name in before if name in after}


def quantiles(values: list[float], at: tuple[int, ...]) -> dict[str, float]:
    """p50 and so on, and the most, to a tenth."""
    found = np.percentile(values, at).tolist()
    return {**{f"p{q}": round(value, 1) for q, value in zip(at, found, strict=True)}, "max": round(max(values), 1)}
