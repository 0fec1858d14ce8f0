"""All nodes of a server store: migrating, checking, backing up and restoring each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple

from pipeline.schema import RECORDS
from pipeline.store.migrate import distribute, migrate, migrations, pending
from pipeline.store.server import ServerStore, nodes, open_database, own_database
from pipeline.store.settings import ServerAddress, StoreSettings
from pipeline.store.tiers import put_into_tiers

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
SHARDS = "SELECT host_name, port, shard_num FROM system.clusters WHERE cluster = {cluster:String} AND replica_num = 1 ORDER BY shard_num"
COLUMNS = "SELECT name, type FROM system.columns WHERE database = {database:String} AND table = {table:String}"
ROWS = "SELECT sum(total_rows) AS there FROM system.tables WHERE database = {own:String}"
Tell = Callable[[str], None]


class NodeState(NamedTuple):
    """What `check` says of one node."""

    address: ServerAddress
    migrations: int         # run
    problems: tuple[str, ...]


def migrate_nodes(settings: StoreSettings, tell: Tell) -> None:
    """Bring every node up to date, one after another; a run broken off is gone on with by the next. RuntimeError names the node."""
    own = own_database(settings)
    for address in nodes(settings):
        with closing(ServerStore(settings, "default", (address,))) as anywhere:
            anywhere.command(f"CREATE DATABASE IF NOT EXISTS {own}")
        with closing(ServerStore(settings, own, (address,))) as node:
            ran = migrate(node, settings.replicated)
            ran += [f"tiers of {table}" for table in put_into_tiers(node, settings)]
            if settings.cluster:
                distribute(node, settings.database, own, settings.cluster)
        tell(f"{address}: {', '.join(ran) or 'up to date'}")


def check_nodes(settings: StoreSettings) -> Iterator[NodeState]:
    """Each node's migrations and tables against ours."""
    for address in nodes(settings):
        problems: list[str] = []
        left = len(migrations())
        try:
            with closing(open_database(settings, own_database(settings), (address,))) as node:
                left = len(pending(node))
                problems += [f"{left} migrations to run"] if left else []
                for database in {own_database(settings), settings.database}:
                    problems += _missing(node, database)
        except RuntimeError as error:
            problems.append(str(error))
        yield NodeState(address, len(migrations()) - left, tuple(problems))


def _missing(node: ServerStore, database: str) -> Iterator[str]:
    """Columns of the records that `database` has not, or otherwise."""
    for record in RECORDS:
        there = {row["name"]: row["type"] for row in node.query(COLUMNS, {"database": database, "table": record.name}).to_pylist()}
        if not there:
            yield f"no table {database}.{record.name}"
            continue
        for field in record.fields:
            if there.get(field.name) != field.clickhouse:
                yield f"{database}.{record.name}.{field.name}: {there.get(field.name, 'missing')} instead of {field.clickhouse}"


def backup(settings: StoreSettings, name: str, tell: Tell) -> None:
    """Have each shard's first replica back up its own tables under `name`. ValueError for a name that is none."""
    own = own_database(settings)
    for number, address in _shards(settings):
        with closing(open_database(settings, own, (address,))) as node:
            node.command(f"BACKUP DATABASE {own} TO {_place(settings, name, number)}")
        tell(f"{address}: backed up as {name}")


def restore(settings: StoreSettings, name: str, tell: Tell) -> None:
    """Fill empty servers from the backup `name`; RuntimeError where the database has rows. The other nodes are migrated as usual."""
    own = own_database(settings)
    for number, address in _shards(settings):
        with closing(ServerStore(settings, "default", (address,))) as node:
            if node.query(ROWS, {"own": own}).to_pylist()[0]["there"]:
                raise RuntimeError(f"{address}: database {own} is not empty; restore into an empty server")
            node.command(f"DROP DATABASE IF EXISTS {own} SYNC")
            node.command(f"RESTORE DATABASE {own} FROM {_place(settings, name, number)}")
        tell(f"{address}: restored from {name}")
    migrate_nodes(settings, tell)


def _shards(settings: StoreSettings) -> list[tuple[int, ServerAddress]]:
    """The first replica of each shard, with the shard's number."""
    if not settings.cluster:
        return [(1, settings.servers[0])]
    with closing(ServerStore(settings, "default")) as store:
        rows = store.query(SHARDS, {"cluster": settings.cluster}).to_pylist()
    return [(row["shard_num"], ServerAddress(host=row["host_name"], port=row["port"])) for row in rows]


def _place(settings: StoreSettings, name: str, shard: int) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a backup: letters, digits, dots, hyphens")
    return settings.backup_to.replace("{name}", f"{name}-shard-{shard}" if settings.cluster else name)
