"""The store as everybody sees it, and its embedded form."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from chdb import session

INSERT_SETTINGS = (
    # Rollups are deduplicated by the same token, or a batch tried three times would stand in them three times.
    "deduplicate_blocks_in_dependent_materialized_views = 1, max_partitions_per_insert_block = 0"
)
QUERY_SETTINGS = "output_format_arrow_string_as_string = 1, output_format_arrow_low_cardinality_as_dictionary = 0"


class StoreBusyError(Exception):
    """Another process holds the store; says which."""


class Store(Protocol):
    """What pipeline and dashboards ask of a store."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Rows of a SELECT; values stand as {name:Type} in the text and come from `parameters`."""
        ...

    def command(self, sql: str) -> None:
        """A statement without rows."""
        ...

    def insert(self, table: str, batch: pa.RecordBatch, token: str) -> None:
        """Add `batch`; the same token again adds nothing."""
        ...


class ChdbStore:
    """ClickHouse's engine in this process; its folder belongs to one process at a time, its calls follow one another."""

    def __init__(self, data: Path) -> None:
        """Open `<data>/store`; StoreBusyError when somebody else holds it."""
        data.mkdir(parents=True, exist_ok=True)
        self._lock_file = (data / "store.lock").open("a+")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock_file.seek(0)
            holder = self._lock_file.read().strip() or "another process"
            self._lock_file.close()
            raise StoreBusyError(f"{data / 'store'} is held by {holder}") from None
        self._lock_file.truncate(0)
        self._lock_file.write(f"process {os.getpid()}")
        self._lock_file.flush()
        self._calls = threading.Lock()
        self._session = session.Session(str(data / "store"))
        self.command("CREATE DATABASE IF NOT EXISTS guankou")
        self.command("USE guankou")

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """See `Store.query`."""
        text = f"{sql} SETTINGS {QUERY_SETTINGS}"
        with self._calls:
            return self._session.query(text, "ArrowTable", params=dict(parameters) if parameters else None)

    def command(self, sql: str) -> None:
        """See `Store.command`."""
        with self._calls:
            self._session.query(sql)

    def insert(self, table: str, batch: pa.RecordBatch, token: str) -> None:
        """See `Store.insert`. The token is ours, never from the wire, and has no quotes in it."""
        if not token.replace("-", "").replace(".", "").replace("_", "").replace(":", "").isalnum():
            raise ValueError(f"no deduplication token: {token!r}")
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        columns = ", ".join(batch.schema.names)
        head = f"INSERT INTO {table} ({columns}) SETTINGS insert_deduplication_token = '{token}', {INSERT_SETTINGS}"
        with self._calls, self._session.send_insert(head, "ArrowStream") as inserter:
            inserter.append(sink.getvalue().to_pybytes())
            inserter.finish()

    def close(self) -> None:
        """Close the engine and let the folder go."""
        with self._calls:
            self._session.close()
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        self._lock_file.close()


def open_store(data: Path) -> ChdbStore:
    """The store of `data`, migrated; StoreBusyError when another process holds it."""
    from pipeline.store.migrate import migrate

    store = ChdbStore(data)
    migrate(store)
    return store
