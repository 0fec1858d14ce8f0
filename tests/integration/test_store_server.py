"""The store on real ClickHouse servers: every type there and back, a token three times, migrations, backup and restore."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.lab import bring_down, bring_up
from deploy.local.state import HOST, USER, Shape
from pipeline.ingest.ingest import Ingest
from pipeline.schema import FLOW, RECORDS, Record
from pipeline.store import nodes
from pipeline.store.migrate import migrations, replicate, statements
from pipeline.store.native import encode_column
from pipeline.store.opened import open_configured
from pipeline.store.server import ServerStore, StoreAwayError
from pipeline.store.settings import StoreSettings
from pipeline.store.store import Store, open_store
from sensor.outbox.batch import Identity, make_batch
from tests.made_outbox import fill_outboxes, make_columns
from tests.services import OWNER, ClickhouseServer
from tests.store_sums import sums


def settings_of(server: ClickhouseServer, **more: object) -> StoreSettings:
    address = {"host": server.host, "port": server.port}
    return StoreSettings.model_validate({"servers": [address], "user": server.user, "password": server.password, **more})


@pytest.fixture
def own(clickhouse: ClickhouseServer) -> Iterator[StoreSettings]:
    """A migrated database of the test's own."""
    made = settings_of(clickhouse, database=f"t{uuid4().hex[:12]}")
    nodes.migrate_nodes(made, lambda _: None)
    yield made
    with closing(ServerStore(made, "default")) as anywhere:
        anywhere.command(f"DROP DATABASE {made.database} SYNC")


@pytest.fixture
def store(own: StoreSettings, tmp_path: Path) -> Iterator[Store]:
    with closing(open_configured(tmp_path, own)) as opened:
        yield opened


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StoreSettings]:
    """Two shards of the test's own, migrated."""
    lab, _ = bring_up(tmp_path / "lab", Shape(shards=2), OWNER)
    servers = [{"host": HOST, "port": one.ports["tcp"]} for one in lab.clickhouse]
    made = StoreSettings.model_validate({"servers": servers, "user": USER, "cluster": "lab"})
    nodes.migrate_nodes(made, lambda _: None)
    yield made
    bring_down(tmp_path / "lab")


def made_batch(record: Record, rows: int, seed: int = 1) -> pa.RecordBatch:
    columns = make_columns(random.Random(seed), record, rows)
    return make_batch(record, Identity("beijing", 0, 7), 1, columns, rows)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_record_comes_back_as_it_was(store: Store, record: Record) -> None:
    columns = ", ".join(f"`{field.name}` {field.clickhouse}" for field in record.fields)
    store.command(f"CREATE TABLE kept_{record.name} ({columns}) ENGINE = Memory")
    batch = pa.Table.from_batches([made_batch(record, 700).slice(100, 500), *(made_batch(record, n, seed=n + 2) for n in (0, 1, 300))])
    store.insert(f"kept_{record.name}", batch, "there-and-back")
    back = store.query(f"SELECT * FROM kept_{record.name}").to_pydict()
    for field in record.fields:
        want = batch.column(field.name)
        if pa.types.is_fixed_size_binary(field.arrow):
            text = store.query(f"SELECT hex({field.name}) AS h FROM kept_{record.name}").to_pydict()["h"]
            assert text == [octets.hex().upper() for octets in want.to_pylist()], field.name
        elif field.clickhouse.startswith("DateTime('"):
            assert [str(one)[:19] for one in back[field.name]] == [str(one)[:19] for one in want.to_pylist()]
        else:
            assert back[field.name] == want.to_pylist(), field.name


@settings(max_examples=30)
@given(st.lists(st.text(max_size=300)), st.integers(0, 5))
def test_texts_of_all_lengths(texts: list[str], skipped: int) -> None:
    """Length before each text, LEB128 (interfaces/native)."""

    def leb128(n: int) -> bytes:
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + leb128(n >> 7)

    wanted = b"".join(leb128(len(one.encode())) + one.encode() for one in texts[skipped:])
    chunks = [pa.array(texts, pa.string())[skipped:], pa.array([], pa.string())]
    assert b"".join(encode_column(chunks * 2, "String")) == wanted * 2


def test_a_text_longer_than_two_octets_of_length(store: Store) -> None:
    store.command("CREATE TABLE long (t String) ENGINE = Memory")
    store.insert("long", pa.RecordBatch.from_pydict({"t": ["x" * 3_000_000, "", "y" * 20_000]}), "long")
    assert store.query("SELECT length(t) AS n FROM long").to_pydict()["n"] == [3_000_000, 0, 20_000]


@pytest.mark.parametrize("value", ["", "a\tb\n\\'\"", "\\N", "%s {x:String}", "数据 🛂", "\x7f\x01", "'; DROP TABLE flows; --"])
def test_parameters_are_values_whatever_they_hold(store: Store, value: str) -> None:
    sql = "SELECT {one:String} AS one, {many:Array(String)} AS many, {at:DateTime64(3, 'UTC')} AS at, {none:Nullable(Int64)} AS none"
    now = datetime.datetime(2026, 11, 27, 1, 2, 3, 4000, datetime.UTC)
    row = store.query(sql, {"one": value, "many": [value, "z"], "at": now, "none": None}).to_pylist()[0]
    assert (row["one"], row["many"], row["at"], row["none"]) == (value, [value, "z"], now, None)


def test_a_batch_three_times_is_there_once_and_in_the_rollups_too(store: Store) -> None:
    batch = made_batch(FLOW, 300)
    for _ in range(3):
        store.insert("flows", batch, "flows-beijing-0-7-1")
    told = sums(store)
    assert told["flows"][0] == told["flows by hour"][0] == "300"
    assert told["flows"][1] == told["flows by hour"][1]


def test_what_the_server_refuses_is_told_and_the_connection_goes_on(store: Store) -> None:
    with pytest.raises(RuntimeError, match="no_such_column"):
        store.query("SELECT no_such_column FROM flows")
    with pytest.raises(RuntimeError, match="no_such_table"):
        store.insert("no_such_table", pa.RecordBatch.from_pydict({"a": [1]}), "t")
    assert store.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_nobody_there_is_said_with_the_address() -> None:
    away = StoreSettings.model_validate({"servers": [{"host": HOST, "port": 1}]})
    with pytest.raises(StoreAwayError, match="127.0.0.1:1 is away"):
        ServerStore(away).query("SELECT 1")


def test_migrating_again_does_nothing_and_check_finds_what_is_missing(own: StoreSettings, store: Store) -> None:
    told: list[str] = []
    nodes.migrate_nodes(own, told.append)
    assert len(told) == 1 and told[0].endswith("up to date")
    assert [state.problems for state in nodes.check_nodes(own)] == [()]
    store.command("ALTER TABLE findings DROP COLUMN partial")
    store.command("DROP TABLE coverage SYNC")
    (state,) = nodes.check_nodes(own)
    assert f"no table {own.database}.coverage" in state.problems
    assert f"{own.database}.findings.partial: missing instead of Bool" in state.problems


def test_a_store_that_was_not_migrated_is_not_opened(clickhouse: ClickhouseServer, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no database nobody here: run guankou store migrate"):
        open_configured(tmp_path, settings_of(clickhouse, database="nobody"))


def test_every_engine_of_the_migrations_has_a_replicated_form() -> None:
    for one in migrations():
        for statement in statements(one.text):
            made = replicate(statement)
            assert "non_replicated" not in made
            if "MergeTree" in statement:
                assert "Replicated" in made and "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'" in made
    assert "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}', sequence)" in "".join(
        replicate(statement) for one in migrations() for statement in statements(one.text)
    )


def test_two_shards_hold_together_what_one_store_holds(cluster: StoreSettings, tmp_path: Path) -> None:
    """The same outboxes into both; each batch's rows by line, every sum the same, a second time nothing more."""
    for data in (tmp_path / "one", tmp_path / "two"):
        fill_outboxes(data, seed=11)
    with closing(open_store(tmp_path / "one")) as alone, closing(open_configured(tmp_path / "two", cluster)) as shards:
        Ingest(tmp_path / "one", alone).run_all()
        Ingest(tmp_path / "two", shards).run_all()
        wanted = sums(alone)
        assert sums(shards) == wanted
        fill_outboxes(tmp_path / "two", seed=11)
        again = Ingest(tmp_path / "two", shards).run_all()
        assert (again.batches, sums(shards)) == (0, wanted)
        for address in cluster.servers:
            with closing(ServerStore(cluster, "guankou_local", (address,))) as shard:
                assert shard.query("SELECT count() AS n FROM flows").to_pylist()[0]["n"], "every shard has some"
        _restores(cluster, shards, wanted)


def _restores(cluster: StoreSettings, shards: Store, wanted: dict[str, list[object]]) -> None:
    """A backup into servers that have been emptied."""
    told: list[str] = []
    nodes.backup(cluster, "before", told.append)
    with pytest.raises(RuntimeError, match="is not empty"):
        nodes.restore(cluster, "before", told.append)
    with pytest.raises(ValueError, match="no name of a backup"):
        nodes.backup(cluster, "../x", told.append)
    for address in cluster.servers:
        with closing(ServerStore(cluster, "default", (address,))) as node:
            node.command("DROP DATABASE guankou SYNC")
            node.command("DROP DATABASE guankou_local SYNC")
    nodes.restore(cluster, "before", told.append)
    assert sums(shards) == wanted
    assert [state.problems for state in nodes.check_nodes(cluster)] == [(), ()]
