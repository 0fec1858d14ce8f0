"""Brings a lab up, says what of it runs, and brings it down.

One folder is one lab. Whoever changes it holds the folder's lock, so of several processes that want the same lab the first starts it and
the others find it running.
"""

from __future__ import annotations

import datetime
import fcntl
import secrets
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import certificates, clickhouse, kafka
from deploy.local.fetch import kafka_jars
from deploy.local.process import end_marked, find_marked, spawn
from deploy.local.state import Lab, Service, Shape, free_ports, is_free, read_lab, write_lab

LIMIT_S = 120.0  # a machine at full load included
Tell = Callable[[str], None]


def bring_up(folder: Path, shape: Shape, owner: int | None = None, tell: Tell = lambda _: None) -> tuple[Lab, bool]:
    """The running lab of `folder`, and whether it was started now; it ends with process `owner`, if one is named.

    RuntimeError says what does not run, and where its log is; nothing runs then.
    """
    folder = folder.resolve()
    with _locked(folder):
        kept = read_lab(folder)
        if kept is not None and kept.shape != shape:
            raise RuntimeError(f"{folder} is a lab of {kept.shape}; another shape needs another folder")
        if kept is not None and (running := find_marked(kept.mark)):
            if all(service.pid in running for service in kept.services):
                return kept, False
            raise RuntimeError(f"{folder}: parts of this lab run and others do not; bring it down first")
        lab = _with_free_ports(kept) if kept else _new_lab(folder, shape)
        try:
            return _start(folder, lab, owner, tell), True
        except BaseException:
            end_marked(lab.mark)
            write_lab(folder, _stopped(lab))
            raise


def look(folder: Path) -> tuple[Lab, set[int]] | None:
    """The lab of `folder` and the processes of it that live; None where there never was one."""
    lab = read_lab(folder.resolve())
    return None if lab is None else (lab, find_marked(lab.mark))


def bring_down(folder: Path) -> int:
    """End every process of the lab; how many there were. Data and addresses stay for the next start."""
    folder = folder.resolve()
    if read_lab(folder) is None:
        return 0
    with _locked(folder):
        lab = read_lab(folder)
        if lab is None:
            return 0
        ended = end_marked(lab.mark)
        write_lab(folder, _stopped(lab))
        return ended


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _new_lab(folder: Path, shape: Shape) -> Lab:
    listeners = kafka.SECURE if shape.secure else kafka.OPEN
    ports = iter(free_ports(len(listeners) * shape.brokers + 2 * shape.shards))
    brokers = [
        Service(name=f"kafka-{i}", folder=folder / f"kafka-{i}", ports={name: next(ports) for name in listeners})
        for i in range(1, shape.brokers + 1)
    ]
    shards = [
        Service(name=f"clickhouse-{i}", folder=folder / f"clickhouse-{i}", ports={"tcp": next(ports), "http": next(ports)})
        for i in range(1, shape.shards + 1)
    ]
    mark, password = str(uuid.uuid4()), secrets.token_hex(16)
    return Lab(mark=mark, shape=shape, password=password, kafka=tuple(brokers), clickhouse=tuple(shards))


def _with_free_ports(lab: Lab) -> Lab:
    """The same addresses as before, unless somebody took one meanwhile."""
    if all(is_free(port) for service in lab.services for port in service.ports.values()):
        return lab
    ports = iter(free_ports(sum(len(service.ports) for service in lab.services)))

    def moved(service: Service) -> Service:
        return service.model_copy(update={"ports": {name: next(ports) for name in service.ports}})

    return lab.model_copy(update={"kafka": tuple(map(moved, lab.kafka)), "clickhouse": tuple(map(moved, lab.clickhouse))})


def _start(folder: Path, lab: Lab, owner: int | None, tell: Tell) -> Lab:
    kafka_jars()  # fetched before anything runs
    clickhouse.server_command("")
    for service in lab.services:
        service.folder.mkdir(parents=True, exist_ok=True)
    write_lab(folder, lab)  # before the first process: whoever ends the lab must know its mark
    if owner is not None:
        spawn(lab.mark, [sys.executable, "-m", "deploy.local.watch", str(owner), str(folder)], folder / "watch.log")
    if lab.shape.secure and not (folder / "tls" / "client.pem").exists():
        certificates.make_authority(folder / "tls")
        for name in ("broker", "client"):
            certificates.issue(folder / "tls", name)
    begun = time.monotonic()
    clickhouse.write_configuration(lab)
    lab = lab.model_copy(update={"clickhouse": tuple(_started(s, clickhouse.start_server(lab, s).pid) for s in lab.clickhouse)})
    kafka.write_configuration(lab)
    kafka.format_storage(lab)
    lab = lab.model_copy(update={"kafka": tuple(_started(b, kafka.start_broker(lab, b, owner is not None).pid) for b in lab.kafka)})
    write_lab(folder, lab)
    for server in lab.clickhouse:
        _wait_for(lab, server, clickhouse.server_answers, begun, tell)
    for broker in lab.kafka:
        _wait_for(lab, broker, kafka.broker_answers, begun, tell)
    return lab


def _started(service: Service, pid: int) -> Service:
    return service.model_copy(update={"pid": pid, "since": datetime.datetime.now(datetime.UTC).replace(microsecond=0)})


def _stopped(lab: Lab) -> Lab:
    def stop(service: Service) -> Service:
        return service.model_copy(update={"pid": None, "since": None})

    return lab.model_copy(update={"kafka": tuple(map(stop, lab.kafka)), "clickhouse": tuple(map(stop, lab.clickhouse))})


def _wait_for(lab: Lab, service: Service, answers: Callable[[Lab, Service], bool], begun: float, tell: Tell) -> None:
    while not answers(lab, service):
        ended = service.pid not in find_marked(lab.mark)
        if ended or time.monotonic() - begun > LIMIT_S:
            last = "\n".join(service.log.read_text("utf-8", "replace").splitlines()[-8:])
            raise RuntimeError(f"{service.name} {'ended' if ended else f'does not answer in {LIMIT_S:.0f} s'}; {service.log}:\n{last}")
        time.sleep(0.1)
    tell(f"{service.name} answers after {time.monotonic() - begun:.1f} s")
