"""The store as everybody sees it, and its embedded form."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import pyarrow as pa
from chdb import session

from pipeline.store.lock import StoreBusyError, StoreLock
from pipeline.store.migrate import migrate
from pipeline.store.parameters import LIKE_BY_INDEX, bind, indexes_later
from pipeline.store.unfinished import forget_unfinished

__all__ = ["ChdbStore", "Store", "StoreBusyError", "open_store"]

INSERT_SETTINGS = (
    # Rollups are deduplicated by the same token, or a batch tried three times would stand in them three times.
    "deduplicate_blocks_in_dependent_materialized_views = 1, max_partitions_per_insert_block = 0"
)
QUERY_SETTINGS = "output_format_arrow_string_as_string = 1, output_format_arrow_low_cardinality_as_dictionary = 0, " + ", ".join(
    f"{name} = {value}" for name, value in LIKE_BY_INDEX.items()
)


class Store(Protocol):
    """What pipeline and dashboards ask of a store."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Rows of a SELECT; values stand as {name:Type} in the text and come from `parameters`."""
        ...

    def command(self, sql: str) -> None:
        """A statement without rows."""
        ...

    def insert(self, table: str, rows: pa.RecordBatch | pa.Table, token: str) -> None:
        """Add `rows`; the same token again adds nothing."""
        ...

    def close(self) -> None:
        """Let go of what is held; again does nothing."""
        ...


class ChdbStore:
    """ClickHouse's engine in this process; its folder belongs to one process at a time.

    Questions run side by side, each in a session of its own; what changes the store runs one after another in another one. A session
    takes 2 ms to open and no memory to speak of; one shared by all let a slow question stall ingest and every page.
    """

    def __init__(self, data: Path, readers: int = 6, query_limit_s: int = 60) -> None:
        """Open `<data>/store` for `readers` questions at once, each given up after `query_limit_s`; StoreBusyError when it is held."""
        self._lock = StoreLock(data)
        self._data = data
        self._settings = f"{QUERY_SETTINGS}, max_execution_time = {query_limit_s:d}"
        self._writing = threading.Lock()
        self._readers = readers
        self._free: SimpleQueue[session.Session | None] = SimpleQueue()
        try:
            forget_unfinished(data / "store")
            self._writer = _open_session(data)
            for _ in range(readers):
                self._free.put(_open_session(data))
        except BaseException:
            self._lock.release()
            raise

    @contextmanager
    def _reader(self) -> Iterator[session.Session]:
        reader = self._free.get()
        try:
            if reader is None:
                raise RuntimeError("the store is closed")
            yield reader
        except RuntimeError:
            if reader is not None:  # what a stopped question had written already would stand before the session's next answer
                reader.close()
                reader = _open_session(self._data)
            raise
        finally:
            self._free.put(reader)

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """See `Store.query`."""
        with self._reader() as reader:
            return reader.query(f"{sql} SETTINGS {self._settings}", "ArrowTable", params=bind(parameters or {}))

    def command(self, sql: str) -> None:
        """See `Store.command`."""
        with self._writing:
            self._writer.query(sql)

    def insert(self, table: str, rows: pa.RecordBatch | pa.Table, token: str) -> None:
        """See `Store.insert`. The token is ours, never from the wire, and has no quotes in it."""
        if not token.replace("-", "").replace(".", "").replace("_", "").replace(":", "").isalnum():
            raise ValueError(f"no deduplication token: {token!r}")
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            for batch in rows.unify_dictionaries().combine_chunks().to_batches() if isinstance(rows, pa.Table) else [rows]:
                writer.write_batch(batch)
        columns = ", ".join(rows.schema.names)
        later = "".join(f", {name} = '{value}'" for name, value in indexes_later(rows.num_rows).items())
        head = f"INSERT INTO {table} ({columns}) SETTINGS insert_deduplication_token = '{token}', {INSERT_SETTINGS}{later}"
        with self._writing, self._writer.send_insert(head, "ArrowStream") as inserter:
            inserter.append(sink.getvalue().to_pybytes())
            inserter.finish()

    def close(self) -> None:
        """Wait for what was asked, close the engine and let the folder go; again does nothing."""
        with self._writing:
            for _ in range(self._readers):
                reader = self._free.get()
                if reader is not None:
                    reader.close()
            self._readers = 0
            self._free.put(None)  # whoever asks from now on is told
            self._writer.close()
            self._lock.release()


def _open_session(data: Path) -> session.Session:
    opened = session.Session(str(data / "store"))
    opened.query("CREATE DATABASE IF NOT EXISTS guankou")
    opened.query("USE guankou")
    return opened


def open_store(data: Path) -> ChdbStore:
    """The store of `data`, migrated; StoreBusyError when another process holds it."""
    store = ChdbStore(data)
    try:
        migrate(store)
    except BaseException:
        store.close()
        raise
    return store
