"""The frame: which flows a campaign could draw, and how much of their octets was inspected at all."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Protocol

import pyarrow as pa

from pipeline.sampling.models import Campaign

STRATA = ("flagged", "unflagged")  # with findings of medium or high tier, and without
LARGEST = 5_000_000                # flows: beyond it the frame no longer fits a page's patience; narrow the period

FLOWS = """
SELECT flow_id, max(findings) > 0 AS flagged FROM flows
WHERE first >= fromUnixTimestamp64Nano({since_ns:Int64}) AND first < fromUnixTimestamp64Nano({until_ns:Int64})
  AND (line = {line:String} OR {line:String} = '') AND (holder = {holder:String} OR {holder:String} = '') AND holder != ''
GROUP BY flow_id LIMIT {limit:UInt64}
"""

# Whole minutes: coverage is kept by the minute.
COVERAGE = """
SELECT reason, sum(octets) AS octets FROM coverage
WHERE minute >= toStartOfMinute(fromUnixTimestamp64Nano({since_ns:Int64})) AND minute < fromUnixTimestamp64Nano({until_ns:Int64})
  AND (line = {line:String} OR {line:String} = '') AND (holder = {holder:String} OR {holder:String} = '') AND holder != ''
  AND direction = 'out'
GROUP BY reason ORDER BY reason
"""


class Queries(Protocol):
    """What is asked of the store."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run one query; ClickHouse's {name:Type} parameters."""


def read_frame(store: Queries, campaign: Campaign) -> dict[str, list[int]]:
    """Flow ids by stratum. ValueError: too many for one campaign."""
    table = store.query(FLOWS, {**_parameters(campaign), "limit": LARGEST + 1})
    if table.num_rows > LARGEST:
        raise ValueError(f"more than {LARGEST:,} flows: choose a shorter period, one line or one holder")
    ids, flags = table.column("flow_id").to_pylist(), table.column("flagged").to_pylist()
    frame: dict[str, list[int]] = {name: [] for name in STRATA}
    for flow, flagged in zip(ids, flags, strict=True):
        frame[STRATA[0] if flagged else STRATA[1]].append(flow)
    return frame


def read_coverage(store: Queries, campaign: Campaign) -> dict[str, Any]:
    """Octets sent out in the frame's lines and period by where they went, and the share inspected (None without any octet)."""
    rows = store.query(COVERAGE, _parameters(campaign)).to_pylist()
    octets = {_text(row["reason"]): int(row["octets"]) for row in rows}
    wire = octets.get("wire", 0)
    payload = wire - octets.get("headers", 0) - octets.get("duplicate", 0)
    return {"octets": octets, "share": octets.get("inspected", 0) / payload if payload > 0 else None}


def _parameters(campaign: Campaign) -> dict[str, object]:
    return {"since_ns": _ns(campaign.since), "until_ns": _ns(campaign.until), "line": campaign.line or "", "holder": campaign.holder or ""}


def _ns(moment: datetime.datetime) -> int:
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
