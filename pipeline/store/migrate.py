"""Migrations: numbered files, each run once, known by checksum.

A file is noted when its last statement has run, so a process killed in the middle leaves one begun: its tables that exist are passed
over, and every other statement of a migration has to bear being run again (ALTER … IF NOT EXISTS).
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from pipeline.store.store import Store

VERSIONS = """
CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, checksum String, at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number
"""
THERE = "SELECT count() AS there FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"


def migrate(store: Store) -> list[str]:
    """Run what has not been run; the names of the files run.

    RuntimeError when a file that was run has changed since, or is none of ours: the store belongs to a newer version.
    """
    store.command(VERSIONS)
    done = {row["name"]: row["checksum"] for row in store.query("SELECT name, checksum FROM migrations").to_pylist()}
    ran = []
    for file in sorted(resources.files("pipeline.store").joinpath("migrations").iterdir(), key=lambda f: f.name):
        text = file.read_text("utf-8")
        checksum, before = hashlib.sha256(text.encode()).hexdigest(), done.pop(file.name, None)
        if before is None:
            run_file(store, file.name, text, checksum)
            ran.append(file.name)
        elif before != checksum:
            raise RuntimeError(f"migration {file.name} has been changed after it was run; add a new one instead")
    if done:
        raise RuntimeError(f"the store was migrated by a newer version: {', '.join(sorted(done))}")
    return ran


def run_file(store: Store, name: str, text: str, checksum: str) -> None:
    """Run the statements of one file that are still to be run, and note the file."""
    for statement in statements(text):
        if not is_made(store, statement):
            store.command(statement)
    noted = {"number": pa.array([int(name[:4])], pa.uint32()), "name": [name], "checksum": [checksum]}
    store.insert("migrations", pa.RecordBatch.from_pydict(noted), f"migration-{name}")


def is_made(store: Store, statement: str) -> bool:
    """Whether `statement` creates what is there: an earlier run got so far and was killed."""
    created = re.match(r"CREATE (?:TABLE|MATERIALIZED VIEW) (\w+)\s", statement)
    return created is not None and store.query(THERE, {"name": created[1]}).to_pylist()[0]["there"] > 0


def statements(text: str) -> list[str]:
    """The statements of a migration, comments taken out; each ends with a semicolon at a line's end."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in re.split(r";\s*(?:\n|$)", "\n".join(lines)) if part.strip()]
