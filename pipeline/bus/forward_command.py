"""What `guankou forward` does: one forwarder for a data directory, until it is told to stop."""

from __future__ import annotations

import fcntl
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import start_http_server
from rich.console import Console

from pipeline.bus.connect import BusError
from pipeline.bus.forward import Forwarder
from pipeline.bus.settings import BusSettings, ForwarderSettings

LOCK = "forwarder.lock"


def run_forwarder(
    data: Path, bus: BusSettings, settings: ForwarderSettings, once: bool, limit_s: float, screen: Console
) -> int:
    """Forward until SIGTERM or SIGINT, or `once` until the outbox is empty, for `limit_s` at most; the exit code.

    BusError without a bus, RuntimeError where another forwarder is at work, OSError when the metrics' port is taken.
    """
    if not bus.bootstrap:
        raise BusError("bus.bootstrap: not set, there is no Kafka to forward to")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)  # it tells each of its attempts; the forwarder says what matters once
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopped.append(got))
    with _alone(data / "outbox"):
        if settings.metrics_port:
            start_http_server(settings.metrics_port, "127.0.0.1")
        forwarder = Forwarder(data, bus, settings)
        empty = forwarder.run(lambda: bool(stopped), once, limit_s)
    if once and not empty:
        screen.print(forwarder.trouble or "not everything could be sent in time", style="bold red", markup=False, highlight=False)
        return 1
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"{folder}: another forwarder is at work") from None
        yield
