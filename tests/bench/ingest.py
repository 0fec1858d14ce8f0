"""Kafka → ClickHouse: `guankou ingest` against ClickHouse's own Kafka table engine, the same topic, the same tables behind.

    python -m tests.bench --only ingest [--rows 40000000]

Both begin at the topic's beginning with two consumers and fill a migrated `flows` with its rollups. The rate is of the steady state: from
a tenth of the rows to nine tenths, so that neither start nor last flush counts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from deploy.local.lab import bring_down, bring_up
from deploy.local.process import spawn
from deploy.local.state import HOST, USER, Shape
from pipeline.bus.link import Link
from pipeline.bus.message import to_headers, to_key
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import create_topics, topic_name
from pipeline.ingest.body import Identity
from pipeline.schema import FLOW
from pipeline.store import nodes
from pipeline.store.server import ServerStore
from pipeline.store.settings import StoreSettings
from sensor.outbox.batch import encode
from tests.bench.made_flows import make_flows
from tests.conftest import ROOT

ROWS = 40_000_000
MESSAGE_ROWS = 32_768  # a full batch of a worker
WORKERS = 16
MEMBERS = 2
LIMIT_S = 3600
ENGINE = """
CREATE TABLE {database}.from_kafka ({columns}) ENGINE = Kafka SETTINGS kafka_broker_list = '{bootstrap}', kafka_topic_list = '{topic}',
kafka_group_name = 'engine', kafka_format = 'ArrowStream', kafka_num_consumers = 2, kafka_thread_per_consumer = 1
"""
CARRY = "CREATE MATERIALIZED VIEW {database}.carry TO {database}.flows AS SELECT {names} FROM {database}.from_kafka"


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Rows a second of both, and their ratio."""
    folder = ROOT / "build" / "bench-ingest"
    shutil.rmtree(folder, ignore_errors=True)
    lab, _ = bring_up(folder / "lab", Shape(), os.getpid())
    try:
        bus = BusSettings(bootstrap=lab.bootstrap())
        create_topics(bus)
        servers = [{"host": HOST, "port": lab.clickhouse[0].ports["tcp"]}]
        sent = fill_topic(bus, rows)
        ours = run_ours(lab.mark, bus, servers, rows, folder)
        engine = run_engine(bus, servers, rows)
    finally:
        bring_down(folder / "lab")
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "rows": rows,
        "octets a row on the bus": round(sent / rows, 1),
        "guankou": ours,
        "engine": engine,
        "ratio": round(ours / engine, 2),
    }


def show(result: dict[str, Any]) -> None:
    """A line each."""
    print(f"{result['rows']:,} flows, {result['octets a row on the bus']} octets each on the bus")
    print(f"guankou ingest  {result['guankou']:>12,.0f} rows/s")
    print(f"Kafka engine    {result['engine']:>12,.0f} rows/s")
    print(f"ratio           {result['ratio']:>12}")


def fill_topic(bus: BusSettings, rows: int) -> int:
    """The flows as sensors' messages; their octets."""
    octets, sequences = 0, dict.fromkeys(range(WORKERS), 0)
    link = Link(bus, [topic_name(bus, FLOW.name)])
    turn = 0
    for made in make_flows(rows):
        for start in range(0, made.batch.num_rows, MESSAGE_ROWS):
            worker = turn % WORKERS
            turn += 1
            sequences[worker] += 1
            identity = Identity(FLOW.name, f"gateway-{worker}", 0, 7)
            body = encode(of(made.batch.slice(start, MESSAGE_ROWS), identity, sequences[worker]))
            octets += len(body)
            headers = to_headers(identity, sequences[worker], min(MESSAGE_ROWS, made.batch.num_rows - start), time.time_ns())
            link.send(topic_name(bus, FLOW.name), to_key(identity), body, headers).get(timeout=120)
    link.close(60)
    return octets


def of(batch: pa.RecordBatch, identity: Identity, sequence: int) -> pa.RecordBatch:
    """The batch as one worker's."""
    n = batch.num_rows
    own = {
        "sensor": pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([identity.sensor])),
        "worker": pa.array(np.full(n, identity.worker, np.uint16)),
        "epoch": pa.array(np.full(n, identity.epoch, np.uint64)),
        "sequence": pa.array(np.full(n, sequence, np.uint64)),
    }
    return pa.RecordBatch.from_arrays([own.get(name, batch.column(name)) for name in batch.schema.names], schema=batch.schema)


def run_ours(mark: str, bus: BusSettings, servers: list[dict[str, Any]], rows: int, folder: Path) -> float:
    """`guankou ingest`, MEMBERS processes; rows a second."""
    store = StoreSettings.model_validate({"servers": servers, "user": USER, "database": "ours"})
    nodes.migrate_nodes(store, lambda _: None)
    told = {
        "GUANKOU_BUS__BOOTSTRAP": bus.bootstrap,
        "GUANKOU_STORE__SERVERS": json.dumps(servers),
        "GUANKOU_STORE__USER": USER,
        "GUANKOU_STORE__DATABASE": "ours",
    }
    before = dict(os.environ)
    os.environ.update(told)
    members: list[subprocess.Popen[bytes]] = [
        spawn(mark, [sys.executable, "-m", "guankou", "ingest"], folder / f"ingest-{i}.log") for i in range(MEMBERS)
    ]
    os.environ.clear()
    os.environ.update(before)
    try:
        return steady_rate(store, rows)
    finally:
        for member in members:
            member.send_signal(signal.SIGTERM)
            member.wait(60)


def run_engine(bus: BusSettings, servers: list[dict[str, Any]], rows: int) -> float:
    """ClickHouse's Kafka engine into the same tables; rows a second."""
    store = StoreSettings.model_validate({"servers": servers, "user": USER, "database": "theirs"})
    nodes.migrate_nodes(store, lambda _: None)
    columns = ", ".join(f"`{field.name}` {field.clickhouse}" for field in FLOW.fields)
    names = ", ".join(f"`{field.name}`" for field in FLOW.fields)
    with closing(ServerStore(store)) as server:
        topic = topic_name(bus, FLOW.name)
        server.command(ENGINE.format(database="theirs", columns=columns, bootstrap=bus.bootstrap, topic=topic))
        server.command(CARRY.format(database="theirs", names=names))
        rate = steady_rate(store, rows)
        server.command("DROP TABLE theirs.carry SYNC")
        server.command("DROP TABLE theirs.from_kafka SYNC")
    return rate


def steady_rate(settings: StoreSettings, rows: int) -> float:
    """Rows a second between a tenth and nine tenths of `rows`."""
    marks: dict[float, tuple[float, int]] = {}
    until = time.monotonic() + LIMIT_S
    with closing(ServerStore(settings)) as store:
        while 0.9 not in marks:
            if time.monotonic() > until:
                raise TimeoutError(f"{marks} of {rows} rows after {LIMIT_S} s")
            there = int(store.query("SELECT count() AS n FROM flows").to_pylist()[0]["n"])
            for share in (0.1, 0.9):
                if there >= share * rows:
                    marks.setdefault(share, (time.monotonic(), there))
            time.sleep(0.1)
    (begun, first), (ended, last) = marks[0.1], marks[0.9]
    return round((last - first) / max(1e-3, ended - begun))
