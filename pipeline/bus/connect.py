"""Clients of Kafka that say in one line why they cannot connect, and which setting is to blame.

kafka-python tries again and again and tells its log alone why; `BusError` says it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import AuthorizationError, BrokerResponseError, KafkaError
from kafka.net.compat import KafkaNetClient

from pipeline.bus.settings import BusSettings
from pipeline.bus.sockets import close_what_fails

close_what_fails()

CONNECT_WITHIN_MS = 5000
Client = TypeVar("Client")
# What the last message of kafka-python's log holds → the setting it is about. The order decides: certificates before connections.
BLAME = (
    (("certificate_verify_failed", "certificate verify failed"), "bus.ca"),
    (("certificate required", "alert certificate", "bad certificate", "unknown ca", "pem lib"), "bus.certificate, bus.key"),
    (("ssl",), "bus.security"),
    (("disconnected",), "bus.bootstrap, bus.security"),
)


class BusError(KafkaError, RuntimeError):  # type: ignore[misc]
    """The bus cannot be reached, or refuses us; the text names the setting."""

    def __str__(self) -> str:
        return str(self.args[0])


class Hearing(logging.Handler):
    """Keeps the last trouble that kafka-python told its log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """The last attempt is cut off by our own limit, which says nothing where others said why."""
        said = record.getMessage()
        if "ailed" in said and not said.startswith("Bootstrap failed") and not (self.last and "imed out" in said):
            self.last = said


@contextmanager
def hear() -> Iterator[Hearing]:
    """Listen to kafka-python's log for a while; it is not passed on meanwhile."""
    log, hearing = logging.getLogger("kafka"), Hearing()
    passed, log.propagate = log.propagate, False
    level = log.level
    log.setLevel(logging.WARNING)
    log.addHandler(hearing)
    try:
        yield hearing
    finally:
        log.removeHandler(hearing)
        log.setLevel(level)
        log.propagate = passed


def connect(make: Callable[..., Client], bus: BusSettings, **how: Any) -> Client:
    """A client, connected; BusError within some seconds otherwise.

    A client of kafka-python that cannot connect leaves its thread and four files open; in hours without a broker that is all there may be.
    """
    if not bus.bootstrap:
        raise BusError("bus.bootstrap: not set, there is no Kafka")
    inside: list[KafkaNetClient] = []

    def make_inside(**settings: Any) -> KafkaNetClient:
        inside.append(KafkaNetClient(**settings))
        return inside[-1]

    with hear() as hearing:
        try:
            return make(**bus.connection(), **how, kafka_client=make_inside)
        except BaseException as error:
            for one in inside:
                one.close()
            if isinstance(error, (KafkaError, OSError, ValueError)):
                raise BusError(explain(error, hearing.last, bus)) from error
            raise


@contextmanager
def open_admin(bus: BusSettings) -> Iterator[KafkaAdminClient]:
    """An administration client for a while; what Kafka refuses it comes as BusError."""
    admin = connect(KafkaAdminClient, bus, bootstrap_timeout_ms=CONNECT_WITHIN_MS)
    with hear() as hearing:
        try:
            yield admin
        except KafkaError as error:
            raise BusError(explain(error, hearing.last, bus)) from error
        finally:
            admin.close()


def explain(error: Exception, heard: str, bus: BusSettings) -> str:
    """One line: the setting, and what went wrong. `heard` is what kafka-python's log said last."""
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, AuthorizationError):
        return f"bus.user: {bus.user or 'nobody'} may not do this at {bus.bootstrap}: {said}"
    text = f"{heard} {said}".lower()
    # Often kafka-python loses the broker's answer to a wrong password and sees the hang-up after it alone.
    if bus.security.startswith("SASL") and ("disconnected" in text or "sasl" in text):
        way = f"user {bus.user!r} by {bus.mechanism}"
        return f"bus.user, bus.password, bus.mechanism: {bus.bootstrap} does not let in {way}: {heard or said}"
    for words, settings in BLAME:
        if any(word in text for word in words):
            return f"{settings}: {bus.bootstrap}: {heard or said}"
    if isinstance(error, BrokerResponseError):
        return f"bus: {bus.bootstrap} answers {said}"
    return f"bus.bootstrap: nobody answers at {bus.bootstrap}: {heard or said}"
