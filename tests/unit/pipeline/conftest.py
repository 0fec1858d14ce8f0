"""What tests of the pipeline share: an engine brought up to date, and a real store with made-up findings and subjects."""

from __future__ import annotations

import datetime
import ipaddress
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Engine

from pipeline.schema import FINDING, FLOW, SUBJECT, Record
from pipeline.store.store import ChdbStore, open_store
from pipeline.supervision.engine import open_engine, upgrade


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An empty supervision database."""
    engine = open_engine(tmp_path / "data")
    upgrade(engine)
    return engine


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChdbStore]:
    """An empty store: the real engine."""
    store = open_store(tmp_path / "store-data")
    yield store
    store.close()


def _blank(kind: pa.DataType) -> Any:
    """What stands in a column that a test does not name."""
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return ""
    if pa.types.is_list(kind):
        return []
    if pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind):
        return bytes(16)
    if pa.types.is_timestamp(kind):
        return datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
    return False if pa.types.is_boolean(kind) else 0


def _put(store: ChdbStore, record: Record, rows: list[dict[str, Any]], token: str) -> None:
    columns = []
    for field in record.arrow:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        values = pa.array([row.get(field.name, _blank(field.type)) for row in rows], kind)
        columns.append(values.dictionary_encode().cast(field.type) if pa.types.is_dictionary(field.type) else values)
    store.insert(record.name, pa.RecordBatch.from_arrays(columns, schema=record.arrow), token)


@pytest.fixture
def put(store: ChdbStore) -> Callable[[Record, list[dict[str, Any]]], None]:
    """Insert rows of a record; columns left out are blank."""
    numbers = itertools.count(1)
    return lambda record, rows: _put(store, record, rows, f"test-{next(numbers)}")


@pytest.fixture(scope="session")
def put_into() -> Callable[[ChdbStore], Callable[[Record, list[dict[str, Any]]], None]]:
    """The same for a store of the test's own."""
    numbers = itertools.count(1)
    return lambda store: lambda record, rows: _put(store, record, rows, f"test-{next(numbers)}")


def mapped(address: str) -> bytes:
    """An address as records hold it."""
    return ipaddress.IPv6Address(f"::ffff:{address}").packed


@pytest.fixture
def put_findings(put: Callable[[Record, list[dict[str, Any]]], None]) -> Callable[..., None]:
    """Findings of one signature with their subjects: `persons` distinct ones, numbered from `start`."""
    numbers = itertools.count(1)

    def make(holder: str, signature: str, persons: int, at: datetime.datetime, *, start: int = 0, level: str = "sensitive",
             destination: str = "SG", line: str = "L-1", tier: int = 3, principal: bool = True, **other: Any) -> None:
        shared = {"holder": holder, "line": line, "destination": destination, "signature": signature, "level": level, "tier": tier}
        number = next(numbers)
        finding = {
            "finding_id": number, "flow_id": number, "first": at, "last": at,
            "src_ip": mapped("10.21.7.44"), "dst_ip": mapped("10.121.3.18"),
            "server_name": "dms.example.net", "class": "身份", "evidence": "seen", "count": persons, "subjects": persons,
        }
        put(FINDING, [{**shared, **finding, **other}])
        kind = sum(map(ord, signature)) << 40
        year = at.astimezone(datetime.timezone(datetime.timedelta(hours=8))).year
        tokens = [kind + (start + k) * 0x9E3779B97F4A7C15 % (1 << 39) for k in range(persons)]
        put(SUBJECT, [{**shared, "at": at, "principal": principal, "key_epoch": year, "token": token} for token in tokens])

    return make


@pytest.fixture
def put_flows(put: Callable[[Record, list[dict[str, Any]]], None]) -> Callable[..., None]:
    """Flows numbered from `start`, the first `flagged` of them with findings."""

    def make(holder: str, line: str, n: int, flagged: int, at: datetime.datetime, start: int = 1) -> None:
        put(FLOW, [{"flow_id": (1 << 63) + start + k, "holder": holder, "line": line, "first": at, "last": at, "findings": int(k < flagged)}
                   for k in range(n)])

    return make
