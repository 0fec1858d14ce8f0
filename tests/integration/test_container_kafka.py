"""deploy/kafka/server.properties under a real broker: it starts, and lets in whom it should. Ports and folders alone are the test's."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from deploy.local.fetch import find_tool, kafka_jars
from deploy.local.process import end_marked, spawn
from deploy.local.state import HOST, free_ports, is_free

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
USER = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_plain_username": "guankou"}


class Broker(NamedTuple):
    """Addresses of its listeners for us and for brokers, and the folder of passwords."""

    client: str
    broker: str
    secrets: Path

    def password(self, name: str) -> str:
        return (self.secrets / f"{name}_password").read_text()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder, mark = tmp_path_factory.mktemp("kafka"), str(uuid.uuid4())
    subprocess.run([DEPLOY / "container" / "secrets.sh", folder / "secrets"], check=True)
    client, controller, between = free_ports(3)
    text = (DEPLOY / "kafka" / "server.properties").read_text()
    for ours, here in (("/run/secrets", f"{folder}/secrets"), ("/var/lib/kafka/data", f"{folder}/data"),
                       ("9092", client), ("9093", controller), ("9094", between)):  # fmt: skip
        text = text.replace(ours, str(here))
    (folder / "server.properties").write_text(text)
    told = {"KAFKA_NODE": "1", "KAFKA_HOST": HOST, "KAFKA_VOTERS": f"1@{HOST}:{controller}"}
    told |= {"KAFKA_COPIES": "1", "KAFKA_COPIES_WRITTEN": "1"}
    java = [find_tool("java"), "-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", f"{kafka_jars()}/*"]
    form = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "--cluster-id", "Z3Vhbmtvdy1jb21wb3NlLQ", "--config"]
    try:
        for _ in range(2):  # as start.sh does at every start
            subprocess.run([*java, *form, str(folder / "server.properties")], env={**os.environ, **told}, check=True, capture_output=True)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in told.items():
                patch.setenv(name, value)
            process = spawn(mark, [*java, "kafka.Kafka", str(folder / "server.properties")], folder / "log")
        until = time.monotonic() + 120
        while is_free(client):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield Broker(f"{HOST}:{client}", f"{HOST}:{between}", folder / "secrets")
    finally:
        end_marked(mark)


def connect(address: str, **how: Any) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=how.pop("wait_ms", 3000), **how)


def test_our_user_makes_topics_and_writes(broker: Broker) -> None:
    how = {**USER, "sasl_plain_password": broker.password("bus")}
    admin = connect(broker.client, wait_ms=60_000, **how)
    admin.create_topics([NewTopic("t", 1, 1)])
    admin.close()
    with KafkaProducer(bootstrap_servers=broker.client, enable_idempotence=True, acks="all", **how) as producer:
        assert producer.send("t", b"x").get(30).offset == 0


def test_others_are_refused(broker: Broker) -> None:
    passwords = {"sasl_plain_password": broker.password("broker")}
    for address, how in (
        (broker.client, {}),
        (broker.client, {**USER, "sasl_plain_password": "wrong"}),
        (broker.client, {**USER, **passwords, "sasl_plain_username": "broker"}),  # a broker's password is for brokers
        (broker.broker, {**USER, "sasl_plain_password": broker.password("bus")}),
        (broker.broker, {}),
    ):
        with pytest.raises(KafkaError):
            connect(address, **how)
