"""Findings out of the store, grouped into what may become alerts: medium and high tier, seen in content, gone abroad, holder known."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Protocol

import pyarrow as pa

from pipeline.incident.seen import Far, Key, Kind, Seen
from pipeline.schema.codes import Evidence, Level, Tier
from pipeline.schema.jurisdiction import CODES, HOME
from pipeline.supervision.number import BEIJING

ENDS = 200  # far ends kept for one signature of one group


class Queries(Protocol):
    """What is asked of the store."""

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Run one query; ClickHouse's {name:Type} parameters."""


GROUPS = f"""
SELECT holder, line, destination, evidence, toString(toDate(first, 'Asia/Shanghai')) AS day, signature,
       any(level) AS level_of, any(class) AS class_of, max(tier) AS best, sum(count) AS values_found,
       sum(subjects) AS subjects_sum, max(subjects) AS subjects_most, count() AS rows_of, max(partial) AS partial_any,
       toUnixTimestamp64Nano(min(first)) AS first_ns, toUnixTimestamp64Nano(max(last)) AS last_ns,
       uniqExact(server_name, src_ip, dst_ip) AS ends_of,
       groupUniqArray({ENDS})(concat(server_name, '\\n', toString(src_ip), '\\n', toString(dst_ip))) AS ends
FROM findings
WHERE tier >= {int(Tier.MEDIUM)} AND evidence = '{Evidence.SEEN}' AND holder != ''
  AND level IN ('{Level.PI}', '{Level.SENSITIVE}', '{Level.IMPORTANT}')
  AND first >= fromUnixTimestamp64Nano({{since_ns:Int64}})
GROUP BY holder, line, destination, evidence, day, signature
ORDER BY holder, line, destination, evidence, day, signature
"""


def gather(store: Queries, since: datetime.datetime | None = None) -> list[Seen]:
    """All groups with findings since then (whole Beijing years, because persons are counted by year), in a fixed order."""
    start = datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC)
    if since is not None:
        start = datetime.datetime(since.astimezone(BEIJING).year, 1, 1, tzinfo=BEIJING)
    table = store.query(GROUPS, {"since_ns": int(start.timestamp()) * 1_000_000_000})
    groups: dict[Key, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        day = datetime.date.fromisoformat(_text(row["day"]))
        place = _text(row["destination"])
        if place in CODES and place != HOME:
            key = Key(_text(row["holder"]), _text(row["line"]), place, _text(row["evidence"]), day)
            groups.setdefault(key, []).append(row)
    return [_join(key, rows) for key, rows in groups.items()]


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _join(key: Key, rows: list[dict[str, Any]]) -> Seen:
    ends = {Far(*_text(end).split("\n")) for row in rows for end in row["ends"]}
    return Seen(
        key=key,
        kinds={_text(row["signature"]): _kind(row) for row in rows},
        ends=tuple(sorted(ends)),
        ends_cut=any(row["ends_of"] > ENDS for row in rows),
        findings=sum(row["rows_of"] for row in rows),
        partial=any(row["partial_any"] for row in rows),
        first=_moment(min(row["first_ns"] for row in rows)),
        last=_moment(max(row["last_ns"] for row in rows)),
    )


def _kind(row: dict[str, Any]) -> Kind:
    return Kind(_text(row["level_of"]), _text(row["class_of"]), row["best"], row["values_found"], row["subjects_sum"], row["subjects_most"])


def _moment(ns: int) -> datetime.datetime:
    """To the microsecond: databases keep no more."""
    return datetime.datetime.fromtimestamp(ns // 1_000_000_000, datetime.UTC) + datetime.timedelta(microseconds=ns // 1000 % 1_000_000)
