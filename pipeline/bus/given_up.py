"""What a batch that is given up spoke about: coverage rows that say which line's records are missing, of which minutes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.bus.spool import Row
from pipeline.ingest.body import Identity, PoisonError, decode
from pipeline.schema import COVERAGE
from pipeline.schema.codes import DomesticEnd, Reason
from pipeline.schema.field import NAME

MINUTE_NS = 60_000_000_000
LANE = ("line", "holder", "destination")
KEYS = ["minute", *LANE, "direction"]
TIMES = ("minute", "first", "at")  # a record has one of them
WIRE = "wire"


def summarise(rows: Sequence[Row]) -> pa.Table:
    """Octets and packets by minute, lane and direction of all batches together.

    Of flows their octets; of coverage the wire's; of the other records, which count no octets of their own, rows with 0.
    """
    every = pa.concat_tables([_table_of(row) for row in rows])
    summed = every.group_by(KEYS, use_threads=False).aggregate([("octets", "sum"), ("packets", "sum")])
    return summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names]).sort_by([(key, "ascending") for key in KEYS])


def make_note(table: pa.Table, identity: Identity, sequence: int, made_ns: int) -> Row:
    """The coverage batch that says so, as an outbox row."""
    n = table.num_rows
    columns = {
        "sensor": [identity.sensor] * n,
        "worker": [identity.worker] * n,
        "epoch": [identity.epoch] * n,
        "sequence": [sequence] * n,
        "reason": [str(Reason.GIVEN_UP)] * n,
        **{name: table.column(name).to_pylist() for name in (*KEYS, "octets", "packets")},
    }
    kinds = [(columns[field.name], field.arrow) for field in COVERAGE.fields]
    arrays = [pa.array(values, pa.string()).dictionary_encode() if kind == NAME else pa.array(values, kind) for values, kind in kinds]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, COVERAGE.arrow, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=COVERAGE.arrow))
    return Row(0, identity, sequence, n, made_ns, bytes(sink.getvalue()))


def _table_of(row: Row) -> pa.Table:
    try:
        batch = decode(row.identity, row.sequence, row.body)
    except PoisonError:  # all that is known of it is when it was made
        zero = np.zeros(1, np.int64)
        return _table(np.array([row.made_ns]), {name: pa.array([""]) for name in LANE}, ["other"], zero, zero)
    if row.identity.record == "flows":
        return _flows(batch)
    if row.identity.record == "coverage":
        batch = batch.filter(pc.is_in(pc.cast(batch["reason"], pa.string()), pa.array([WIRE, str(Reason.GIVEN_UP)])))
        return _table(_times(batch), _lanes(batch), _texts(batch["direction"]), batch["octets"], batch["packets"])
    direction = "out" if "line" in batch.schema.names else "other"
    zeros = np.zeros(batch.num_rows, np.int64)
    return _table(_times(batch), _lanes(batch), [direction] * batch.num_rows, zeros, zeros)


def _flows(batch: pa.RecordBatch) -> pa.Table:
    """Two rows a flow, out and in; both are `other` where neither end, or not just one, is known to be domestic."""
    known = pc.is_in(_texts(batch["domestic_end"]), pa.array([str(DomesticEnd.SRC), str(DomesticEnd.DST)]))
    return pa.concat_tables(
        _table(_times(batch), _lanes(batch), pc.if_else(known, way, "other"), batch[f"octets_{way}"], batch[f"packets_{way}"])
        for way in ("out", "in")
    )


def _table(times: np.ndarray, lanes: dict[str, pa.Array], direction: object, octets: object, packets: object) -> pa.Table:
    columns = {"minute": pa.array(times // MINUTE_NS * MINUTE_NS, pa.int64()), **lanes, "direction": pa.array(direction, pa.string())}
    for name, values in (("octets", octets), ("packets", packets)):
        columns[name] = pc.cast(pa.array(values) if isinstance(values, np.ndarray) else values, pa.int64(), safe=False)
    return pa.table(columns)


def _times(batch: pa.RecordBatch) -> np.ndarray:
    name = next(name for name in TIMES if name in batch.schema.names)
    return np.asarray(batch[name].cast(pa.int64()))


def _lanes(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    blank = pa.array([""] * batch.num_rows, pa.string())
    return {name: _texts(batch[name]) if name in batch.schema.names else blank for name in LANE}


def _texts(column: pa.Array) -> pa.Array:
    return pc.cast(column, pa.string())
