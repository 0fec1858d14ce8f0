"""The finding record: one kind of value in one flow's content, how often, how sure, never in clear."""

import pyarrow as pa

from pipeline.schema.field import ADDRESS, IDENTITY, NAME, TIME, Field, Record

FINDING = Record("findings", (
    *IDENTITY,
    Field("finding_id", pa.uint64(), "UInt64", "", "number of the finding, the same in every replay", "命中编号，重放不变"),
    Field("flow_id", pa.uint64(), "UInt64", "", "the flow it was in", "所属流"),
    Field("first", TIME, "DateTime64(9, 'UTC')", "", "packet of the first value", "首个值的时刻"),
    Field("last", TIME, "DateTime64(9, 'UTC')", "", "packet of the last value", "末个值的时刻"),
    Field("line", NAME, "LowCardinality(String)", "", "dedicated line", "专线编号"),
    Field("holder", NAME, "LowCardinality(String)", "", "holder of the line (USCI)", "使用单位"),
    Field("destination", NAME, "LowCardinality(String)", "", "destination (country/region), ISO 3166 code", "目的国家/地区代码"),
    Field("src_ip", ADDRESS, "IPv6", "", "address that opened the flow", "发起端地址"),
    Field("dst_ip", ADDRESS, "IPv6", "", "address that answered", "应答端地址"),
    Field("dst_port", pa.uint16(), "UInt16", "", "port that answered", "应答端口"),
    Field("server_name", pa.string(), "String", "", "name of the server in clear, redacted", "服务器名（已脱敏）"),
    Field("signature", NAME, "LowCardinality(String)", "", "signature of the catalogue, e.g. resident_id", "特征编号"),
    Field("level", NAME, "LowCardinality(String)", "", "pi, sensitive, important, other", "数据级别"),
    Field("class", NAME, "LowCardinality(String)", "", "GB/T 35273 class", "GB/T 35273 类别"),
    Field("tag_45574", NAME, "LowCardinality(String)", "", "GB/T 45574 tag, empty where not listed", "GB/T 45574 标签"),
    Field("tier", pa.uint8(), "UInt8", "", "3 high, 2 medium, 1 low", "可信度：3 高 2 中 1 低"),
    Field("evidence", NAME, "LowCardinality(String)", "", "seen in content, or inferred from metadata", "内容所见或元数据推断"),
    Field("count", pa.uint64(), "UInt64", "", "values found", "命中次数"),
    Field("subjects", pa.uint32(), "UInt32", "", "distinct values among them", "其中不同值"),
    Field("excerpts", pa.list_(pa.string()), "Array(String)", "", "up to three masked excerpts; a hit stands as \u27e6signature:masked\u27e7", "至多三段遮蔽摘录"),
    Field("offsets", pa.list_(pa.uint64()), "Array(UInt64)", "octets", "where in the decoded content each excerpt stands", "摘录在解码内容中的偏移"),
    Field("decoder_path", pa.list_(pa.string()), "Array(String)", "", "how the content was reached, step by step", "解码路径"),
    Field("partial", pa.bool_(), "Bool", "", "octets were missing before or within", "内容不完整"),
    Field("catalogue", NAME, "LowCardinality(String)", "", "version of the catalogue", "特征库版本"),
))
