"""Clients of Kafka that cannot connect: what they say, and what they leave behind."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from deploy.local.state import free_ports
from pipeline.bus.connect import BusError, connect
from pipeline.bus.settings import BusSettings


@pytest.mark.parametrize("client", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_nothing_stays_open_however_often_nobody_answers(client: Any) -> None:
    """A forwarder tries on for hours: with a thread and four files an attempt it would end in the third of them."""
    nobody = BusSettings(bootstrap=f"127.0.0.1:{free_ports(1)[0]}")

    def open_now() -> tuple[int, int]:
        gc.collect()  # what refers to itself alone
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before = open_now()
    for _ in range(5):
        with pytest.raises(BusError, match="bus.bootstrap: nobody answers"):
            connect(client, nobody, bootstrap_timeout_ms=200)
    after = open_now()
    assert after[0] <= before[0] + 1 and after[1] <= before[1]


def test_a_setting_that_no_client_knows_is_no_trouble_of_the_bus() -> None:
    with pytest.raises((BusError, AssertionError), match="no_such_setting"):
        connect(KafkaAdminClient, BusSettings(bootstrap="127.0.0.1:9"), no_such_setting=1)
