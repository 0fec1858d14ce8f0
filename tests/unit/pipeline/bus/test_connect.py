"""Clients of Kafka that cannot connect: what they say, and what they leave behind."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from deploy.local.state import free_ports
from pipeline.bus.connect import BusError, connect
from pipeline.bus.settings import BusSettings


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where no broker is: whoever connects is hung up on."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("security", ["PLAINTEXT", "SSL"])
@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("client", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_nothing_stays_open_however_often_no_broker_answers(nobody: str, client: Any, there: bool, security: str) -> None:
    """A forwarder tries on for hours: with a thread and four files an attempt it would end in the third of them."""
    address = nobody if there else f"127.0.0.1:{free_ports(1)[0]}"
    bus = BusSettings.model_validate({"bootstrap": address, "security": security})

    def open_now() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    gc.collect()
    gc.disable()  # it may not come for hours, to a process that waits
    before = open_now()
    try:
        for _ in range(5):
            with pytest.raises(BusError, match="bus."):
                connect(client, bus, bootstrap_timeout_ms=200)
        after = open_now()
    finally:
        gc.enable()
    assert after[0] <= before[0] + 1 and after[1] <= before[1]


def test_a_setting_that_no_client_knows_is_no_trouble_of_the_bus() -> None:
    with pytest.raises((BusError, AssertionError), match="no_such_setting"):
        connect(KafkaAdminClient, BusSettings(bootstrap="127.0.0.1:9"), no_such_setting=1)
