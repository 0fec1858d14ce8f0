"""The store as ClickHouse servers, over the native protocol."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import pyarrow as pa
from clickhouse_driver import Client
from clickhouse_driver.errors import Error, NetworkError, ServerException, SocketTimeoutError

from pipeline.store.native import ArrowBlock, ArrowOutputStream
from pipeline.store.parameters import LIKE_BY_INDEX, bind, indexes_later, quote
from pipeline.store.settings import LOCAL, ServerAddress, StoreSettings

log = logging.getLogger(__name__)
AWAY = (NetworkError, SocketTimeoutError, EOFError, OSError)  # a closed connection is an EOFError
CONNECT_S = 5
SERVER_QUERY = {
    "output_format_native_write_json_as_string": 1,
    "distributed_product_mode": "global",
    "prefer_localhost_replica": 1,
    **LIKE_BY_INDEX,
}
SERVER_INSERT = {
    # Rollups are deduplicated by the same token, or a batch tried three times would stand in them three times.
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_partitions_per_insert_block": 0,
    "distributed_foreground_insert": 1,  # back when every shard has its rows: an answer is a promise
    "insert_distributed_sync": 1,
}


class StoreAwayError(RuntimeError):
    """No server answers, or the connection broke: what was asked may or may not have been done; ask again."""


class _Bound:
    """A parameter's text as the driver shall send it."""

    def __init__(self, text: str) -> None:
        self._text = quote(text)

    def __str__(self) -> str:
        return self._text


class ServerStore:
    """One database of one server or cluster. Every call takes a connection of its own from a pool; calls may come from any thread."""

    def __init__(self, settings: StoreSettings, database: str | None = None, servers: tuple[ServerAddress, ...] | None = None) -> None:
        """Nothing is connected yet. `database` and `servers` instead of the settings' are for migrating node by node."""
        self.settings = settings
        self.database = settings.database if database is None else database
        self.servers = settings.servers if servers is None else servers
        self._password = settings.secret
        self._free: SimpleQueue[Client] = SimpleQueue()
        self._closed = threading.Event()

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """See `Store.query`. Addresses come as text, times out of SimpleAggregateFunction to the microsecond: the driver's way."""
        bound = {name: _Bound(text) for name, text in bind(parameters or {}).items()}
        with self._client() as client:
            return client.query_arrow(sql, bound, field_metadata=False, settings={"max_execution_time": self.settings.query_limit_s})

    def command(self, sql: str) -> None:
        """See `Store.command`."""
        with self._client() as client:
            client.execute(sql)

    def insert(self, table: str, rows: pa.RecordBatch | pa.Table, token: str) -> None:
        """See `Store.insert`. The rows are one block: the same rows again are the same block, which the token stands for."""
        if not rows.num_rows:
            return
        rows = rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])
        columns = ", ".join(f"`{name}`" for name in rows.schema.names)
        statement = f"INSERT INTO {table} ({columns}) VALUES"
        settings = {**SERVER_INSERT, **indexes_later(rows.num_rows), "insert_deduplication_token": token}
        with self._client() as client, client.disconnect_on_error(statement, settings):
            connection = client.connection
            connection.send_query(statement)
            connection.send_external_tables(None)
            asked = client.receive_sample_block()
            connection.block_out = ArrowOutputStream(connection.block_out.fout, connection.context)
            connection.send_data(ArrowBlock(rows, asked.columns_with_types))
            client.receive_profile_events()
            connection.send_data(ArrowBlock(rows.slice(0, 0), []))
            client.receive_profile_events()
            client.receive_end_of_insert_query()

    def close(self) -> None:
        """Close the connections that are free; again does nothing."""
        self._closed.set()
        while True:
            try:
                self._free.get_nowait().disconnect()
            except Empty:
                return

    @contextmanager
    def _client(self) -> Iterator[Client]:
        if self._closed.is_set():
            raise RuntimeError("the store is closed")
        try:
            client = self._free.get_nowait()
        except Empty:
            client = make_client(self.settings, self.servers, self.database, self._password)
        where = f"the store at {', '.join(map(str, self.servers))}"
        try:
            yield client
        except ServerException as error:
            client.disconnect()
            raise RuntimeError(f"{where}: {_first_line(error)}") from None
        except (Error, *AWAY) as error:
            client.disconnect()
            raise StoreAwayError(f"{where} is away: {_first_line(error)}") from error
        except BaseException:
            client.disconnect()  # in the middle of an answer
            raise
        self._free.put(client)
        if self._closed.is_set():
            self.close()


def make_client(settings: StoreSettings, servers: tuple[ServerAddress, ...], database: str, password: str) -> Client:
    """A driver's client of the first of `servers` that answers."""
    logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)  # it warns of each address that does not answer; so do we
    first, *others = servers
    more: dict[str, object] = {"alt_hosts": ",".join(map(str, others))} if others else {}
    if settings.secure:
        more |= {"secure": True, "verify": True} | ({"ca_certs": str(settings.ca)} if settings.ca else {})
    return Client(
        first.host,
        port=first.port,
        user=settings.user,
        password=password,
        database=database,
        connect_timeout=CONNECT_S,
        send_receive_timeout=settings.query_limit_s + 30,
        sync_request_timeout=CONNECT_S,
        client_name="guankou",
        tcp_keepalive=(60, 10, 3),
        settings={"use_numpy": True, "server_side_params": True, **SERVER_QUERY},
        **more,
    )


def nodes(settings: StoreSettings) -> list[ServerAddress]:
    """Every server that has tables: those of the cluster, or the one there is; RuntimeError when the cluster is not known."""
    if not settings.cluster:
        return list(settings.servers[:1])
    store = ServerStore(settings, "default")
    try:
        rows = store.query(
            "SELECT host_name, port FROM system.clusters WHERE cluster = {cluster:String} ORDER BY shard_num, replica_num",
            {"cluster": settings.cluster},
        ).to_pylist()
    finally:
        store.close()
    if not rows:
        raise RuntimeError(f"store.cluster: the server at {settings.servers[0]} knows no cluster {settings.cluster!r}")
    return [ServerAddress(host=row["host_name"], port=row["port"]) for row in rows]


def open_database(settings: StoreSettings, database: str, servers: tuple[ServerAddress, ...] | None = None) -> ServerStore:
    """A store of `database`; RuntimeError when the servers have no such database."""
    anywhere = ServerStore(settings, "default", servers)
    try:
        there = anywhere.query("SELECT name FROM system.databases WHERE name = {name:String}", {"name": database})
    finally:
        anywhere.close()
    if not there.num_rows:
        raise RuntimeError(f"{', '.join(map(str, anywhere.servers))}: no database {database} here: run guankou store migrate")
    return ServerStore(settings, database, servers)


def own_database(settings: StoreSettings) -> str:
    """The database that holds a node's own tables."""
    return settings.database + LOCAL if settings.cluster else settings.database


def _first_line(error: BaseException) -> str:
    text = str(getattr(error, "message", "") or error) or type(error).__name__
    return text.split(" Stack trace:")[0].splitlines()[0] if text else ""
