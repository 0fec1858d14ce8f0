"""Every way of signing in, with a real broker: forward, read again; and what is said when it does not work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer

from deploy.local import certificates
from deploy.local.lab import bring_down, bring_up
from deploy.local.state import USER, Lab, Shape
from pipeline.bus.connect import BusError
from pipeline.bus.forward import Forwarder
from pipeline.bus.message import read_headers
from pipeline.bus.settings import BusSettings, ForwarderSettings
from pipeline.bus.topics import check_topics, create_topics, record_topics
from tests.made_outbox import fill_outboxes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secure") / "lab"


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Lab]:
    yield bring_up(folder, Shape(secure=True), os.getpid())[0]
    bring_down(folder)


def ways(lab: Lab, folder: Path) -> dict[str, dict[str, Any]]:
    """Settings by way of signing in."""
    tls, secret = folder / "tls", folder / "secret"
    secret.write_text(f"{lab.password}\n", "utf-8")
    sasl = {"bootstrap": lab.bootstrap("SASL"), "security": "SASL_PLAINTEXT", "user": USER}
    mutual = {"bootstrap": lab.bootstrap("MTLS"), "security": "SSL", "ca": tls / "ca.pem"}
    return {
        "scram": {**sasl, "mechanism": "SCRAM-SHA-256", "password": lab.password},
        "plain": {**sasl, "mechanism": "PLAIN", "password_file": secret},
        "tls": {"bootstrap": lab.bootstrap("SSL"), "security": "SSL", "ca": tls / "ca.pem"},
        "mutual": {**mutual, "certificate": tls / "client.pem"},
    }


@pytest.mark.parametrize("way", ["scram", "plain", "tls", "mutual"])
def test_forward_and_read_again(lab: Lab, folder: Path, tmp_path: Path, way: str) -> None:
    bus = BusSettings(prefix=f"{way}.", **ways(lab, folder)[way])
    create_topics(bus)
    assert check_topics(bus) == []
    batches = fill_outboxes(tmp_path, 1)
    assert Forwarder(tmp_path, bus, ForwarderSettings()).run(lambda: False, once=True, limit_s=60)
    topics = record_topics(bus)
    more = {"group_id": None, "auto_offset_reset": "earliest", "consumer_timeout_ms": 60_000}
    consumer = KafkaConsumer(*topics, **bus.connection(), **more)
    found = {read_headers(topics[message.topic], message.headers) for _, message in zip(range(batches), consumer, strict=False)}
    consumer.close()
    assert len(found) == batches


WRONG = [
    ("scram", {"password": "wrong"}, "bus.user, bus.password, bus.mechanism: .* user 'guankou' by SCRAM-SHA-256"),
    ("plain", {"password_file": None, "password": "wrong"}, "bus.user, bus.password, bus.mechanism: .* user 'guankou' by PLAIN"),
    ("scram", {"mechanism": "SCRAM-SHA-512"}, "bus.mechanism: .* by SCRAM-SHA-512"),
    ("tls", {"ca": None}, "bus.ca: .*certificate verify failed"),
    ("mutual", {"certificate": None}, "bus.certificate, bus.key: "),
    ("tls", {"security": "PLAINTEXT", "ca": None}, "bus.bootstrap"),
    ("scram", {"security": "PLAINTEXT", "user": "", "password": ""}, "bus.bootstrap, bus.security|bus.security"),
]


@pytest.mark.parametrize(("way", "wrong", "said"), WRONG)
def test_what_is_wrong_is_named(lab: Lab, folder: Path, tmp_path: Path, way: str, wrong: dict[str, Any], said: str) -> None:
    bus = BusSettings(**{**ways(lab, folder)[way], **wrong})
    with pytest.raises(BusError, match=said):
        check_topics(bus)
    fill_outboxes(tmp_path, 1)
    forwarder = Forwarder(tmp_path, bus, ForwarderSettings())
    assert not forwarder.run(lambda: False, once=True, limit_s=1)
    assert "bus." in forwarder.trouble


def test_another_authority_is_named(lab: Lab, folder: Path, tmp_path: Path) -> None:
    stranger = certificates.make_authority(tmp_path)
    with pytest.raises(BusError, match="bus.ca: "):
        check_topics(BusSettings(**{**ways(lab, folder)["tls"], "ca": stranger}))
    mine = certificates.issue(tmp_path, "stranger")
    with pytest.raises(BusError, match="bus.certificate, bus.key: "):
        check_topics(BusSettings(**{**ways(lab, folder)["mutual"], "certificate": mine}))
