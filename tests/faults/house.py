"""The whole house as processes: a lab, two sensor hosts with a forwarder each, two ingests; started, killed, stopped, started again."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from deploy.local import clickhouse, kafka
from deploy.local.lab import bring_down, bring_up
from deploy.local.process import end_marked, find_marked, spawn
from deploy.local.state import HOST, USER, Lab, Service, Shape
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import create_topics, record_topics
from pipeline.store import nodes
from pipeline.store.settings import StoreSettings
from tests.faults.clock import Clock, build_clock
from tests.small_disk import FILLER, mount, unmount

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTS = 2
INGESTS = 2
SMALL_DISK = "64m"
STORE_DISK = "2g"
BROKERS = "brokers"  # whose clock is theirs; the store's engine asks the kernel past libc, so its clock stays right


class Part:
    """One process that is started again whenever it has ended; one that `ends` until it ended well."""

    def __init__(self, log: Path, mark: str, words: list[str], environment: dict[str, str], ends: bool) -> None:
        self.name, self._mark, self._words, self._environment = log.stem, mark, words, environment
        self._log, self._ends = log, ends
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def keep(self) -> bool:
        """Start it where it does not run; whether it ended well."""
        if self._process is not None:
            code = self._process.poll()
            if code == 0 and self._ends:
                return True
            if code is None:
                return False
        with _environment(self._environment):
            self._process = spawn(self._mark, self._words, self._log)
        self.starts += 1
        return False

    def send(self, number: int) -> None:
        """A signal, where it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._process is None:
            return
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._process.wait()

    @property
    def log(self) -> str:
        """Its last words."""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-12:]) if self._log.exists() else ""


class House:
    """Everything that runs; `close` ends it for certain."""

    def __init__(self, folder: Path, brokers: int, shards: int) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.mounts: list[Path] = []
        self.store_disk = folder / "lab" / "clickhouse-1" / "data"
        self._mount(self.store_disk, STORE_DISK)
        self._mount(folder / "host-1", SMALL_DISK)
        library = build_clock(folder)
        names = (BROKERS, *(self.host(i).name for i in range(HOSTS)))
        self.clocks = {name: Clock(folder / f"{name}.clock", library) for name in names}
        with _environment(self.clocks[BROKERS].environment):
            self.lab: Lab = bring_up(folder / "lab", Shape(brokers=brokers, shards=shards), os.getpid())[0]  # type: ignore[arg-type]
        servers = [{"host": HOST, "port": one.ports["tcp"]} for one in self.lab.clickhouse]
        self.store = StoreSettings.model_validate({"servers": servers, "user": USER, "cluster": "lab" if shards > 1 else ""})
        self.bus = BusSettings(bootstrap=self.lab.bootstrap())
        create_topics(self.bus)
        nodes.migrate_nodes(self.store, lambda _: None)
        self._common = {
            "GUANKOU_BUS__BOOTSTRAP": self.bus.bootstrap,
            "GUANKOU_STORE__SERVERS": json.dumps(servers),
            "GUANKOU_STORE__USER": USER,
            "GUANKOU_INGEST__SESSION_SECONDS": "6",
            "GUANKOU_INGEST__STRETCH_SECONDS": "0.3",
            "GUANKOU_STORE__CLUSTER": self.store.cluster,
        }
        self.forwarders = [self.make(f"forwarder-{i}", ["-m", "guankou", "forward"], i) for i in range(HOSTS)]
        self.ingests = [self.make(f"ingest-{i}", ["-m", "guankou", "ingest"], 0) for i in range(INGESTS)]
        self._asking: KafkaConsumer | None = None

    def make(self, name: str, words: list[str], host: int, ends: bool = False) -> Part:
        """A part of this house; `host` says whose data directory it has, `ends` that its work comes to an end."""
        environment = {**self._common, **self.clocks[self.host(host).name].environment, "GUANKOU_DATA": str(self.host(host))}
        return Part(self.folder / f"{name}.log", self.lab.mark, [sys.executable, *words], environment, ends)

    def host(self, number: int) -> Path:
        """A sensor host's data directory."""
        return self.folder / f"host-{number}"

    def keep(self) -> None:
        """Start again what has ended, servers too."""
        for part in (*self.forwarders, *self.ingests):
            part.keep()
        running = find_marked(self.lab.mark)
        for service in self.lab.services:
            if service.pid not in running:
                self._restart(service)

    def kill_service(self, service: Service) -> None:
        """SIGKILL, children too."""
        for pid in self._pids(service):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def freeze(self, service: Service, number: int) -> None:
        """SIGSTOP or SIGCONT to a server."""
        for pid in self._pids(service):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self, service: Service) -> list[int]:
        if service.pid is None:
            return []
        children = Path(f"/proc/{service.pid}/task/{service.pid}/children")
        with suppress(FileNotFoundError, ProcessLookupError):
            return [service.pid, *map(int, children.read_text().split())]
        return []

    def _restart(self, service: Service) -> None:
        if service in self.lab.kafka:
            with _environment(self.clocks[BROKERS].environment):
                process = kafka.start_broker(self.lab, service, True)
        else:
            process = clickhouse.start_server(self.lab, service)
        services = {"kafka": self.lab.kafka, "clickhouse": self.lab.clickhouse}
        changed = {
            kind: tuple(one.model_copy(update={"pid": process.pid}) if one == service else one for one in ones)
            for kind, ones in services.items()
        }
        self.lab = self.lab.model_copy(update=changed)

    def store_answers(self) -> bool:
        """Whether every server of the store takes questions."""
        return all(clickhouse.server_answers(self.lab, one) for one in self.lab.clickhouse)

    def waiting(self) -> int:
        """Batches in the outboxes."""
        total = 0
        for path in self.folder.glob("host-*/outbox/*.sqlite"):
            with closing(sqlite3.connect(path, timeout=10)) as outbox, suppress(sqlite3.OperationalError):
                total += outbox.execute("SELECT count(*) FROM batch").fetchone()[0]
        return total

    def behind(self) -> int:
        """Messages that the group has not committed; KafkaError when the brokers do not say."""
        if self._asking is None:
            self._asking = KafkaConsumer(**self.bus.connection(), group_id=f"{self.bus.prefix}ingest", enable_auto_commit=False)
        try:
            places = [TopicPartition(topic, p) for topic in record_topics(self.bus) for p in self._asking.partitions_for_topic(topic) or ()]
            ends = self._asking.end_offsets(places, timeout_ms=10_000)
            return sum(ends[place] - (self._asking.committed(place, timeout_ms=10_000) or 0) for place in places if ends[place])
        except KafkaError:
            self._asking.close()
            self._asking = None
            raise

    def send(self, messages: Iterable[tuple[str, bytes | None, list[tuple[str, bytes]], bytes]]) -> None:
        """Put messages (record, key, headers, body) on the bus beside the forwarders."""
        producer = KafkaProducer(**self.bus.connection(), max_request_size=32 << 20)
        try:
            for record, key, headers, body in messages:
                producer.send(self.bus.prefix + record, body, key=key, headers=headers)
            producer.flush(30)
        finally:
            producer.close(timeout=5)  # by itself it waits for ever for brokers that take nothing

    def move_partitions(self, rng: random.Random) -> None:
        """Give each partition of the records' topics two brokers in a random order; KafkaError when the brokers refuse."""
        brokers = list(range(1, len(self.lab.kafka) + 1))
        with closing(KafkaAdminClient(**self.bus.connection(), bootstrap_timeout_ms=5000)) as admin:
            topics = admin.describe_topics(list(record_topics(self.bus)))
            places = [TopicPartition(one["name"], part["partition_index"]) for one in topics for part in one["partitions"]]
            admin.alter_partition_reassignments({place: rng.sample(brokers, 2) for place in places}, timeout_ms=10_000)

    def close(self, keep: bool = False) -> None:
        """End everything, and take the small disks away; `keep`: what they held goes to `<folder>/kept` before."""
        if self._asking is not None:
            self._asking.close()
        for part in (*self.forwarders, *self.ingests):
            part.stop()
        end_marked(self.lab.mark)
        bring_down(self.folder / "lab")
        for place in self.mounts:
            if keep:
                shutil.copytree(place, self.folder / "kept" / place.name, symlinks=True, ignore=shutil.ignore_patterns(FILLER))
            unmount(place)

    def _mount(self, place: Path, size: str) -> None:
        """A small disk of its own, where one may mount."""
        if mount(place, size):
            self.mounts.append(place)


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    """What is started inside has `more` in its environment."""
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def wait_until(done: object, limit_s: float, what: str) -> None:
    """Poll `done()`; TimeoutError names `what`."""
    until = time.monotonic() + limit_s
    while not done():  # type: ignore[operator]
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.05)
