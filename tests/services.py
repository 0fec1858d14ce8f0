"""Real servers for tests: Kafka and ClickHouse, one lab for a whole run of pytest, shared by its workers.

GUANKOU_TEST_KAFKA (host:port,…) and GUANKOU_TEST_CLICKHOUSE (clickhouse://user:password@host:port) name servers to use instead. Tests
share what is there, so each makes topics and databases with names of its own. A refused login or an unknown database over the native
protocol restarts the lab's ClickHouse under everybody: a test of that brings up a lab for itself.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from deploy.local.lab import bring_down, bring_up
from deploy.local.state import HOST, USER, Lab, Shape

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
OWNER = os.getppid() if IS_WORKER else os.getpid()  # the run: the lab ends with it, however it ends
FOLDER = Path(__file__).resolve().parent.parent / "build" / "test-lab" / str(OWNER)


class ClickhouseServer(NamedTuple):
    """Where a server takes native connections, and as whom."""

    host: str
    port: int
    user: str
    password: str


@pytest.fixture(scope="session")
def kafka() -> str:
    """Bootstrap addresses of a Kafka that takes everyone."""
    return os.environ.get("GUANKOU_TEST_KAFKA") or _lab().bootstrap()


@pytest.fixture(scope="session")
def clickhouse() -> ClickhouseServer:
    """A ClickHouse server and a user who may do all."""
    given = os.environ.get("GUANKOU_TEST_CLICKHOUSE")
    if not given:
        return ClickhouseServer(HOST, _lab().clickhouse[0].ports["tcp"], USER, "")
    url = urlsplit(given if "://" in given else f"clickhouse://{given}")
    return ClickhouseServer(url.hostname or HOST, url.port or 9000, unquote(url.username or "default"), unquote(url.password or ""))


def _lab() -> Lab:
    """The run's lab; the first worker to ask starts it, the others wait for it at the folder's lock."""
    return bring_up(FOLDER, Shape(), OWNER)[0]


def pytest_sessionfinish() -> None:
    """End the run's lab before the run says it is over; killed, the lab's own watch ends it."""
    if not IS_WORKER and FOLDER.exists():
        bring_down(FOLDER)
        shutil.rmtree(FOLDER)
