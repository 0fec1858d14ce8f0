"""The coverage record: where the octets of one line and minute went. Unknown is never clean."""

import pyarrow as pa

from pipeline.schema.field import IDENTITY, NAME, TIME, Field, Record

COVERAGE = Record("coverage", (
    *IDENTITY,
    Field("minute", TIME, "DateTime('UTC')", "", "minute of the packet", "分钟"),
    Field("line", NAME, "LowCardinality(String)", "", "dedicated line", "专线编号"),
    Field("holder", NAME, "LowCardinality(String)", "", "holder of the line (USCI)", "使用单位"),
    Field("destination", NAME, "LowCardinality(String)", "", "destination (country/region), ISO 3166 code", "目的国家/地区代码"),
    Field("direction", NAME, "LowCardinality(String)", "", "out, in, or other where neither end is known to be domestic", "方向"),
    Field("reason", NAME, "LowCardinality(String)", "", "codes.Reason, or wire for the total that the reasons must add up to", "去向，wire 为线上总数"),
    Field("octets", pa.int64(), "Int64", "octets", "octets", "字节数"),
    Field("packets", pa.int64(), "Int64", "packets", "packets (on wire, headers, skipped_policy, kernel_lost, shed and given_up rows; else 0)", "包数"),
))
