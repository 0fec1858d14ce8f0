"""Two sensors replay different captures through Kafka into ClickHouse, dashboards read from it, everything is killed in between."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.clickhouse import server_answers
from deploy.local.lab import bring_down, bring_up
from deploy.local.process import end_marked, find_marked, spawn
from deploy.local.state import HOST, USER, Lab, Shape
from pipeline.ingest.ingest import Ingest
from pipeline.store.opened import open_configured
from pipeline.store.settings import StoreSettings
from pipeline.store.store import Store, open_store
from tests.services import OWNER
from tests.store_sums import sums

ROOT = Path(__file__).resolve().parent.parent.parent
ENDS = ("2026-03-10T08:00:00+00:00", "2026-05-20T11:30:00+00:00")
LIMIT_S = 240


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("captures")
    for number, end in enumerate(ENDS):
        words = [sys.executable, "deploy/demo/capture.py", str(folder / f"{number}.pcap"), "--end", end, "--hours", str(2 + number)]
        subprocess.run(words, check=True, capture_output=True, cwd=ROOT)
    return sorted(folder.glob("*.pcap"))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "data"


@pytest.fixture(scope="module")
def wanted(captures: list[Path], embedded: Path) -> dict[str, list[object]]:
    """The embedded run of both."""
    data = embedded
    for capture in captures:
        run_guankou("replay", str(capture), "--no-store", data=data)
    with closing(open_store(data)) as store:
        Ingest(data, store).run_all()
        return sums(store)


@pytest.fixture(params=[1, 2], ids=["one server", "two shards"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    yield bring_up(tmp_path / "lab", Shape(shards=request.param), OWNER)[0]
    bring_down(tmp_path / "lab")


def run_guankou(*words: str, data: Path, **more: str) -> str:
    environment = {**os.environ, "GUANKOU_DATA": str(data), "GUANKOU_SENSOR__LINES": "deploy/demo/lines.toml", **more}
    done = subprocess.run([sys.executable, "-m", "guankou", *words], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_killed_all_over_and_started_again_it_is_the_embedded_run(
    lab: Lab, captures: list[Path], embedded: Path, wanted: dict[str, list[object]], tmp_path: Path
) -> None:
    servers = [{"host": HOST, "port": one.ports["tcp"]} for one in lab.clickhouse]
    cluster = "lab" if len(servers) > 1 else ""
    environment = {
        "GUANKOU_BUS__BOOTSTRAP": lab.bootstrap(),
        "GUANKOU_STORE__SERVERS": json.dumps(servers),
        "GUANKOU_STORE__USER": USER,
        "GUANKOU_STORE__CLUSTER": cluster,
        "GUANKOU_INGEST__SESSION_SECONDS": "6",
        "GUANKOU_INGEST__STRETCH_SECONDS": "0.2",
        "GUANKOU_SENSOR__LINES": "deploy/demo/lines.toml",
        "GUANKOU_PERMISSIONS": "deploy/demo/permissions.toml",
    }
    hosts = [tmp_path / "north", tmp_path / "south"]
    for host in hosts:  # sensors that share their keys count a person once
        shutil.copytree(embedded / "keys", host / "keys")
    for act in (("bus", "create"), ("bus", "check"), ("store", "migrate"), ("store", "check")):
        run_guankou(*act, data=tmp_path / "desk", **environment)
    port = free_port()
    parts = [(host, ["replay", str(capture)]) for host, capture in zip(hosts, captures, strict=True)]
    parts += [(host, ["forward"]) for host in hosts]
    parts += [(tmp_path / "desk", ["ingest"]), (tmp_path / "desk", ["ingest"]), (tmp_path / "desk", ["dashboards", "--port", str(port)])]
    running = start(lab, parts, environment, tmp_path)
    for wait_s in (4.0, 9.0):  # in the sensors' start, and while records are under way
        time.sleep(wait_s)
        for process in running:
            process.send_signal(signal.SIGKILL)
        for process in running:
            process.wait()
        wait_for(lambda: find_marked(lab.mark) >= {one.pid for one in lab.services})
        running = start(lab, parts, environment, tmp_path)
    wait_for(lambda: all(server_answers(lab, one) for one in lab.clickhouse), lambda: logs(tmp_path))
    store_settings = StoreSettings.model_validate({"servers": servers, "user": USER, "cluster": cluster})
    with closing(open_configured(tmp_path, store_settings)) as store:
        wait_for(lambda: has(store, wanted), lambda: f"{differences(sums(store), wanted)}\n{logs(tmp_path)}")
        wait_for(lambda: is_up(port), lambda: logs(tmp_path))
        pages = sign_in(port, (tmp_path / "dashboards.log").read_text("utf-8"))
        wait_for(lambda: flows_shown(pages, port) > 0)
        time.sleep(2)
        assert sums(store) == wanted, "nothing comes after the end"
    for process in running:
        process.send_signal(signal.SIGTERM)
    end_marked(lab.mark)


def start(lab: Lab, parts: list[tuple[Path, list[str]]], environment: dict[str, str], folder: Path) -> list[subprocess.Popen[bytes]]:
    before = dict(os.environ)
    started = []
    for data, words in parts:
        os.environ.update({**environment, "GUANKOU_DATA": str(data)})
        started.append(spawn(lab.mark, [sys.executable, "-m", "guankou", *words], folder / f"{words[0]}.log"))
    os.environ.clear()
    os.environ.update(before)
    return started


def logs(folder: Path) -> str:
    return "\n".join(f"--- {path.name}\n{path.read_text('utf-8', 'replace')[-1500:]}" for path in sorted(folder.glob("*.log")))


def wait_for(done: object, why: object = None) -> None:
    until = time.monotonic() + LIMIT_S
    while not done():  # type: ignore[operator]
        assert time.monotonic() < until, why() if why else "it did not come to it"  # type: ignore[operator]
        time.sleep(0.3)


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def sign_in(port: int, said: str) -> urllib.request.OpenerDirector:
    """A session of the account that the first start printed."""
    found = re.search(r"account\s+(\S+)\s+password\s+(\S+)", said)
    assert found, said
    pages = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    given = urllib.parse.urlencode({"name": found[1], "password": found[2]}).encode()
    pages.open(f"http://{HOST}:{port}/sign-in", given, timeout=20).read()
    return pages


def is_up(port: int) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2).status == 200)
    except OSError:
        return False


def flows_shown(pages: urllib.request.OpenerDirector, port: int) -> int:
    answer = json.load(pages.open(f"http://{HOST}:{port}/api/flows?period=year", timeout=20))
    return len(answer["rows"])


def has(store: Store, wanted: dict[str, list[object]]) -> bool:
    """Whether those are its sums. A client killed while it connects ends the lab's ClickHouse, which starts again (decision 0009)."""
    try:
        return sums(store) == wanted
    except RuntimeError:
        return False


def differences(found: dict[str, list[object]], wanted: dict[str, list[object]]) -> dict[str, tuple[object, object]]:
    return {table: (found[table], wanted[table]) for table in wanted if found[table] != wanted[table]}
