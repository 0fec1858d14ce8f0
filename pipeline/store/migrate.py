"""Migrations: numbered files, each run once, known by checksum."""

from __future__ import annotations

import hashlib
from importlib import resources

from pipeline.store.store import Store

VERSIONS = """
CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, checksum String, at DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = MergeTree ORDER BY number
"""


def migrate(store: Store) -> list[str]:
    """Run what has not been run; the names of the files run. RuntimeError when a file that was run has changed since."""
    store.command(VERSIONS)
    rows = store.query("SELECT name, checksum FROM migrations").to_pylist()
    done = {row["name"]: row["checksum"] for row in rows}
    ran = []
    for file in sorted(resources.files("pipeline.store").joinpath("migrations").iterdir(), key=lambda f: f.name):
        text = file.read_text("utf-8")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if file.name in done:
            if done[file.name] != checksum:
                raise RuntimeError(f"migration {file.name} has been changed after it was run; add a new one instead")
            continue
        for statement in statements(text):
            store.command(statement)
        number, name = int(file.name[:4]), file.name
        store.command(f"INSERT INTO migrations (number, name, checksum) VALUES ({number}, '{name}', '{checksum}')")
        ran.append(name)
    return ran


def statements(text: str) -> list[str]:
    """The statements of a migration, comments taken out; each ends with a semicolon at a line's end."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip().rstrip(";")]
