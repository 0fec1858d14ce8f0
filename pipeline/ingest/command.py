"""What `guankou ingest` does: a member of the consumer group until it is told to stop."""

from __future__ import annotations

import signal
import threading
from contextlib import closing
from pathlib import Path

from kafka.errors import KafkaError
from prometheus_client import start_http_server

from pipeline.bus.connect import BusError
from pipeline.bus.dead import DeadLetters
from pipeline.bus.settings import BusSettings
from pipeline.ingest.bus_ingest import BusIngest
from pipeline.ingest.patience import Patience
from pipeline.ingest.settings import IngestSettings
from pipeline.store.opened import open_configured
from pipeline.store.server import StoreAwayError
from pipeline.store.settings import StoreSettings


def run_ingest(data: Path, bus: BusSettings, servers: StoreSettings, how: IngestSettings) -> None:
    """Until SIGTERM or Ctrl-C. Broker and store may be away, at the start too. ValueError, RuntimeError for what waiting does not mend."""
    if not bus.bootstrap:
        raise ValueError("bus.bootstrap: no brokers are set; without them the outbox is taken in by the process that holds the store")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if how.metrics_port:
        start_http_server(how.metrics_port, "127.0.0.1")
    bus.connection()  # what is wrong with the settings is said before anything is waited for
    patience = Patience()
    while not stop.is_set():
        try:
            with closing(open_configured(data, servers)) as store, closing(DeadLetters(bus)) as dead:
                ingest = BusIngest(bus, store, dead, how)
                print("ingest runs", flush=True)
                patience.end()
                try:
                    ingest.run(stop.is_set)
                finally:
                    ingest.close()
        except (KafkaError, BusError, StoreAwayError) as error:
            stop.wait(patience.fail(f"{type(error).__name__}: {error}"))
