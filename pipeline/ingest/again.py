"""What is stored once more, after an insert of which nobody knows how it ended: whether all of it is there then.

A table that is not replicated writes an insert's deduplication token to its log first and gives the part its name after that. A server
killed between the two remembers the token and not the rows, so the same rows, tried again, are taken for some that are there already.
(The embedded store looks after that when it is opened: pipeline/store/unfinished.py. Replicated tables keep both in one place, and a
replica that is asked may not have yet what another one took.)
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT
from pipeline.schema.field import IDENTITY
from pipeline.store.server import ServerStore

if TYPE_CHECKING:
    from pipeline.store.store import Store

log = logging.getLogger(__name__)
NS, DAY_S = 10**9, 86_400
# Subjects are not among them: they go into sketches, without tokens, and there the same again adds nothing.
TIMES = {FLOW.name: "first", FINDING.name: "first", COVERAGE.name: "minute", SENSOR_REPORT.name: "at"}
IN_SECONDS = (COVERAGE.name,)  # of 32 bits in the store; the others' times are ns
TRIES = 2  # a server killed at that very moment twice


def put_missing(store: Store, record: str, rows: pa.Table, token: str) -> int:
    """Store those of `rows` that are not there, though an insert of all of them under `token` was answered; how many they were.

    A part holds one month of the lines that one shard has, so of a batch, line and day all rows were lost or none. The tokens are always
    the same: an insert that is still under way somewhere adds nothing to this. RuntimeError when rows do not stay.
    """
    if record not in TIMES or not isinstance(store, ServerStore) or store.settings.replicated:
        return 0
    put = 0
    for again in range(1, TRIES + 2):
        left = _missing(store, record, rows)
        if not left.num_rows:
            return put
        if again > TRIES:
            break
        log.warning("%s: %d rows of %d are not there, though their token is; storing them again", record, left.num_rows, rows.num_rows)
        store.insert(record, left, f"{token}-again-{again}")
        put += left.num_rows
    raise RuntimeError(f"{record}: {left.num_rows} rows under {token} do not stay in the store")


def _missing(store: Store, record: str, rows: pa.Table) -> pa.Table:
    """Rows of a batch, line and day of which the store has none."""
    names = [field.name for field in IDENTITY] + [name for name in ("line",) if name in rows.schema.names]
    columns = {name: rows[name].cast(pa.string()) if pa.types.is_dictionary(rows[name].type) else rows[name] for name in names}
    time, moments = TIMES[record], rows[TIMES[record]].cast(pa.int64())
    if record in IN_SECONDS:
        day, within = f"intDiv(toInt64(toUnixTimestamp({time})), {DAY_S:d})", "1"
        columns["day"] = pc.divide(pc.bit_wise_and(pc.divide(moments, NS), 0xFFFFFFFF), DAY_S)
    else:
        day = f"intDiv(toUnixTimestamp64Nano({time}), {DAY_S * NS:d})"
        within = f"{time} BETWEEN fromUnixTimestamp64Nano({{low:Int64}}) AND fromUnixTimestamp64Nano({{high:Int64}})"
        columns["day"] = pc.divide(moments, DAY_S * NS)
    keyed, key = pa.table(columns), list(columns)
    made = keyed.group_by(key).aggregate([]).to_pylist()
    asked = store.query(
        f"SELECT {', '.join(names)}, {day} AS day FROM {record} WHERE sensor IN {{sensor:Array(String)}} "
        f"AND epoch IN {{epoch:Array(UInt64)}} AND sequence IN {{sequence:Array(UInt64)}} AND {within} GROUP BY {', '.join(key)}",
        {
            **{name: sorted({one[name] for one in made}) for name in ("sensor", "epoch", "sequence")},
            "low": pc.min(moments).as_py(),
            "high": pc.max(moments).as_py(),
        },
    )
    there = {tuple(one[name] for name in key) for one in asked.to_pylist()}
    absent = [one for one in made if tuple(one[name] for name in key) not in there]
    if not absent:
        return rows.slice(0, 0)
    numbered = keyed.append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    found = numbered.join(pa.Table.from_pylist(absent, keyed.schema), key, join_type="inner")
    return rows.take(found["row"].sort())
