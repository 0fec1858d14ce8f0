"""The bus with a real broker: all that is in the outbox arrives, in order, whatever dies meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from prometheus_client import REGISTRY

from deploy.local.lab import bring_down, bring_up
from deploy.local.state import HOST, Shape, free_ports
from pipeline.bus.connect import BusError
from pipeline.bus.dead import DeadLetters
from pipeline.bus.forward import Forwarder
from pipeline.bus.message import read_headers
from pipeline.bus.settings import BusSettings, ForwarderSettings
from pipeline.bus.topics import check_topics, create_topics, record_topics, topic_name
from pipeline.ingest.body import Identity, decode
from pipeline.schema import FINDING, FLOW
from sensor.outbox.batch import Identity as Maker
from sensor.outbox.queue import Outbox
from tests.faults.clock import Clock, build_clock
from tests.made_outbox import fill_outboxes, make_columns

ROOT = Path(__file__).resolve().parents[2]
BATCHES = 3 * 5 * 3  # workers, records, rounds of fill_outboxes


def settings_of(kafka: str) -> BusSettings:
    return BusSettings(bootstrap=kafka, prefix=f"t{uuid.uuid4().hex[:12]}.")


@pytest.fixture
def bus(kafka: str) -> Iterator[BusSettings]:
    """A bus of the test's own, with its topics."""
    settings = settings_of(kafka)
    create_topics(settings)
    yield settings
    remove_topics(settings)


def remove_topics(bus: BusSettings) -> None:
    with KafkaAdminClient(bootstrap_servers=bus.bootstrap) as admin:
        admin.delete_topics([name for name in admin.list_topics() if name.startswith(bus.prefix)])


def messages(bus: BusSettings) -> list[Any]:
    """Every message of the topics that carry records, a partition after the other."""
    consumer = KafkaConsumer(**bus.connection(), group_id=None, fetch_max_bytes=64 << 20, max_partition_fetch_bytes=40 << 20)
    found: list[Any] = []
    try:
        places = [TopicPartition(topic, n) for topic in record_topics(bus) for n in consumer.partitions_for_topic(topic)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=500).values():
                found += records
    finally:
        consumer.close()
    return sorted(found, key=lambda one: (one.topic, one.partition, one.offset))


def identities(bus: BusSettings) -> list[tuple[Identity, int]]:
    topics = record_topics(bus)
    return [read_headers(topics[one.topic], one.headers) for one in messages(bus)]


def assert_in_order(found: list[tuple[Identity, int]]) -> None:
    """Of every worker and record: the numbers from 1 without a hole; what comes again, comes after what it repeats."""
    last: dict[Identity, int] = {}
    for identity, sequence in found:
        assert sequence <= last.get(identity, 0) + 1, (identity, sequence)
        last[identity] = max(sequence, last.get(identity, 0))


def left(data: Path) -> int:
    total = 0
    for path in (data / "outbox").glob("*.sqlite"):
        with sqlite3.connect(path) as file:
            total += file.execute("SELECT count(*) FROM batch").fetchone()[0]
    return total


def forward(data: Path, bus: BusSettings, limit_s: float = 60.0, **how: Any) -> bool:
    return Forwarder(data, bus, ForwarderSettings(**how)).run(lambda: False, once=True, limit_s=limit_s)


def guankou(*words: str, bus: BusSettings) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], cwd=ROOT, env=environment(bus), text=True, capture_output=True, timeout=120)


COMMAND = [sys.executable, "-c", "import guankou; guankou.main()"]


def environment(bus: BusSettings) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "200", "GUANKOU_BUS__BOOTSTRAP": bus.bootstrap, "GUANKOU_BUS__PREFIX": bus.prefix}


def test_topics_are_made_once_and_compared(kafka: str) -> None:
    bus = settings_of(kafka)
    missing = check_topics(bus)
    assert {one.what for one in missing} == {"topic"} and len(missing) == 6
    assert len(create_topics(bus)) == 6
    assert create_topics(bus) == [] == check_topics(bus)
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.delete_topics([topic_name(bus, "flows")])
    made = guankou("bus", "create", bus=bus)
    assert made.returncode == 0 and "made now" in made.stderr, made.stderr
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.create_partitions({topic_name(bus, "flows"): 9})
    configure(bus, {"message.timestamp.type": "CreateTime"})  # as topics of older releases are
    checked = guankou("bus", "check", bus=bus)
    assert checked.returncode == 1 and "partitions" in checked.stderr and "drain" in checked.stderr
    assert "LogAppendTime" in checked.stderr and "kafka-configs" in checked.stderr
    remove_topics(bus)


def test_all_arrives_unchanged_and_the_outbox_is_empty(bus: BusSettings, tmp_path: Path) -> None:
    assert fill_outboxes(tmp_path, 1) == BATCHES
    before = REGISTRY.get_sample_value("forwarder_sent_total", {"record": "flows"}) or 0.0
    assert forward(tmp_path, bus)
    assert left(tmp_path) == 0
    topics = record_topics(bus)
    rows: Counter[str] = Counter()
    for one in messages(bus):
        identity, sequence = read_headers(topics[one.topic], one.headers)
        assert one.key == f"{identity.sensor}/{identity.worker}".encode()
        rows[identity.record] += decode(identity, sequence, one.value).num_rows
    assert rows == {"flows": 540, "findings": 180, "subjects": 720, "coverage": 270, "sensor_reports": 9}
    assert len(set(identities(bus))) == len(identities(bus)) == BATCHES
    assert_in_order(identities(bus))
    assert REGISTRY.get_sample_value("forwarder_sent_total", {"record": "flows"}) == before + 9
    assert REGISTRY.get_sample_value("forwarder_lag_batches") == 0
    assert REGISTRY.get_sample_value("forwarder_oldest_unsent_seconds") == 0


def put_flows(outbox: Outbox, batches: int, rows: int = 300) -> None:
    columns = make_columns(random.Random(1), FLOW, rows)
    for _ in range(batches):
        outbox.put(FLOW, columns, rows)
        outbox.flush()


def test_findings_go_before_older_flows(bus: BusSettings, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", Maker("one", 0, 7))
    put_flows(outbox, 40, 3000)
    outbox.put(FINDING, make_columns(random.Random(1), FINDING, 20), 20)
    outbox.close()
    forwarder = Forwarder(tmp_path, bus, ForwarderSettings(window_mebibytes=1))
    while not forwarder.step(0.0) or forwarder._link is None:
        pass
    assert forwarder._flying[0].record == "findings"
    assert {one.record for one in forwarder._flying} == {"findings", "flows"}
    assert len(forwarder._flying) < 41  # the window
    forwarder.close()
    assert forward(tmp_path, bus)
    assert_in_order(identities(bus))


def test_killed_while_sending_nothing_is_lost(bus: BusSettings, tmp_path: Path) -> None:
    """kill -9 while a worker goes on writing, again and again."""
    outbox = Outbox(tmp_path / "outbox", Maker("one", 0, 7))
    put_flows(outbox, 100, 3000)
    for _ in range(3):
        with subprocess.Popen([*COMMAND, "forward", "--data", str(tmp_path)], cwd=ROOT, env=environment(bus)) as process:
            begun = left(tmp_path)
            while left(tmp_path) > begun - 8:
                assert process.poll() is None
            process.send_signal(signal.SIGKILL)
        put_flows(outbox, 20, 3000)
    outbox.close()
    assert left(tmp_path) > 0
    done = guankou("forward", "--once", "--data", str(tmp_path), bus=bus)
    assert done.returncode == 0, done.stderr
    found = identities(bus)
    assert {sequence for _, sequence in found} == set(range(1, 161))
    assert_in_order(found)
    assert left(tmp_path) == 0


def test_sigterm_ends_it_and_a_second_one_is_refused(bus: BusSettings, tmp_path: Path) -> None:
    fill_outboxes(tmp_path, 1)
    with subprocess.Popen([*COMMAND, "forward", "--data", str(tmp_path)], cwd=ROOT, env=environment(bus)) as process:
        while left(tmp_path):
            assert process.poll() is None
        second = guankou("forward", "--once", "--data", str(tmp_path), bus=bus)
        assert second.returncode == 2 and "another forwarder" in second.stderr
        fill_outboxes(tmp_path, 1)  # the same batches again
        while left(tmp_path):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert len(set(identities(bus))) == BATCHES


def test_topics_that_are_missing_are_named(kafka: str, tmp_path: Path) -> None:
    bus = settings_of(kafka)
    fill_outboxes(tmp_path, 1)
    done = guankou("forward", "--once", "--limit", "8", "--data", str(tmp_path), bus=bus)
    assert done.returncode == 1
    assert f"{bus.prefix}findings" in done.stderr and "guankou bus create" in done.stderr
    assert left(tmp_path) == BATCHES
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        assert not [name for name in admin.list_topics() if name.startswith(bus.prefix)]


@pytest.mark.parametrize("wrong_s", [90_000, -1_700_000_000], ids=["a day ahead", "in the seventies"])
def test_a_host_with_a_wrong_clock_delivers(bus: BusSettings, tmp_path: Path, wrong_s: int) -> None:
    """By a message's own time a broker would refuse what is an hour ahead, and delete at once what is older than the retention."""
    fill_outboxes(tmp_path, 1)
    clock = Clock(tmp_path / "clock", build_clock(tmp_path))
    clock.set(wrong_s)
    words = [*COMMAND, "forward", "--once", "--limit", "60", "--data", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, env=environment(bus) | clock.environment, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert {abs(one.timestamp / 1000 - time.time()) < 600 for one in messages(bus)} == {True}  # the broker's time
    assert len(set(identities(bus))) == BATCHES


def test_a_message_that_the_topic_refuses_stops_those_behind_it(bus: BusSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The order would be lost otherwise; all goes on once the topic takes it. The trouble is said once, however often it is tried."""
    outbox = Outbox(tmp_path / "outbox", Maker("one", 0, 7))
    put_flows(outbox, 3, 50)
    put_flows(outbox, 1, 20_000)
    put_flows(outbox, 30, 50)
    outbox.close()
    configure(bus, {"max.message.bytes": "200000"})
    assert not forward(tmp_path, bus, limit_s=8)
    assert left(tmp_path) == 31
    assert_in_order(identities(bus))
    said = [one.getMessage() for one in caplog.records if one.name == "pipeline.bus.forward"]
    assert len(said) == 1 and said[0].startswith(f"bus: {bus.bootstrap} answers MessageSizeTooLargeError"), said
    configure(bus, {"max.message.bytes": str(40 << 20)})
    assert forward(tmp_path, bus)
    found = identities(bus)
    assert_in_order(found)
    assert {sequence for _, sequence in found} == set(range(1, 35))


def configure(bus: BusSettings, wanted: dict[str, str]) -> None:
    """Set what the topic of flows is to do."""
    from kafka.admin import ConfigResource, ConfigResourceType

    with KafkaAdminClient(bootstrap_servers=bus.bootstrap) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic_name(bus, "flows"), wanted)])


def test_nobody_answers_then_the_broker_comes_and_goes(tmp_path: Path) -> None:
    """Three times: not there yet, there, away in the middle of sending."""
    lab_folder, data = tmp_path / "lab", tmp_path / "data"
    (port,) = free_ports(1)
    nobody = BusSettings(bootstrap=f"{HOST}:{port}")
    fill_outboxes(data, 1)
    forwarder = Forwarder(data, nobody, ForwarderSettings())
    assert not forwarder.run(lambda: False, once=True, limit_s=6)
    assert forwarder.trouble.startswith("bus.bootstrap: nobody answers")
    assert left(data) == BATCHES
    with pytest.raises(BusError, match="bus.bootstrap: nobody answers"):
        check_topics(nobody)
    try:
        lab = bring_up(lab_folder, Shape(), os.getpid())[0]
        bus = BusSettings(bootstrap=lab.bootstrap())
        create_topics(bus)
        with subprocess.Popen([*COMMAND, "forward", "--data", str(data)], cwd=ROOT, env=environment(bus)) as process:
            while left(data):
                assert process.poll() is None
            bring_down(lab_folder)
            outbox = Outbox(data / "outbox", Maker("one", 0, 7))
            put_flows(outbox, 50)
            outbox.close()
            bring_up(lab_folder, Shape(), os.getpid())
            while left(data):
                assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        found = identities(bus)
        assert len(set(found)) == BATCHES + 50
        assert_in_order(found)
    finally:
        bring_down(lab_folder)


def test_dead_letters_are_listed_once_and_fed_again(bus: BusSettings, tmp_path: Path) -> None:
    flows = topic_name(bus, "flows")
    dead = DeadLetters(bus)
    headers = [("sensor", b"one"), ("reason", b"their own")]
    for _ in range(2):
        dead.put(flows, 3, 17, b"one/0", headers, b"octets\xff", "headers", "no worker")
    dead.put(flows, 4, 1, None, [], b"", "values", "坏")
    dead.close()
    first, second = DeadLetters(bus).letters()
    assert (first.number, first.times, first.reason, first.headers, first.key) == (0, 2, "headers", headers, b"one/0")
    assert (second.number, second.detail, second.key) == (2, "坏", None)
    shown = guankou("bus", "dead-letters", "show", "0", "--output", str(tmp_path / "value"), bus=bus)
    assert json.loads(shown.stdout)["detail"] == "no worker"
    assert (tmp_path / "value").read_bytes() == b"octets\xff"
    assert guankou("bus", "dead-letters", "re-feed", "0", bus=bus).returncode == 0
    (again,) = messages(bus)
    assert (again.topic, again.key, list(again.headers), again.value) == (flows, b"one/0", headers, b"octets\xff")
    rest = guankou("bus", "dead-letters", "re-feed", "--all", bus=bus)
    assert "1 fed again" in rest.stderr
    listed = json.loads(guankou("bus", "dead-letters", "list", "--format", "json", bus=bus).stdout)
    assert [one["number"] for one in listed] == [0, 2] and all(one["fed"] for one in listed)
    assert guankou("bus", "dead-letters", "re-feed", "7", bus=bus).returncode == 2


def test_what_the_disk_had_no_room_for_is_told(bus: BusSettings, tmp_path: Path) -> None:
    """Hours without a broker in small: what arrives afterwards and what is said to be missing add up to what was made."""
    outbox = Outbox(tmp_path / "outbox", Maker("one", 0, 7))
    put_flows(outbox, 40, 3000)
    outbox.put(FINDING, make_columns(random.Random(1), FINDING, 20), 20)
    outbox.close()
    made = make_columns(random.Random(1), FLOW, 3000)
    octets = 40 * sum(sum(made[f"octets_{way}"].to_pylist()) for way in ("out", "in"))  # type: ignore[attr-defined]
    (port,) = free_ports(1)
    nobody = BusSettings(bootstrap=f"{HOST}:{port}")
    assert not forward(tmp_path, nobody, limit_s=2, disk_mebibytes=4)
    assert forward(tmp_path, bus, disk_mebibytes=4)
    topics, arrived, told = record_topics(bus), 0, 0
    for message in messages(bus):
        identity, sequence = read_headers(topics[message.topic], message.headers)
        batch = decode(identity, sequence, message.value)
        if identity.record == "flows":
            arrived += sum(batch["octets_out"].to_pylist()) + sum(batch["octets_in"].to_pylist())
        elif identity.record == "coverage":
            assert (identity.sensor, identity.worker) == ("one.forwarder", 0)
            assert set(batch["reason"].to_pylist()) == {"given_up"}
            told += sum(batch["octets"].to_pylist())
    assert arrived + told == octets
    assert arrived and told
    assert [one for one in identities(bus) if one[0].record == "findings"]
