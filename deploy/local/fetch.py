"""The services' programs, fetched once by Maven's and npm's own clients.

    python -m deploy.local.fetch
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DEBIAN = {"mvn": "maven", "npm": "npm", "java": "openjdk-17-jre-headless", "openssl": "openssl"}


def kafka_jars() -> Path:
    """Folder of the jars that make a Kafka server."""
    copy = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=jars"]
    return _fetched("pom.xml", copy) / "jars"


def clickhouse_library() -> Path:
    """ClickHouse's engine as a shared library; of x86-64 Linux only."""
    install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    return _fetched("package.json", install) / "node_modules" / "@chdb" / "lib-linux-x64-gnu" / "libchdb.so"


def find_tool(name: str) -> str:
    """Path of a program; RuntimeError names the package that has it."""
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is needed for local services:  sudo apt-get install {DEBIAN[name]}")
    return found


def _fetched(list_name: str, command: list[str]) -> Path:
    """The folder that `command` made beside a copy of `list_name`; each content of the list has a folder of its own."""
    wanted = HERE / list_name
    kept = _cache() / f"{wanted.stem}-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    if kept.is_dir():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with (kept.parent / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_dir():  # or another process fetched it meanwhile
            part = kept.with_name(f"{kept.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            shutil.copy(wanted, part)
            _run(command, part)
            part.rename(kept)
    return kept


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run([find_tool(command[0]), *command[1:]], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}")


def _cache() -> Path:
    """`build/local` of a checkout, else the user's cache."""
    root = HERE.parents[1]
    return root / "build" / "local" if (root / "pyproject.toml").is_file() else Path.home() / ".cache" / "guankou"


def main() -> int:
    """Fetch all there is to fetch."""
    for name, fetch in (("Kafka", kafka_jars), ("ClickHouse", clickhouse_library)):
        try:
            fetch()
        except RuntimeError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
