"""Tiers: rows of the large tables move to the storage policy's volume `cold` some days after they came, and go at their term as before.

Set by the operator and not by a migration, because policies are the servers' own: `guankou store migrate` brings the tables to it.
"""

from __future__ import annotations

import re

from pipeline.store.settings import StoreSettings
from pipeline.store.store import Store

TABLES = ("flows", "findings", "coverage")
COLD = "cold"
MADE = "SELECT create_table_query AS made FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
VOLUMES = "SELECT volume_name AS name FROM system.storage_policies WHERE policy_name = {policy:String}"
TTL = re.compile(r" TTL (.+?) SETTINGS ")
POLICY = re.compile(r"storage_policy = '([^']*)'")


def put_into_tiers(node: Store, settings: StoreSettings) -> list[str]:
    """Give the node's tables their policy and tiers; the tables that were changed. RuntimeError when the policy has no cold volume."""
    if settings.storage_policy:
        volumes = {row["name"] for row in node.query(VOLUMES, {"policy": settings.storage_policy}).to_pylist()}
        if COLD not in volumes:
            known = ", ".join(sorted(volumes)) or "none: it is not known there"
            raise RuntimeError(f"store.storage_policy: {settings.storage_policy!r} needs a volume {COLD!r}; volumes: {known}")
    return [table for table in TABLES if _change(node, table, settings)]


def _change(node: Store, table: str, settings: StoreSettings) -> bool:
    made = node.query(MADE, {"name": table}).to_pylist()[0]["made"]
    found, policy = TTL.search(made), POLICY.search(made)
    assert found, made  # every table of rows has a term
    had = found[1].split(", ")
    wanted = [term for term in had if " TO VOLUME " not in term]
    if settings.storage_policy:
        wanted.append(f"toDateTime(ingested) + toIntervalDay({settings.cold_after_days}) TO VOLUME '{COLD}'")
        if policy is None or policy[1] != settings.storage_policy:
            node.command(f"ALTER TABLE {table} MODIFY SETTING storage_policy = '{settings.storage_policy}'")
    if wanted != had:
        node.command(f"ALTER TABLE {table} MODIFY TTL {', '.join(wanted)}")
    return wanted != had
