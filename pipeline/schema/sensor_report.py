"""The sensor report: how one worker fared since its last report."""

import pyarrow as pa

from pipeline.schema.field import IDENTITY, NAME, TIME, Field, Record

SENSOR_REPORT = Record("sensor_reports", (
    *IDENTITY,
    Field("at", TIME, "DateTime64(9, 'UTC')", "", "end of the report's span (packet time in a replay)", "报告时刻"),
    Field("source", NAME, "LowCardinality(String)", "", "interface or capture file's name", "接口或抓包文件名"),
    Field("version", NAME, "LowCardinality(String)", "", "version of the software", "软件版本"),
    Field("catalogue", NAME, "LowCardinality(String)", "", "version of the catalogue", "特征库版本"),
    Field("packets", pa.uint64(), "UInt64", "packets", "packets read since the last report", "读取包数"),
    Field("octets", pa.uint64(), "UInt64", "octets", "octets of them on the wire", "线上字节数"),
    Field("kernel_drops", pa.uint64(), "UInt64", "packets", "dropped by the kernel", "内核丢包"),
    Field("flows_active", pa.uint64(), "UInt64", "", "flows in the table", "在表流数"),
    Field("flows_evicted", pa.uint64(), "UInt64", "", "flows evicted for want of room", "被挤出的流数"),
    Field("outbox_octets", pa.uint64(), "UInt64", "octets", "size of the outbox", "发件箱大小"),
    Field("counters", pa.map_(pa.string(), pa.uint64()), "Map(String, UInt64)", "", "every other counter, stage_what{reason}", "其余计数器"),
))
