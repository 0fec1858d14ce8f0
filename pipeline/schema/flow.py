"""The flow record: one conversation over one line, as far as its time-outs let it be one."""

import pyarrow as pa

from pipeline.schema.field import ADDRESS, IDENTITY, NAME, TIME, Field, Record

_NAMES = pa.list_(pa.string())

FLOW = Record("flows", (
    *IDENTITY,
    Field("flow_id", pa.uint64(), "UInt64", "", "number of the flow, the same in every replay", "流编号，重放不变"),
    Field("first", TIME, "DateTime64(9, 'UTC')", "", "first packet", "首包时刻"),
    Field("last", TIME, "DateTime64(9, 'UTC')", "", "last packet", "末包时刻"),
    Field("line", NAME, "LowCardinality(String)", "", "dedicated line, empty where none is registered", "专线编号，未登记则空"),
    Field("holder", NAME, "LowCardinality(String)", "", "holder of the line (USCI)", "使用单位（统一社会信用代码）"),
    Field("domestic_end", NAME, "LowCardinality(String)", "", "which end lies in the territory", "境内一端"),
    Field("destination", NAME, "LowCardinality(String)", "", "destination (country/region) of the far end, ISO 3166 code", "目的国家/地区代码"),
    Field("place_source", NAME, "LowCardinality(String)", "", "where the destination is known from, with its date", "地理归属来源及日期"),
    Field("src_ip", ADDRESS, "IPv6", "", "address that opened the flow (v4 as v4-mapped)", "发起端地址"),
    Field("dst_ip", ADDRESS, "IPv6", "", "address that answered", "应答端地址"),
    Field("src_port", pa.uint16(), "UInt16", "", "port that opened the flow", "发起端口"),
    Field("dst_port", pa.uint16(), "UInt16", "", "port that answered", "应答端口"),
    Field("ip_protocol", pa.uint8(), "UInt8", "", "IP protocol number", "IP 协议号"),
    Field("vlan", pa.uint16(), "UInt16", "", "outermost VLAN, 0 for none", "外层 VLAN"),
    Field("mpls", pa.uint32(), "UInt32", "", "outermost MPLS label, 0 for none", "外层 MPLS 标签"),
    Field("octets_out", pa.uint64(), "UInt64", "octets", "from the domestic end (else from src), frames on the wire", "出境方向字节数"),
    Field("octets_in", pa.uint64(), "UInt64", "octets", "towards the domestic end (else src)", "入境方向字节数"),
    Field("packets_out", pa.uint64(), "UInt64", "packets", "from the domestic end (else from src)", "出境方向包数"),
    Field("packets_in", pa.uint64(), "UInt64", "packets", "towards the domestic end (else src)", "入境方向包数"),
    Field("tcp_flags_out", pa.uint8(), "UInt8", "", "TCP flags seen, or-ed, out", "出境方向 TCP 标志"),
    Field("tcp_flags_in", pa.uint8(), "UInt8", "", "TCP flags seen, or-ed, in", "入境方向 TCP 标志"),
    Field("retransmitted_out", pa.uint32(), "UInt32", "packets", "segments sent again, out", "出境方向重传段数"),
    Field("retransmitted_in", pa.uint32(), "UInt32", "packets", "segments sent again, in", "入境方向重传段数"),
    Field("handshake_us", pa.uint32(), "UInt32", "µs", "SYN to the first ACK of its SYN/ACK; 0 unknown", "握手往返时间"),
    Field("first_sizes", pa.list_(pa.int16()), "Array(Int16)", "octets", "payload of the first eight packets with any; negative towards src", "前八个载荷包大小，回程为负"),
    Field("end_reason", NAME, "LowCardinality(String)", "", "idle, active, fin, rst, evicted, end", "结束原因"),
    Field("protocol", NAME, "LowCardinality(String)", "", "application protocol, empty where unknown", "应用协议"),
    Field("server_name", pa.string(), "String", "", "SNI, HTTP host or DNS question, redacted", "服务器名（已脱敏）"),
    Field("server_names", _NAMES, "Array(String)", "", "every name seen: hosts, questions, certificate names, redacted", "出现过的全部名称（已脱敏）"),
    Field("alpn", NAME, "LowCardinality(String)", "", "first ALPN offered", "首个 ALPN"),
    Field("tls_version", NAME, "LowCardinality(String)", "", "TLS version agreed, else offered", "TLS 版本"),
    Field("ja4", NAME, "LowCardinality(String)", "", "JA4 fingerprint of the TLS client", "JA4 客户端指纹"),
    Field("http_method", NAME, "LowCardinality(String)", "", "method of the first request", "首个请求方法"),
    Field("http_path", pa.string(), "String", "", "path of the first request, only its shape", "首个请求路径（仅形状）"),
    Field("http_status", pa.uint16(), "UInt16", "", "status of the first response", "首个响应状态码"),
    Field("user_agent", pa.string(), "String", "", "user agent of the first request, redacted", "用户代理（已脱敏）"),
    Field("content_type", NAME, "LowCardinality(String)", "", "content type of the first body sent out", "首个出境内容类型"),
    Field("requests", pa.uint32(), "UInt32", "", "requests or questions seen", "请求数"),
    Field("payload_out", pa.uint64(), "UInt64", "octets", "transport payload sent out", "出境载荷字节数"),
    Field("inspected_out", pa.uint64(), "UInt64", "octets", "of it: inspected", "其中已检"),
    Field("encrypted_out", pa.uint64(), "UInt64", "octets", "of it: encrypted", "其中加密"),
    Field("findings", pa.uint32(), "UInt32", "", "values found in what was sent out, tiers medium and high", "命中数（中高可信）"),
))
