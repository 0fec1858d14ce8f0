"""Kafka in a lab: combined brokers and controllers (KRaft), open, and with the ways of signing in beside.

| listener  | protocol       | who may come in                                 |
|-----------|----------------|-------------------------------------------------|
| PLAINTEXT | PLAINTEXT      | everyone                                        |
| SASL      | SASL_PLAINTEXT | USER with the password; SCRAM-SHA-256, PLAIN    |
| SSL       | SSL            | everyone who trusts `tls/ca.pem`                |
| MTLS      | SSL            | who holds a certificate of it, `tls/client.pem` |
"""

from __future__ import annotations

import base64
import socket
import subprocess
import uuid
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local.fetch import find_tool, kafka_jars
from deploy.local.process import spawn
from deploy.local.state import HOST, USER, Lab, Service

PROTOCOLS = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT", "SASL": "SASL_PLAINTEXT", "SSL": "SSL", "MTLS": "SSL"}
OPEN, SECURE = ("PLAINTEXT", "CONTROLLER"), tuple(PROTOCOLS)
LOGGING = [f"-Dorg.slf4j.simpleLogger.{one}" for one in ("defaultLogLevel=warn", "showDateTime=true", "dateTimeFormat=HH:mm:ss.SSS")]
FORMAT_LIMIT_S = 60.0
SASL = "org.apache.kafka.common.security"


def server_properties(lab: Lab, node: int) -> dict[str, str]:
    """The configuration of broker `node`, counted from 1.

    The quorum is the static one of `controller.quorum.voters`: it stands in this file alone, so ports may change between two starts,
    where a dynamic quorum keeps its addresses in the data.
    """
    broker, copies = lab.kafka[node - 1], len(lab.kafka)
    safe = min(2, copies)  # copies that must be written before a write is acknowledged
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{i}@{HOST}:{one.ports['CONTROLLER']}" for i, one in enumerate(lab.kafka, 1)),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in broker.ports.items()),
        "listener.security.protocol.map": ",".join(f"{name}:{PROTOCOLS[name]}" for name in broker.ports),
        "log.dirs": str(broker.folder / "data"),
        "default.replication.factor": str(copies),
        "min.insync.replicas": str(safe),
        "offsets.topic.replication.factor": str(copies),
        "offsets.topic.num.partitions": "4",  # of 50; each is opened at the start
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.min.isr": str(safe),
        "share.coordinator.state.topic.replication.factor": str(copies),
        "share.coordinator.state.topic.num.partitions": "4",
        "share.coordinator.state.topic.min.isr": str(safe),
        "group.initial.rebalance.delay.ms": "0",
        **(_secure_properties(lab.password, broker.folder.parent / "tls") if lab.shape.secure else {}),
    }


def _secure_properties(password: str, tls: Path) -> dict[str, str]:
    """SCRAM's user is in the data, from `format_storage`; PLAIN's is here."""
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,PLAIN",
        "listener.name.sasl.plain.sasl.jaas.config": f'{SASL}.plain.PlainLoginModule required user_{USER}="{password}";',
        "listener.name.sasl.scram-sha-256.sasl.jaas.config": f"{SASL}.scram.ScramLoginModule required;",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(tls / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(tls / "ca.pem"),
        "listener.name.mtls.ssl.client.auth": "required",
    }


def write_configuration(lab: Lab) -> None:
    """`server.properties` of every broker."""
    for node, broker in enumerate(lab.kafka, 1):
        file = broker.folder / "server.properties"
        file.touch(0o600)
        file.write_text("".join(f"{key}={value}\n" for key, value in server_properties(lab, node).items()), "utf-8")


def format_storage(lab: Lab) -> None:
    """Give every broker without data its metadata log, side by side: a Java machine each, about two seconds."""
    cluster = base64.urlsafe_b64encode(uuid.UUID(lab.mark).bytes).decode().rstrip("=")
    user = ["--add-scram", f"SCRAM-SHA-256=[name={USER},password={lab.password}]"] if lab.shape.secure else []
    command = _java("kafka.tools.StorageTool", "format", "--cluster-id", cluster, *user, "--config", options=["-XX:TieredStopAtLevel=1"])
    running = [
        (broker, spawn(lab.mark, [*command, str(broker.folder / "server.properties")], broker.folder / "format.log"))
        for broker in lab.kafka
        if not (broker.folder / "data" / "meta.properties").exists()
    ]
    for broker, process in running:
        if process.wait(FORMAT_LIMIT_S):
            said = "\n".join((broker.folder / "format.log").read_text("utf-8", "replace").splitlines()[-5:])
            raise RuntimeError(f"{broker.name}: its storage cannot be formatted:\n{said}")


def start_broker(lab: Lab, broker: Service, is_brief: bool) -> subprocess.Popen[bytes]:
    """Start one broker; it answers some seconds later, sooner where it `is_brief` and need not be fast for hours."""
    options = ["-Xmx512m", *LOGGING]
    if is_brief:  # 4.5 s of processor time to the first answer instead of 7.5
        options.append("-XX:TieredStopAtLevel=1")
    return spawn(lab.mark, _java("kafka.Kafka", str(broker.folder / "server.properties"), options=options), broker.log)


def broker_answers(lab: Lab, broker: Service) -> bool:
    """Whether the broker speaks Kafka and knows all others."""
    try:
        socket.create_connection((HOST, broker.ports["PLAINTEXT"]), 1).close()  # kafka-python is slow to see that nobody is there
        admin = KafkaAdminClient(bootstrap_servers=f"{HOST}:{broker.ports['PLAINTEXT']}", bootstrap_timeout_ms=3000)
    except (OSError, KafkaError):
        return False
    try:
        return len(admin.describe_cluster()["brokers"]) == len(lab.kafka)
    except KafkaError:
        return False
    finally:
        admin.close()


def _java(main: str, *words: str, options: list[str]) -> list[str]:
    return [find_tool("java"), *options, "-cp", f"{kafka_jars()}/*", main, *words]
