"""Tiers on a real server: what came long ago lies on the cold volume, what came lately on the hot one, and terms stay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

import pytest

from pipeline.store import nodes
from pipeline.store.server import ServerStore
from pipeline.store.settings import StoreSettings
from pipeline.store.tiers import TABLES
from tests.services import ClickhouseServer

MADE = "SELECT create_table_query AS made FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
WHERE_ROWS_LIE = (
    "SELECT disk_name AS disk, sum(rows) AS rows FROM system.parts "
    "WHERE active AND database = currentDatabase() AND table = 'flows' GROUP BY disk ORDER BY disk"
)


@pytest.fixture
def settings(clickhouse: ClickhouseServer) -> Iterator[StoreSettings]:
    address = {"host": clickhouse.host, "port": clickhouse.port}
    who = {"user": clickhouse.user, "password": clickhouse.password}
    made = StoreSettings.model_validate({"servers": [address], **who, "database": f"t{uuid4().hex[:12]}"})
    yield made
    with closing(ServerStore(made, "default")) as anywhere:
        anywhere.command(f"DROP DATABASE IF EXISTS {made.database} SYNC")


def migrated(settings: StoreSettings, **more: object) -> list[str]:
    told: list[str] = []
    nodes.migrate_nodes(settings.model_copy(update=more), told.append)
    return told


def test_rows_go_to_the_cold_volume_when_their_days_are_over(settings: StoreSettings) -> None:
    migrated(settings)
    with closing(ServerStore(settings)) as store:
        if not store.query("SELECT 1 FROM system.storage_policies WHERE policy_name = 'tiers'").num_rows:
            pytest.skip("this server has no policy `tiers` (a lab's has)")
        for days, rows in ((1, 30), (40, 500)):
            store.command(f"INSERT INTO flows (flow_id, ingested) SELECT number, now64(3) - INTERVAL {days} DAY FROM numbers({rows})")
        assert store.query(WHERE_ROWS_LIE).to_pylist() == [{"disk": "default", "rows": 530}]
        (told,) = migrated(settings, storage_policy="tiers")
        assert all(f"tiers of {table}" in told for table in TABLES)
        assert "up to date" in migrated(settings, storage_policy="tiers")[0]
        until = time.monotonic() + 60
        while store.query(WHERE_ROWS_LIE).to_pylist() != [{"disk": "cold", "rows": 500}, {"disk": "default", "rows": 30}]:
            assert time.monotonic() < until, store.query(WHERE_ROWS_LIE).to_pylist()
            time.sleep(0.2)
        migrated(settings, storage_policy="tiers", cold_after_days=7)
        for table, months in zip(TABLES, (12, 36, 36), strict=True):
            made = store.query(MADE, {"name": table}).to_pylist()[0]["made"]
            terms = f"toDateTime(ingested) + toIntervalMonth({months}), toDateTime(ingested) + toIntervalDay(7) TO VOLUME 'cold'"
            assert f" TTL {terms} SETTINGS" in made
        migrated(settings)
        made = store.query(MADE, {"name": "flows"}).to_pylist()[0]["made"]
        assert "TTL toDateTime(ingested) + toIntervalMonth(12) SETTINGS" in made
        assert store.query("SELECT count() AS n FROM flows").to_pylist() == [{"n": 530}]


def test_a_policy_that_is_none_is_named(settings: StoreSettings) -> None:
    with pytest.raises(RuntimeError, match="'nowhere' needs a volume 'cold'"):
        migrated(settings, storage_policy="nowhere")
    with pytest.raises(ValueError, match="storage_policy: needs servers"):
        StoreSettings(storage_policy="tiers")
