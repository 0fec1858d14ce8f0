"""Settings of the bus fit together, or say which does not; they become what kafka-python wants."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import record_topics, wanted_topics


def test_plain_and_secure_connections(tmp_path: Path) -> None:
    assert BusSettings(bootstrap="a:1, b:2").connection() == {
        "bootstrap_servers": ["a:1", "b:2"], "client_id": "guankou", "security_protocol": "PLAINTEXT",
        "reconnect_backoff_max_ms": 2000,
    }
    secret, ca = tmp_path / "secret", tmp_path / "ca.pem"
    secret.write_text("from a file\r\nnot this\n")
    ca.touch()
    how = BusSettings(bootstrap="a:1", security="SASL_SSL", user="u", password_file=secret, ca=ca).connection()
    assert (how["sasl_mechanism"], how["sasl_plain_password"], how["ssl_cafile"]) == ("SCRAM-SHA-512", "from a file", str(ca))
    assert "secret word" not in repr(BusSettings(security="SASL_SSL", user="u", password="secret word"))


WRONG: list[dict[str, Any]] = [
    {"security": "SASL_SSL"},
    {"security": "SASL_SSL", "user": "u"},
    {"user": "u"},
    {"ca": __file__},
    {"security": "SSL", "key": __file__},
    {"security": "SSL", "ca": "/no/such/file"},
    {"prefix": "no spaces"},
    {"unknown": 1},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BusSettings(**wrong)


def test_every_record_has_a_topic() -> None:
    bus = BusSettings(prefix="p.")
    assert {topic.name for topic in wanted_topics(bus, 3)} == {*record_topics(bus), "p.dead-letters"}
    assert record_topics(bus)["p.sensor_reports"] == "sensor_reports"
    for copies, safe in ((1, "1"), (2, "1"), (3, "2")):
        assert {topic.configuration["min.insync.replicas"] for topic in wanted_topics(bus, copies)} == {safe}
