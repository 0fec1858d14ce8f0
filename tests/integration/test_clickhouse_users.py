"""What deploy/clickhouse lets each user do, tried by signing in as each on two real servers that know each other as in cluster.xml.

Over HTTP where somebody is refused: the library's engine aborts on a refused native connection.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.local.lab import bring_down, bring_up
from deploy.local.state import HOST, USER, Lab, Shape
from pipeline.ingest.ingest import Ingest
from pipeline.store import nodes
from pipeline.store.opened import open_configured
from pipeline.store.settings import StoreSettings
from tests.made_outbox import fill_outboxes
from tests.services import OWNER
from tests.store_sums import BY_HOUR

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
USERS = ("ingest", "dashboards", "auditor", "migrator")


class Refused(Exception):  # noqa: N818 - an answer, not a mistake
    """What the server said."""


class Store(NamedTuple):
    """Two shards, migrated and filled, and what their users sign in with."""

    lab: Lab
    secrets: Path

    def password(self, user: str) -> str:
        return (self.secrets / f"{user}_password").read_text()

    def settings(self, user: str) -> StoreSettings:
        servers = [{"host": HOST, "port": one.ports["tcp"]} for one in self.lab.clickhouse]
        file = self.secrets / f"{user}_password"
        return StoreSettings.model_validate({"servers": servers, "user": user, "password_file": file, "cluster": "guankou"})

    def ask(self, user: str, sql: str, password: str | None = None, shard: int = 0) -> list[list[object]]:
        """Rows; Refused with the server's words."""
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": self.password(user) if password is None else password}
        headers["X-ClickHouse-Format"] = "JSONCompactEachRow"
        request = urllib.request.Request(f"http://{HOST}:{self.lab.clickhouse[shard].ports['http']}/", sql.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                return [json.loads(line) for line in answer.read().splitlines()]
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from None
        except http.client.IncompleteRead as error:  # broken off in the middle: the words come last
            raise Refused(error.partial.decode()) from None

    def refuses(self, user: str, sql: str, words: str) -> None:
        with pytest.raises(Refused, match=words):
            self.ask(user, sql)


def configure(lab_folder: Path, number: int) -> None:
    """Our users beside the lab's; only the image's `default` stays, as whom the engine starts."""
    server = lab_folder / f"clickhouse-{number}"
    shutil.copytree(DEPLOY / "clickhouse" / "users.d", server / "users.d", ignore=shutil.ignore_patterns("default.xml"))


def cluster_of(lab: Lab) -> str:
    shards = "".join(f"<shard><replica><host>{HOST}</host><port>{one.ports['tcp']}</port></replica></shard>" for one in lab.clickhouse)
    return (
        '<clickhouse><include_from from_env="CLICKHOUSE_SECRETS"/><remote_servers><guankou><secret incl="cluster_secret"/>'
        f"{shards}</guankou></remote_servers></clickhouse>"
    )


def await_logs(store: Store) -> None:
    """The logs' tables are made when they are first written."""
    until = time.monotonic() + 60
    while store.ask(USER, "SELECT count() FROM system.tables WHERE name IN ('query_log', 'session_log')", password="") != [[2]]:
        store.ask(USER, "SYSTEM FLUSH LOGS", password="")
        assert time.monotonic() < until


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("users")
    secrets = folder / "secrets"
    subprocess.run([DEPLOY / "container" / "secrets.sh", secrets], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLICKHOUSE_SECRETS", str(secrets / "clickhouse.xml"))
        for number in (1, 2):
            configure(folder / "lab", number)
        try:
            lab, _ = bring_up(folder / "lab", Shape(shards=2), OWNER)
            for server in lab.clickhouse:  # the ports are known now, and stay; logs only now, as the engine does not find those of before
                (server.folder / "config.d").mkdir()
                (server.folder / "config.d" / "cluster.xml").write_text(cluster_of(lab))
                shutil.copy(DEPLOY / "clickhouse" / "config.d" / "audit.xml", server.folder / "config.d")
            bring_down(folder / "lab")
            lab, _ = bring_up(folder / "lab", Shape(shards=2), OWNER)
            made = Store(lab, secrets)
            nodes.migrate_nodes(made.settings("migrator"), lambda _: None)
            fill_outboxes(folder / "data", 1)
            with closing(open_configured(folder / "data", made.settings("ingest"))) as opened:
                Ingest(folder / "data", opened).run_all()
            await_logs(made)
            yield made
        finally:
            bring_down(folder / "lab")


@pytest.mark.parametrize("user", USERS)
def test_each_signs_in_with_its_own_password_alone(store: Store, user: str) -> None:
    assert store.ask(user, "SELECT currentUser()") == [[user]]
    for wrong in ("", "wrong", store.password(USERS[USERS.index(user) - 1])):
        with pytest.raises(Refused, match="Authentication failed"):
            store.ask(user, "SELECT 1", wrong)


def test_what_ingest_wrote_dashboards_read_rollups_too_from_every_node(store: Store) -> None:
    """Through Distributed tables: the rights are the asking user's on every node."""
    seen = [store.ask("dashboards", "SELECT count(), sum(octets_out) FROM guankou.flows", shard=shard) for shard in (0, 1)]
    assert seen[0] == seen[1]
    assert int(str(seen[0][0][0])) > 0
    assert [row[:2] for row in store.ask("dashboards", BY_HOUR.replace("FROM flows", "FROM guankou.flows"))] == seen[0]
    parts = [store.ask("dashboards", "SELECT count() FROM guankou_local.flows", shard=shard)[0][0] for shard in (0, 1)]
    assert all(int(str(rows)) > 0 for rows in parts)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE guankou.mine (a UInt8) ENGINE = MergeTree ORDER BY a",
        "DROP TABLE guankou_local.flows",
        "TRUNCATE TABLE guankou_local.flows",
        "ALTER TABLE guankou_local.flows DELETE WHERE 1",
        "ALTER TABLE guankou_local.flows DROP PARTITION 202601",
        "CREATE USER friend",
        "GRANT SELECT ON *.* TO ingest",
        "SYSTEM SHUTDOWN",
        "BACKUP DATABASE guankou_local TO File('mine')",
        "SELECT * FROM system.query_log",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "INSERT INTO FUNCTION file('out.tsv', 'TSV', 'a UInt8') VALUES (1)",
    ],
)
@pytest.mark.parametrize("user", ["ingest", "dashboards"])
def test_neither_changes_tables_nor_reaches_out(store: Store, user: str, sql: str) -> None:
    store.refuses(user, sql, "Not enough privileges|Cannot execute query in readonly mode")


def test_dashboards_and_auditor_write_nothing(store: Store) -> None:
    for user in ("dashboards", "auditor"):
        store.refuses(user, "INSERT INTO guankou.batches (record) VALUES ('x')", "readonly mode|Not enough privileges")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("max_execution_time = 61", "shouldn't be greater than 60"),
        ("max_execution_time = 0", "shouldn't be less than 1"),
        ("max_memory_usage = 0", "shouldn't be less than 1"),
        ("max_memory_usage = 5000000000", "shouldn't be greater than"),
        ("max_concurrent_queries_for_user = 0", "should not be changed"),
        ("readonly = 0", "Cannot modify 'readonly'"),
    ],
)
def test_readers_cannot_lift_their_limits(store: Store, setting: str, words: str) -> None:
    store.refuses("dashboards", f"SELECT 1 SETTINGS {setting}", words)


def test_readers_limits_are_felt(store: Store) -> None:
    slow = "SELECT sleepEachRow(1) FROM numbers(9) SETTINGS max_execution_time = 1, max_block_size = 1"
    store.refuses("dashboards", slow, "TIMEOUT|Timeout")
    store.refuses("dashboards", "SELECT groupArray(number) FROM numbers(1000000000)", "MEMORY_LIMIT_EXCEEDED|memory limit")


def test_dashboards_end_their_own_queries_and_no_others(store: Store) -> None:
    long = "SELECT sleepEachRow(1) FROM numbers(100) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 100000000"
    kill = "KILL QUERY WHERE query LIKE 'SELECT sleepEachRow(1) FROM numbers(100)%' SYNC"
    ended: dict[str, str] = {}

    def ask(user: str) -> None:
        try:
            store.ask(user, long)
        except Refused as refusal:
            ended[user] = str(refusal)

    threads = {user: threading.Thread(target=ask, args=(user,)) for user in ("dashboards", "ingest")}
    for thread in threads.values():
        thread.start()
    until = time.monotonic() + 30
    while not (killed := store.ask("dashboards", kill)):
        assert time.monotonic() < until
    threads["dashboards"].join(30)
    assert "QUERY_WAS_CANCELLED" in ended["dashboards"]
    assert {row[2] for row in killed} == {"dashboards"}
    assert store.ask("dashboards", "SELECT DISTINCT user FROM system.processes") == [["dashboards"]]
    assert threads["ingest"].is_alive()
    assert store.ask(USER, "KILL QUERY WHERE user = 'ingest' SYNC", password="")
    threads["ingest"].join(30)
    assert ended.keys() == {"dashboards", "ingest"}


def test_the_auditor_sees_who_asked_what_and_no_record(store: Store) -> None:
    store.ask("dashboards", "SELECT count() FROM guankou.findings WHERE line = 'asked for'")
    store.ask(USER, "SYSTEM FLUSH LOGS", password="")
    asked = store.ask("auditor", "SELECT DISTINCT user FROM system.query_log WHERE query LIKE 'SELECT%= \\'asked for\\''")
    assert asked == [["dashboards"]]
    with pytest.raises(Refused):
        store.ask("dashboards", "SELECT 1", "wrong")
    store.ask(USER, "SYSTEM FLUSH LOGS", password="")
    assert ["LoginFailure", "dashboards"] in store.ask("auditor", "SELECT DISTINCT toString(type), user FROM system.session_log")
    assert store.ask("auditor", "SELECT count() > 0 FROM guankou.batches") == [[1]]
    assert store.ask("auditor", "SELECT count() > 0 FROM guankou_local.migrations") == [[1]]
    assert {row[0] for row in store.ask("auditor", "SELECT DISTINCT user_name FROM system.grants")} >= set(USERS)
    for table in ("flows", "findings", "subject_ledger"):
        for database in ("guankou", "guankou_local"):
            store.refuses("auditor", f"SELECT count() FROM {database}.{table}", "Not enough privileges")


def test_the_migrator_has_our_databases_alone(store: Store) -> None:
    for sql in ("CREATE DATABASE other", "DROP TABLE system.query_log", "SELECT * FROM system.query_log", "CREATE USER friend"):
        store.refuses("migrator", sql, "Not enough privileges")
    states = list(nodes.check_nodes(store.settings("migrator")))
    assert [state.problems for state in states] == [(), ()]


def test_backup_and_restore_by_the_migrator(store: Store) -> None:
    who, before = store.settings("migrator"), store.ask("dashboards", "SELECT count(), sum(octets_out) FROM guankou.flows")
    nodes.backup(who, "b1", lambda _: None)
    for shard in (0, 1):
        store.ask("migrator", "DROP DATABASE guankou_local SYNC", shard=shard)
    nodes.restore(who, "b1", lambda _: None)
    assert store.ask("dashboards", "SELECT count(), sum(octets_out) FROM guankou.flows") == before


def test_a_quota_ends_what_goes_astray(store: Store) -> None:
    """The last of the auditor's: a hundred mistakes an hour, and then no table answers, while others go on."""
    for _ in range(101):
        store.refuses("auditor", "SELECT * FROM guankou.flows", "Not enough privileges")
    store.refuses("auditor", "SELECT count() FROM guankou.batches", "Quota for user `auditor` .* errors = 1")
    assert store.ask("dashboards", "SELECT count() > 0 FROM guankou.batches") == [[1]]


def test_a_missing_hash_keeps_the_server_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than let a user in without a password."""
    (tmp_path / "clickhouse.xml").write_text("<clickhouse/>")
    monkeypatch.setenv("CLICKHOUSE_SECRETS", str(tmp_path / "clickhouse.xml"))
    configure(tmp_path / "lab", 1)
    with pytest.raises(RuntimeError, match="Password hash .* has length 0"):
        bring_up(tmp_path / "lab", Shape(), OWNER)
