"""Migrations: numbered files, each run once on every node, known by checksum.

The same files serve chDB, one server and a cluster. On a cluster each node has its own tables in `<database>_local`, replicated where the
settings say so, and `<database>` holds a Distributed table over each: whoever asks or inserts sees one store (decision 0010).

A file is noted when its last statement has run, so a process killed in the middle leaves one begun: its tables that exist are passed
over, and every other statement of a migration has to bear being run again (ALTER … IF NOT EXISTS).
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from pipeline.store.store import Store

VERSIONS = """
CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, checksum String, at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number
"""
THERE = "SELECT count() AS there FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
TABLES = (
    "SELECT name, name IN (SELECT table FROM system.columns WHERE database = {own:String} AND name = 'line') AS by_line "
    "FROM system.tables WHERE database = {own:String} AND engine != 'MaterializedView' AND name != 'migrations' ORDER BY name"
)
STALE = (  # what a migration has dropped
    "SELECT name FROM system.tables WHERE database = {database:String} AND engine = 'Distributed' "
    "AND name NOT IN (SELECT name FROM system.tables WHERE database = {own:String})"
)
ENGINE = re.compile(r"ENGINE = (\w*)MergeTree\b(?:\(([^)]*)\))?")
# What is built over the rows that are there may take hours: the store answers at once, and goes on with it when it is started again.
BUILDING, BESIDE = re.compile(r"ALTER TABLE \w+\s+MATERIALIZE "), "SETTINGS mutations_sync = 0"
ZOOKEEPER_PATH = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"


class Migration(NamedTuple):
    """One file."""

    name: str
    text: str
    checksum: str


def migrations() -> list[Migration]:
    """Every file, in order."""
    files = sorted(resources.files("pipeline.store").joinpath("migrations").iterdir(), key=lambda f: f.name)
    texts = [(file.name, file.read_text("utf-8")) for file in files]
    return [Migration(name, text, hashlib.sha256(text.encode()).hexdigest()) for name, text in texts]


def pending(store: Store) -> list[Migration]:
    """What has not been run on this node.

    RuntimeError when a file that was run has changed since, or is none of ours: the store belongs to a newer version.
    """
    done = {row["name"]: row["checksum"] for row in store.query("SELECT name, checksum FROM migrations").to_pylist()}
    left = []
    for one in migrations():
        before = done.pop(one.name, None)
        if before is None:
            left.append(one)
        elif before != one.checksum:
            raise RuntimeError(f"migration {one.name} has been changed after it was run; add a new one instead")
    if done:
        raise RuntimeError(f"the store was migrated by a newer version: {', '.join(sorted(done))}")
    return left


def migrate(store: Store, replicated: bool = False) -> list[str]:
    """Run what has not been run on this node; the names of the files run. RuntimeError: see `pending`."""
    store.command(VERSIONS)
    left = pending(store)
    for one in left:
        run_file(store, one, replicated)
    return [one.name for one in left]


def run_file(store: Store, one: Migration, replicated: bool) -> None:
    """Run the statements of one file that are still to be run, and note the file."""
    for statement in statements(one.text):
        if not is_made(store, statement):
            asked = replicate(statement) if replicated else statement
            store.command(f"{asked} {BESIDE}" if BUILDING.match(asked) else asked)
    noted = {"number": pa.array([int(one.name[:4])], pa.uint32()), "name": [one.name], "checksum": [one.checksum]}
    store.insert("migrations", pa.RecordBatch.from_pydict(noted), f"migration-{one.name}")


def is_made(store: Store, statement: str) -> bool:
    """Whether `statement` creates what is there: an earlier run got so far and was killed."""
    created = re.match(r"CREATE (?:TABLE|MATERIALIZED VIEW) (\w+)\s", statement)
    return created is not None and store.query(THERE, {"name": created[1]}).to_pylist()[0]["there"] > 0


def statements(text: str) -> list[str]:
    """The statements of a migration, comments taken out; each ends with a semicolon at a line's end."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in re.split(r";\s*(?:\n|$)", "\n".join(lines)) if part.strip()]


def replicate(statement: str) -> str:
    """The statement with its MergeTree tables replicated; the servers fill in the braces."""
    made = ENGINE.sub(lambda m: f"ENGINE = Replicated{m[1]}MergeTree({ZOOKEEPER_PATH}{', ' + m[2] if m[2] else ''})", statement)
    return made.replace("non_replicated_deduplication_window", "replicated_deduplication_window")


def distribute(node: Store, database: str, own: str, cluster: str) -> list[str]:
    """Make the Distributed tables of `database` over those of `own` anew on this node: they hold nothing. Their names.

    Rows go by line, so that a line's rollups and sketches are on one shard. The marks of a batch must come all or none: all to one shard.
    """
    node.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    for row in node.query(STALE, {"database": database, "own": own}).to_pylist():
        node.command(f"DROP TABLE {database}.{row['name']} SYNC")
    names = []
    for row in node.query(TABLES, {"own": own}).to_pylist():
        key = "cityHash64(line)" if row["by_line"] else "0"
        engine = f"Distributed('{cluster}', '{own}', '{row['name']}', {key})"
        node.command(f"CREATE OR REPLACE TABLE {database}.{row['name']} AS {own}.{row['name']} ENGINE = {engine}")
        names.append(row["name"])
    return names
