"""What findings say of the flows of a page: fields of which one flow has several, and most flows none, as lists.

They are looked up when the page is there, by one question for those of its flows that have findings. In the page's own question they
would be a join: the store would put together the findings of every flow that fits, to show two hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from pipeline.search.fields import Field
from pipeline.search.period import Period

HAVING = "flows.findings AS key_findings"  # what a page must have for it, beside its key
_WITHIN = "findings.first >= fromUnixTimestamp64Nano({since:Int64}) AND findings.first < fromUnixTimestamp64Nano({until:Int64})"
Ask = Callable[[str, Period, Mapping[str, object]], pa.Table]


def look_up(ask: Ask, mark: str, rows: pa.Table, fields: Sequence[Field]) -> list[pa.Array]:
    """A column for each of `fields`: lists of texts, sorted; `rows` have their keys.

    Flows without findings of medium or high tier have none: what is of low tier alone is counted, and says nothing of a flow.
    """
    keys = rows.select(["key_flow", "key_findings", "key_ns", "key_last"]).to_pylist()
    having = [key for key in keys if key["key_findings"]]
    found = {}
    if having:
        # A finding lies between first and last packet of its flow, also of one of weeks that is reported in parts, which all have the first
        # packet of the whole: to that stretch the store's partitions and order are cut down.
        period = Period(min(key["key_ns"] for key in having), max(key["key_last"] for key in having) + 1)
        lists = ", ".join(f"arraySort(groupUniqArray(CAST({field.columns[0]} AS String))) AS `{field.name}`" for field in fields)
        answer = ask(
            f"SELECT findings.flow_id AS flow, {lists} FROM findings WHERE '{mark}' != '' AND {_WITHIN} "
            "AND findings.flow_id IN {flows:Array(UInt64)} GROUP BY findings.flow_id",
            period,
            {"flows": sorted({key["key_flow"] for key in having})},
        )
        found = {row["flow"]: row for row in answer.to_pylist()}
    none: dict[str, list[str]] = {}
    of_rows = [found.get(key["key_flow"], none) if key["key_findings"] else none for key in keys]
    return [pa.array([row.get(field.name, []) for row in of_rows], pa.list_(pa.string())) for field in fields]
