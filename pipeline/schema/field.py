"""What every record is made of: one field, its types, unit and meaning in two languages."""

from typing import NamedTuple

import pyarrow as pa


class Field(NamedTuple):
    """One column of a record, stated once for the bus, the store, the screens and the docs."""

    name: str
    arrow: pa.DataType
    clickhouse: str
    unit: str
    en: str
    zh: str


class Record(NamedTuple):
    """A record: its name (also the store's table) and its fields, in order."""

    name: str
    fields: tuple[Field, ...]

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema of a batch of this record."""
        return pa.schema([pa.field(f.name, f.arrow, nullable=False) for f in self.fields])

    def field(self, name: str) -> Field:
        """The field called `name`; KeyError names the record too."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field {name!r}")


ADDRESS = pa.binary(16)
NAME = pa.dictionary(pa.int32(), pa.string())
TIME = pa.timestamp("ns", tz="UTC")

# Every batch has an identity; its rows carry it, so that a batch shipped twice counts once.
IDENTITY = (
    Field("sensor", NAME, "LowCardinality(String)", "", "sensor, or replay-<capture digest>", "探针，或 replay-<抓包摘要>"),
    Field("worker", pa.uint16(), "UInt16", "", "worker of the sensor", "探针的工作进程号"),
    Field("epoch", pa.uint64(), "UInt64", "", "start of the worker, ns; of a replay, from the capture's digest", "工作进程启动时刻；回放时取自抓包摘要"),
    Field("sequence", pa.uint64(), "UInt64", "", "number of the batch in its epoch", "批次序号"),
)
