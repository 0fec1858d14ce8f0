"""From the wire to a row that can be read: a live sensor, forwarder, Kafka, ingest and ClickHouse, each a process, under steady traffic.

    python -m tests.bench --only latency [--probes 60] [--packets-a-second 20000]

Each second one upload carries a person's identifier (`wire.py`). Its latency is the moment when a query has given its finding, less the
moment when its last packet was sent; the store is asked every 20 ms. Where the time goes is told by what each stage writes down anyhow:
the batch's `made_ns`, the message's time on the bus, the row's `ingested`. Root and iproute2 are needed for the namespaces.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from pipeline.bus.connect import connect
from pipeline.bus.message import read_headers
from pipeline.bus.topics import topic_name
from pipeline.ingest.body import Identity
from pipeline.schema import FINDING
from pipeline.store.server import ServerStore
from tests.bench.house import House, open_house, quantiles, shares
from tests.bench.wire import PROBE_PORT

PROBES, RATE = 60, 20_000
FIRST_OUT = 3  # probes that are sent before those that count: what is loaded late is loaded by then
ASKED_EVERY_S = 0.02
PATIENCE_S = 30.0  # after the last probe
LINES = """
[[line]]
id = "BENCH"
far = "SG"
holder = { name = "made", usci = "91350100M000100Y43" }
domestic = ["10.0.0.0/8"]
foreign = ["198.51.100.0/24"]
inspection = "content"
legal_basis = { kind = "holder_own_sensor", reference = "bench", from = 2020-01-01, until = 2099-12-31 }
"""
FOUND = f"""
SELECT toString(src_ip) AS src, sensor, worker, epoch, sequence, toUnixTimestamp64Milli(ingested) AS ingested_ms
FROM findings WHERE dst_port = {PROBE_PORT} AND signature = 'resident_id'
"""
STAGES = ("sensor, to its outbox", "forwarder, to the bus", "bus and ingest, to the insert", "insert, to a row that can be read")


class Found(NamedTuple):
    """A probe's finding, as the store first gave it."""

    seen_ns: int
    batch: tuple[Identity, int]
    ingested_ns: int


def measure(probes: int = PROBES, packets_a_second: int = RATE) -> dict[str, Any]:
    """Milliseconds, by stage too; what was sent and what the sensor lost."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return {"skipped": "network namespaces need root and iproute2"}
    with open_house("latency") as house, cable() as (near, far), closing(ServerStore(house.store)) as store:
        (house.folder / "lines.toml").write_text(LINES, "utf-8")
        report = house.folder / "report.json"
        house.start("ingest", "guankou", "ingest")
        house.start("forwarder", "guankou", "forward")
        words = ("run", "far", "--lines", str(house.folder / "lines.toml"), "--no-store", "--report", str(report))
        house.start("sensor", "guankou", "sensor", *words, inside=far)
        house.wait_for(lambda: store.query("SELECT 1 FROM sensor_reports LIMIT 1").num_rows, "the sensor's first report in the store")
        before, begun = house.cpu_seconds(), time.monotonic()
        sender = house.start("wire", "tests.bench.wire", "near", str(packets_a_second), str(FIRST_OUT + probes), inside=near)
        found = watch(store, sender, FIRST_OUT + probes)
        cores = shares(before, house.cpu_seconds(), time.monotonic() - begun)
        house.stop("sensor")
        *sent, sums = [json.loads(line) for line in house.log("wire").splitlines()]
        told = read_bus(house)
        done = json.loads(report.read_text())[0]
    return summed(probes, packets_a_second, [one["sent_ns"] for one in sent], found, told) | {
        "packets_a_second": round(sums["packets"] / sums["seconds"]),
        "packets": sums["packets"],
        "sensor": {name: done[name] for name in ("packets", "flows", "findings", "drops", "coverage", "status")},
        "cores": cores | {"wire": round(sums["cpu_seconds"] / sums["seconds"], 2)},
    }


@contextmanager
def cable() -> Iterator[tuple[str, str]]:
    """Two namespaces, joined by a cable whose ends are called near and far."""
    names = f"guankou-bench-near-{os.getpid()}", f"guankou-bench-far-{os.getpid()}"
    try:
        for name in names:
            run_ip("netns", "add", name)
        run_ip("-n", names[0], "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", names[1])
        for name, end in zip(names, ("near", "far"), strict=True):
            run_ip("-n", name, "link", "set", end, "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def run_ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def watch(store: ServerStore, sender: subprocess.Popen[bytes], probes: int) -> dict[int, Found]:
    """Each probe's finding when it can be read, by the probe's number; those that never came are not there."""
    found: dict[int, Found] = {}
    until = float("inf")
    while len(found) < probes and time.monotonic() < until:
        asked = time.monotonic()
        rows = store.query(FOUND).to_pylist()
        seen_ns = time.time_ns()
        for row in rows:
            high, low = row["src"].rpartition(":")[2].split(".")[2:]
            identity = Identity(FINDING.name, row["sensor"], row["worker"], row["epoch"])
            found.setdefault(int(high) * 256 + int(low), Found(seen_ns, (identity, row["sequence"]), row["ingested_ms"] * 10**6))
        if sender.poll() is not None:
            until = min(until, time.monotonic() + PATIENCE_S)
        time.sleep(max(0.0, ASKED_EVERY_S - (time.monotonic() - asked)))
    return found


def read_bus(house: House) -> dict[tuple[Identity, int], tuple[int, int]]:
    """When each batch of findings was made, and when it was handed to the bus, in ns."""
    topic, told = topic_name(house.bus, FINDING.name), {}
    consumer = connect(KafkaConsumer, house.bus, enable_auto_commit=False)
    with closing(consumer):
        consumer.assign([TopicPartition(topic, one) for one in consumer.partitions_for_topic(topic)])
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(list(consumer.assignment()))
        while any(consumer.position(one) < end for one, end in ends.items()):
            for messages in consumer.poll(timeout_ms=500).values():
                for message in messages:
                    made_ns = int(dict(message.headers)["made_ns"])
                    told[read_headers(FINDING.name, message.headers)] = made_ns, message.timestamp * 10**6
    return told


def summed(
    probes: int, rate: int, sent: list[int], found: dict[int, Found], told: dict[tuple[Identity, int], tuple[int, int]]
) -> dict[str, Any]:
    """Quantiles of the whole way and of each stage, in ms."""
    marks = [
        (sent[number], *told[one.batch], one.ingested_ns, one.seen_ns) for number, one in sorted(found.items()) if number >= FIRST_OUT
    ]
    whole = [(seen - begun) / 1e6 for begun, *_, seen in marks]
    parts = {name: [(mark[i + 1] - mark[i]) / 1e6 for mark in marks] for i, name in enumerate(STAGES)}
    return {
        "probes": probes,
        "found": len(marks),
        "asked_packets_a_second": rate,
        "latency_ms": quantiles(whole, (50, 95)) if whole else {},
        "stages_ms": {name: quantiles(values, (50, 95)) for name, values in parts.items() if values},
    }


def show(result: dict[str, Any]) -> None:
    """The whole way, then its stages."""
    if "skipped" in result:
        print(f"skipped: {result['skipped']}")
        return
    print(f"{result['found']} of {result['probes']} probes found; {result['packets_a_second']:,} packets/s beside them "
          f"({result['asked_packets_a_second']:,} asked for)")
    seen, octets = result["sensor"], result["sensor"]["coverage"]
    inspected = 100 * octets.get("inspected", 0) / max(1, octets.get("wire", 0) - octets.get("headers", 0))
    print(f"the sensor saw {seen['packets']:,} packets ({result['packets']:,} sent beside the probes) of {seen['flows']:,} flows, "
          f"{inspected:.1f} % of their payload inspected; {seen['drops']:,} dropped by the kernel")
    for name, ms in {"wire to row": result["latency_ms"], **result["stages_ms"]}.items():
        print(f"{name:<36}" + "".join(f"{q:>5} {value:>8,.1f}" for q, value in ms.items()) + " ms")
    print("CPU, cores: " + ", ".join(f"{name} {share}" for name, share in result["cores"].items()))
