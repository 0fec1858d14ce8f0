"""Kafka → ClickHouse: `guankou ingest` against ClickHouse's own Kafka table engine, the same messages, the same tables behind.

    python -m tests.bench --only ingest [--rows 40000000]

Both begin at the topic's beginning with two consumers and fill a migrated `flows`, indexes and sums by hour included. The rate is of the
steady state: from a tenth of the rows to nine tenths, so that neither start nor last flush counts. Each has servers of its own.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.bus.link import Link
from pipeline.bus.message import to_headers, to_key
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import topic_name
from pipeline.ingest.body import Identity
from pipeline.schema import FLOW
from pipeline.store import nodes
from pipeline.store.server import ServerStore
from pipeline.store.settings import StoreSettings
from sensor.outbox.batch import encode
from tests.bench.house import House, open_house
from tests.bench.made_flows import make_flows

ROWS = 40_000_000
MESSAGE_ROWS = 32_768  # a full batch of a worker
WORKERS = 16
MEMBERS = 2
LIMIT_S = 3600
EVENTS = {  # what the server's threads were at → its counter, and how many of its units are a second
    "sorting": ("MergeTreeDataWriterSortingBlocksMicroseconds", 1e6),
    "skip indexes": ("MergeTreeDataWriterSkipIndicesCalculationMicroseconds", 1e6),
    "sums by hour": ("MergeTreeDataWriterProjectionsCalculationMicroseconds", 1e6),
    "merging": ("MergeExecuteMilliseconds", 1e3),
}
ENGINE = """
CREATE TABLE {database}.from_kafka ({columns}) ENGINE = Kafka SETTINGS kafka_broker_list = '{bootstrap}', kafka_topic_list = '{topic}',
kafka_group_name = 'engine', kafka_format = 'ArrowStream', kafka_num_consumers = 2, kafka_thread_per_consumer = 1
"""
CARRY = "CREATE MATERIALIZED VIEW {database}.carry TO {database}.flows AS SELECT {names} FROM {database}.from_kafka"


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Rows a second of both and their ratio; CPU seconds a million rows by process, and what the server spent them on."""
    with open_house("ingest") as house:
        sent = fill_topic(house.bus, rows)
        ours = run_ours(house, rows)
    print(ours, flush=True)
    # Last, in a house of its own: under its own Kafka table the server has been seen to end with a fatal error, and to run out of memory.
    with open_house("ingest") as house:
        fill_topic(house.bus, rows)
        engine = run_engine(house, rows)
    ratio = round(ours["rows/s"] / engine["rows/s"], 2)
    return {"rows": rows, "octets a row on the bus": round(sent / rows, 1), "guankou ingest": ours, "Kafka engine": engine, "ratio": ratio}


def show(result: dict[str, Any]) -> None:
    """A line each, and below it where its time went."""
    print(f"{result['rows']:,} flows, {result['octets a row on the bus']} octets each on the bus; CPU seconds are of a million rows")
    for name in ("guankou ingest", "Kafka engine"):
        told = dict(result[name])
        print(f"{name:<16}{told.pop('rows/s'):>12,.0f} rows/s")
        for what, value in told.items():
            print(f"    {what:<32}{value}")
    print(f"{'ratio':<16}{result['ratio']:>12}")


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


def run_ours(house: House, rows: int) -> dict[str, Any]:
    """`guankou ingest`, MEMBERS processes."""
    store = house.store.model_copy(update={"database": "ours"})
    nodes.migrate_nodes(store, lambda _: None)
    for i in range(MEMBERS):
        house.start(f"ingest-{i}", "guankou", "ingest", told={"GUANKOU_STORE__DATABASE": "ours"})
    told = steady(house, store, rows) | settled(house, store, rows)
    told["MiB of a member at most"] = max(house.most_mebibytes(f"ingest-{i}") for i in range(MEMBERS))
    for i in range(MEMBERS):
        house.stop(f"ingest-{i}")
    with closing(ServerStore(store, "default")) as anywhere:
        anywhere.command("DROP DATABASE ours SYNC")
    return told


def run_engine(house: House, rows: int) -> dict[str, Any]:
    """ClickHouse's Kafka engine into the same tables."""
    store = house.store.model_copy(update={"database": "theirs"})
    nodes.migrate_nodes(store, lambda _: None)
    columns = ", ".join(f"`{field.name}` {field.clickhouse}" for field in FLOW.fields)
    names = ", ".join(f"`{field.name}`" for field in FLOW.fields)
    with closing(ServerStore(store)) as server:
        topic = topic_name(house.bus, FLOW.name)
        server.command(ENGINE.format(database="theirs", columns=columns, bootstrap=house.bus.bootstrap, topic=topic))
        server.command(CARRY.format(database="theirs", names=names))
        told = steady(house, store, rows)
        server.command("DROP TABLE theirs.carry SYNC")
        server.command("DROP TABLE theirs.from_kafka SYNC")
    return told | settled(house, store, rows)


def steady(house: House, settings: StoreSettings, rows: int) -> dict[str, Any]:
    """What happened between a tenth and nine tenths of `rows`."""
    with closing(ServerStore(settings)) as store:
        reached(store, rows // 10)
        begun, first, before, had = time.monotonic(), count(store), house.cpu_seconds(), events(store)
        reached(store, rows * 9 // 10)
        ended, last, after, has = time.monotonic(), count(store), house.cpu_seconds(), events(store)
    millions = (last - first) / 1e6
    cpu = {name: round((after[name] - before[name]) / millions, 2) for name in before if name in after and not name.startswith("ingest")}
    members = sum(after[name] - before[name] for name in before if name.startswith("ingest"))
    spent = {name: round((has[name] - had[name]) / millions, 2) for name in EVENTS}
    rate = round((last - first) / (ended - begun))
    return {"rows/s": rate, "CPU": {**cpu, "ingest": round(members / millions, 2)}, "of it, the server's threads": spent}


def settled(house: House, settings: StoreSettings, rows: int) -> dict[str, Any]:
    """What was left to merge when all rows were there."""
    with closing(ServerStore(settings)) as store:
        reached(store, rows)
        parts = number(store, "SELECT count() AS n FROM system.parts WHERE active AND table = 'flows' AND database = currentDatabase()")
        before = house.cpu_seconds()["clickhouse"]
        house.wait_for(lambda: not number(store, "SELECT count() AS n FROM system.merges"), "merges", LIMIT_S)
        after = house.cpu_seconds()["clickhouse"]
    return {"parts at the end": parts, "CPU merging afterwards": round((after - before) / rows * 1e6, 2)}


def reached(store: ServerStore, rows: int) -> None:
    """Return when the store has so many rows."""
    until = time.monotonic() + LIMIT_S
    while (there := count(store)) < rows:
        if time.monotonic() > until:
            raise TimeoutError(f"{there} of {rows} rows after {LIMIT_S} s")
        time.sleep(0.1)


def count(store: ServerStore) -> int:
    return number(store, "SELECT count() AS n FROM flows")


def number(store: ServerStore, sql: str) -> int:
    return int(store.query(sql).to_pylist()[0]["n"])


def events(store: ServerStore) -> dict[str, float]:
    """Seconds that the server's threads have spent on each of EVENTS."""
    there = {row["event"]: int(row["value"]) for row in store.query("SELECT event, value FROM system.events").to_pylist()}
    return {name: there.get(event, 0) / parts for name, (event, parts) in EVENTS.items()}
