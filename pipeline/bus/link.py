"""A producer whose messages arrive in order or not at all.

Idempotence keeps the order as long as the producer lives. After a failure that it cannot repair it would go on with the next message, and
ingest would see the failed one behind it. So the first failure ends the producer, in its own thread, before it sends anything more; whoever
uses it sends everything that was not acknowledged again, over a new one.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.bus.connect import CONNECT_WITHIN_MS, BusError, connect, open_admin
from pipeline.bus.message import Headers
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import MESSAGE_OCTETS

JOIN_S = 10.0


class Link:
    """A connected producer. BusError when it cannot be had, or a topic is not there."""

    def __init__(self, bus: BusSettings, topics: list[str]) -> None:
        self.moved = threading.Event()  # something was acknowledged, or failed
        self.broken: Exception | None = None
        with open_admin(bus) as admin:  # not the producer: kafka-python asks for metadata in a way that makes brokers make the topic
            missing = sorted(set(topics) - set(admin.list_topics()))
        if missing:
            raise BusError(f"topics that are not there, or not for us to see: {', '.join(missing)}; guankou bus create makes them")
        self._producer = connect(
            KafkaProducer,
            bus,
            bootstrap_timeout_ms=CONNECT_WITHIN_MS,
            max_block_ms=CONNECT_WITHIN_MS,
            acks="all",
            enable_idempotence=True,
            max_in_flight_requests_per_connection=5,
            compression_type="zstd",  # bodies have it inside; it takes what is common to many small ones
            batch_size=1 << 20,
            linger_ms=5,
            max_request_size=MESSAGE_OCTETS,
            delivery_timeout_ms=float("inf"),  # an absent broker is no failure: the message waits
            retry_backoff_ms=200,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> Any:
        """A future of the broker's acknowledgement; None where the link is broken."""
        try:
            future = self._producer.send(topic, value, key=key, headers=list(headers))
        except KafkaError as error:  # closed meanwhile, or no metadata any more
            self.broken = self.broken or error
            return None
        return future.add_callback(self._note).add_errback(self._end)

    def close(self, wait_s: float = 0.0) -> None:
        """End it: after `wait_s` seconds at most, what is not acknowledged by then has failed."""
        if wait_s and self.broken is None:
            with suppress(KafkaError):
                self._producer.flush(wait_s)
        self._stop_sender()
        self._producer._sender.join(JOIN_S)
        self._producer.close(timeout=0)

    def _note(self, _: object) -> None:
        self.moved.set()

    def _end(self, error: Exception) -> None:
        """In the producer's thread, inside the turn in which the message failed."""
        self.broken = self.broken or error
        self._stop_sender()
        self.moved.set()

    def _stop_sender(self) -> None:
        # KafkaProducer.close(timeout=0) of 3.0.12 flushes first, and raises while anything is on its way, leaving the thread running.
        self._producer._sender.force_close()
