"""The subject record: one keyed token of one value. The store sketches it and never writes it down."""

import pyarrow as pa

from pipeline.schema.field import IDENTITY, NAME, TIME, Field, Record

SUBJECT = Record("subjects", (
    *IDENTITY,
    Field("at", TIME, "DateTime64(9, 'UTC')", "", "packet of the first such value in the batch", "批内首见时刻"),
    Field("line", NAME, "LowCardinality(String)", "", "dedicated line", "专线编号"),
    Field("holder", NAME, "LowCardinality(String)", "", "holder of the line (USCI)", "使用单位"),
    Field("destination", NAME, "LowCardinality(String)", "", "destination (country/region), ISO 3166 code", "目的国家/地区代码"),
    Field("level", NAME, "LowCardinality(String)", "", "pi, sensitive, important, other", "数据级别"),
    Field("signature", NAME, "LowCardinality(String)", "", "kind of the value", "值的种类"),
    Field("tier", pa.uint8(), "UInt8", "", "best tier it was seen at", "最高可信度"),
    Field("principal", pa.bool_(), "Bool", "", "strongest identifier of its record at least once: it stands for the person", "所在记录中最强的标识"),
    Field("key_epoch", pa.uint16(), "UInt16", "year", "year whose key made the token", "密钥年份"),
    Field("token", pa.uint64(), "UInt64", "", "keyed hash of the normalised value", "带密钥的散列"),
))
