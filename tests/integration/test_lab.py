"""`guankou lab`: real servers come up, are seen, refuse whom they should, and leave nothing running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from deploy.local import certificates
from deploy.local.clickhouse import server_answers
from deploy.local.lab import bring_down, bring_up
from deploy.local.process import find_marked, wait_for_end
from deploy.local.state import HOST, USER, Lab, Shape, is_free, read_lab
from tests.services import ClickhouseServer

ROOT = Path(__file__).resolve().parents[2]
SASL = {"security_protocol": "SASL_PLAINTEXT", "sasl_plain_username": USER}


def guankou_lab(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import guankou; guankou.main()", "lab", *words, "--data", str(data)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "COLUMNS": "200"}, text=True, capture_output=True, timeout=240)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a lab with all there is, not yet started."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def lab(data: Path) -> Iterator[Lab]:
    """Two shards and a broker with every listener."""
    folder = data / "lab"
    yield bring_up(folder, Shape(shards=2, secure=True), os.getpid())[0]
    bring_down(folder)


def roundtrip(bootstrap: str, topic: str, **how: Any) -> bytes:
    """Send a message with an idempotent producer, and read it."""
    with KafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", compression_type="zstd", **how) as producer:
        producer.send(topic, b"\xe5\x85\xb3\xe5\x8f\xa3").get(30)
    consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=30_000, **how)
    try:
        return bytes(next(consumer).value)
    finally:
        consumer.close()


def connect(lab: Lab, shard: int, **how: Any) -> Client:
    return Client(HOST, port=lab.clickhouse[shard].ports["tcp"], **{"user": USER, "password": lab.clickhouse_password, **how})


def test_kafka_keeps_a_message(kafka: str) -> None:
    assert roundtrip(kafka, f"t-{uuid.uuid4()}") == "关口".encode()


def test_clickhouse_keeps_rows(clickhouse: ClickhouseServer) -> None:
    database = f"t_{uuid.uuid4().hex}"
    with Client(clickhouse.host, port=clickhouse.port, user=clickhouse.user, password=clickhouse.password) as client:
        client.execute(f"CREATE DATABASE {database}")
        client.execute(f"CREATE TABLE {database}.rows (number UInt64, text String) ENGINE = MergeTree ORDER BY number")
        client.execute(f"INSERT INTO {database}.rows VALUES", [(i, str(i)) for i in range(1000)])
        assert client.execute(f"SELECT count(), sum(number), uniqExact(text) FROM {database}.rows") == [(1000, 499_500, 1000)]
        client.execute(f"DROP DATABASE {database}")


def test_a_second_up_finds_it_running(lab: Lab, data: Path) -> None:
    again = guankou_lab("up", "--shards", "2", "--secure", data=data)
    assert again.returncode == 0
    assert "runs already" in again.stderr
    assert lab.bootstrap("MTLS") in again.stderr
    assert read_lab(data / "lab") == lab


def test_another_shape_is_refused(lab: Lab, data: Path) -> None:
    other = guankou_lab("up", "--brokers", "3", data=data)
    assert other.returncode == 2
    assert "another shape needs another folder" in " ".join(other.stderr.split())
    assert guankou_lab("up", "--brokers", "2", data=data).returncode == 2
    assert {service.pid for service in lab.services} <= find_marked(lab.mark)


def test_shards_see_each_other(lab: Lab) -> None:
    for shard in range(2):
        with connect(lab, shard) as client:
            client.execute("CREATE DATABASE d")
            client.execute("CREATE TABLE d.part (number UInt64) ENGINE = MergeTree ORDER BY number")
            client.execute("CREATE TABLE d.whole AS d.part ENGINE = Distributed(lab, d, part, number)")
            client.execute("SELECT getMacro('shard')")
    with connect(lab, 0) as client:
        client.execute("INSERT INTO d.whole SETTINGS distributed_foreground_insert = 1 VALUES", [(i,) for i in range(1000)])
    for shard in range(2):
        with connect(lab, shard) as client:
            assert client.execute("SELECT count() FROM d.part") == [(500,)]
            assert client.execute("SELECT count(), sum(number) FROM d.whole") == [(1000, 499_500)]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
def test_sasl_asks_for_the_password(lab: Lab, mechanism: str) -> None:
    how = {**SASL, "sasl_mechanism": mechanism}
    assert roundtrip(lab.bootstrap("SASL"), f"t-{uuid.uuid4()}", sasl_plain_password=lab.password, **how)
    refused(lab, "SASL", sasl_plain_password="wrong", **how)
    refused(lab, "SASL")


def test_tls_is_trusted_by_its_authority_alone(lab: Lab, data: Path, tmp_path: Path) -> None:
    authority = str(data / "lab" / "tls" / "ca.pem")
    assert roundtrip(lab.bootstrap("SSL"), f"t-{uuid.uuid4()}", security_protocol="SSL", ssl_cafile=authority)
    refused(lab, "SSL", security_protocol="SSL", ssl_cafile=str(certificates.make_authority(tmp_path)))
    refused(lab, "SSL")


def test_mutual_tls_asks_for_a_certificate_of_the_authority(lab: Lab, data: Path, tmp_path: Path) -> None:
    tls = data / "lab" / "tls"
    how = {"security_protocol": "SSL", "ssl_cafile": str(tls / "ca.pem")}
    assert roundtrip(lab.bootstrap("MTLS"), f"t-{uuid.uuid4()}", ssl_certfile=str(tls / "client.pem"), **how)
    refused(lab, "MTLS", **how)
    certificates.make_authority(tmp_path)
    refused(lab, "MTLS", ssl_certfile=str(certificates.issue(tmp_path, "stranger")), **how)


def refused(lab: Lab, listener: str, **how: Any) -> None:
    with pytest.raises(KafkaError):
        KafkaAdminClient(bootstrap_servers=lab.bootstrap(listener), bootstrap_timeout_ms=2000, **how)


def test_clickhouse_asks_for_the_password_and_rights(lab: Lab) -> None:
    with connect(lab, 1, user="reader") as reader, pytest.raises(ServerException, match="readonly"):
        reader.execute("CREATE DATABASE not_mine")
    with connect(lab, 1, user="default", password="") as nobody, pytest.raises(ServerException, match="Not enough privileges"):
        nobody.execute("SELECT * FROM system.users")
    with pytest.raises(ServerException, match="Authentication failed"):
        connect(lab, 1, password="wrong").execute("SELECT 1")


def test_clickhouse_comes_back_after_the_wrong_password(lab: Lab) -> None:
    """The engine aborts on it, and its keeper starts it again; a server proper just goes on."""
    server, until = lab.clickhouse[0], time.monotonic() + 60
    with pytest.raises(ServerException, match="Authentication failed"):
        connect(lab, 0, password="wrong").execute("SELECT 1")
    while not shutil.which("clickhouse") and "started again" not in server.log.read_text():
        assert time.monotonic() < until
    while not server_answers(lab, server):
        assert time.monotonic() < until


@pytest.mark.slow
def test_a_killed_service_is_seen_and_down_ends_the_rest(lab: Lab, data: Path) -> None:
    """The last test of this lab."""
    assert guankou_lab("status", data=data).returncode == 0
    assert lab.kafka[0].pid
    os.kill(lab.kafka[0].pid, signal.SIGKILL)
    wait_for_end(lab.kafka[0].pid)
    seen = guankou_lab("status", data=data)
    assert seen.returncode == 1
    assert "ended by itself" in seen.stderr
    assert seen.stderr.count(" runs ") == 2
    assert guankou_lab("up", "--shards", "2", "--secure", data=data).returncode == 2
    down = guankou_lab("down", data=data)
    assert down.returncode == 0
    assert "processes ended" in down.stderr
    assert not find_marked(lab.mark)
    again = guankou_lab("down", data=data)
    assert again.returncode == 0
    assert "no lab runs" in again.stderr
    assert guankou_lab("status", data=data).returncode == 1
    assert all(is_free(port) for service in lab.services for port in service.ports.values())


def test_a_file_that_is_no_lab_is_named(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "lab.json").write_text("{}")
    for word in ("up", "status", "down"):
        done = guankou_lab(word, data=tmp_path)
        assert done.returncode == 2
        assert "lab.json" in done.stderr


@pytest.mark.slow
def test_three_brokers_keep_three_copies_over_a_restart(tmp_path: Path) -> None:
    folder, topic = tmp_path / "lab", f"t-{uuid.uuid4()}"
    try:
        lab, _ = bring_up(folder, Shape(brokers=3), os.getpid())
        assert roundtrip(lab.bootstrap(), topic) == "关口".encode()
        assert bring_down(folder)
        lab, is_new = bring_up(folder, Shape(brokers=3), os.getpid())
        assert is_new
        admin = KafkaAdminClient(bootstrap_servers=lab.bootstrap())
        (described,) = admin.describe_topics([topic])
        admin.close()
        assert len(described["partitions"][0]["replica_nodes"]) == 3
    finally:
        bring_down(folder)
    assert not find_marked(lab.mark)


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lab, _ = bring_up(tmp_path / "lab", Shape(), owner.pid)
    running = find_marked(lab.mark)
    assert len(running) == 4  # broker, engine and its keeper, watch
    owner.kill()
    owner.communicate()
    for pid in running:
        wait_for_end(pid)
    assert not find_marked(lab.mark)


def test_nothing_is_left_when_up_itself_is_killed(tmp_path: Path) -> None:
    """Half-way: servers have been started, and their numbers are not yet written down."""
    code = f"from pathlib import Path; from deploy.local.lab import *; import os; bring_up(Path({str(tmp_path)!r}), Shape(), os.getpid())"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as up:
        while not (tmp_path / "clickhouse-1" / "output.log").exists():
            assert up.poll() is None
        up.kill()
    lab = read_lab(tmp_path)
    assert lab is not None
    for pid in find_marked(lab.mark):
        wait_for_end(pid)
    assert not find_marked(lab.mark)
