"""What a filter can name: every searchable field, one a line, with its column, kind and meaning.

A field with several columns (`ip`, `port`, `server.name`) holds when one of them does, and its negation when none of them does.
The Chinese name is the field's second spelling: a filter may use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a value is, and so how it is read and which operators it has."""

    ADDRESS = "address"
    PORT = "port"
    NUMBER = "number"
    OCTETS = "octets"
    LENGTH = "length"  # of time
    TIME = "time"
    WORD = "word"      # of few: can be completed
    TEXT = "text"


class Field(NamedTuple):
    """One searchable field; `columns` are SQL expressions over `table`, `each` an Array(String) that has all their texts and more."""

    name: str
    kind: Kind
    zh: str
    en: str
    columns: tuple[str, ...]
    each: str = ""
    only: str = ""  # the application protocol that the field belongs to
    table: str = "flows"
    names: Mapping[str, int] = {}
    values: tuple[str, ...] = ()  # all there are, where they are ours and not the store's

    @property
    def operators(self) -> tuple[str, ...]:
        """Those of its kind."""
        return OPERATORS[self.kind]

    @property
    def by_hour(self) -> bool:
        """Whether the store keeps sums by it (migration 0004)."""
        return self.columns[0] in BY_HOUR

    @property
    def one(self) -> bool:
        """Whether a flow has just one of it, so that it can be a column of an answer."""
        return len(self.columns) == 1 and self.table == "flows"

    @property
    def listed(self) -> bool:
        """Whether a flow has several of it that an answer can list: words of its findings (found.py)."""
        return self.table == "findings" and self.kind is Kind.WORD


_IS, _ORDER, _IN, _LIKE = ("==", "!="), ("<", "<=", ">", ">="), ("in", "not in"), ("~", "!~")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.ADDRESS: _IS + _IN,
    Kind.PORT: _IS + _ORDER + _IN,
    Kind.NUMBER: _IS + _ORDER + _IN,
    Kind.OCTETS: _IS + _ORDER + _IN,
    Kind.LENGTH: _IS + _ORDER + _IN,
    Kind.TIME: _ORDER + _IN,
    Kind.WORD: _IS + _IN + _LIKE,
    Kind.TEXT: _IS + _IN + _LIKE,
}
TRANSPORTS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "icmp6": 58, "sctp": 132}
TIERS = {"low": 1, "medium": 2, "high": 3}
NAMES, SERVER_NAME = "flows.server_names", "flows.server_name"  # the second is the first of the others
BY_HOUR = ("flows.line", "flows.holder", "flows.destination", "flows.protocol")
# Payload sent out. On a line in metadata mode none is counted, so frames with more than headers stand for it: unknown, not nothing.
SENT = "if(flows.payload_out = 0 AND flows.octets_out > 80 * flows.packets_out, flows.octets_out, flows.payload_out)"
LASTED_NS = "(toUnixTimestamp64Nano(flows.last) - toUnixTimestamp64Nano(flows.first))"
ALERT_KEYS, ALERT_VERDICTS = "{verdict_keys:Array(String)}", "{verdict_codes:Array(String)}"  # parameters: alerts are not in the store


def _of_alert(at: str, other: str) -> str:
    """SQL of the verdict of the alert on the day of Beijing that `at` lies in; `other` where there is none."""
    key = f"concat(flows.holder, '|', flows.line, '|', flows.destination, '|', toString(toDate({at}, 'Asia/Shanghai')))"
    return f"transform({key}, {ALERT_KEYS}, {ALERT_VERDICTS}, {other})"


# Findings come while a flow lasts: they may be of the next day. Those that no alert has yet are to be confirmed.
_FOUND = _of_alert("flows.first", _of_alert("flows.last", "'pending'"))
VERDICT = f"multiIf(flows.findings > 0, {_FOUND}, flows.inspected_out < {SENT}, 'unseen', 'nothing')"
VERDICTS = ("none", "beyond", "pending", "permit", "exempt", "unseen", "nothing")


def _flow(name: str, kind: Kind, zh: str, en: str, *columns: str, each: str = "", only: str = "", names: Mapping[str, int] = {}) -> Field:  # noqa: B006
    # Columns carry their table's name: an answer may call a column of its own `src_ip`.
    return Field(name, kind, zh, en, tuple(c if "." in c else f"flows.{c}" for c in columns), each, only, "flows", names)


def _finding(name: str, kind: Kind, zh: str, en: str, column: str, names: Mapping[str, int] = {}, each: str = "") -> Field:  # noqa: B006
    return Field(f"finding.{name}", kind, zh, en, (f"findings.{column}",), each, table="findings", names=names)


FIELDS: tuple[Field, ...] = (
    _flow("first", Kind.TIME, "首包", "first packet", "first"),
    _flow("last", Kind.TIME, "末包", "last packet", "last"),
    _flow("duration", Kind.LENGTH, "时长", "from first to last packet", LASTED_NS),
    _flow("line", Kind.WORD, "线路", "dedicated line, empty where none is registered", "line"),
    _flow("holder", Kind.WORD, "使用单位", "holder of the line (USCI)", "holder"),
    _flow("destination", Kind.WORD, "目的地", "destination of what goes out, ISO 3166 code of the jurisdiction", "destination"),
    _flow("destination.source", Kind.WORD, "归属来源", "where the destination is known from", "place_source"),
    _flow("domestic.end", Kind.WORD, "境内端", "which end lies in the territory", "domestic_end"),
    _flow("ip", Kind.ADDRESS, "地址", "address of either end", "src_ip", "dst_ip"),
    _flow("src.ip", Kind.ADDRESS, "发起地址", "address that opened the flow", "src_ip"),
    _flow("dst.ip", Kind.ADDRESS, "应答地址", "address that answered", "dst_ip"),
    _flow("port", Kind.PORT, "端口", "port of either end", "src_port", "dst_port"),
    _flow("src.port", Kind.PORT, "发起端口", "port that opened the flow", "src_port"),
    _flow("dst.port", Kind.PORT, "应答端口", "port that answered", "dst_port"),
    _flow("ip.protocol", Kind.NUMBER, "传输协议", "IP protocol, a number or tcp, udp, …", "ip_protocol", names=TRANSPORTS),
    _flow("vlan", Kind.NUMBER, "VLAN", "outermost VLAN, 0 for none", "vlan"),
    _flow("mpls", Kind.NUMBER, "MPLS", "outermost MPLS label, 0 for none", "mpls"),
    _flow("protocol", Kind.WORD, "协议", "application protocol, empty where unknown", "protocol"),
    _flow("server.name", Kind.TEXT, "服务器名", "any name of the server: SNI, host, question, certificate", "server_name", each=NAMES),
    _flow("tls.sni", Kind.TEXT, "SNI", "server name that a TLS client asked for", "server_name", only="tls"),
    _flow("tls.version", Kind.WORD, "TLS版本", "TLS version agreed, else offered", "tls_version"),
    _flow("tls.alpn", Kind.WORD, "ALPN", "first ALPN offered", "alpn"),
    _flow("tls.ja4", Kind.WORD, "JA4", "JA4 fingerprint of the TLS client", "ja4"),
    _flow("http.host", Kind.TEXT, "主机", "any HTTP host", "server_name", each=NAMES, only="http"),
    _flow("http.method", Kind.WORD, "请求方法", "method of the first request", "http_method"),
    _flow("http.path", Kind.TEXT, "路径", "path of the first request, only its shape", "http_path"),
    _flow("http.status", Kind.NUMBER, "状态码", "status of the first response", "http_status"),
    _flow("http.agent", Kind.TEXT, "用户代理", "user agent of the first request", "user_agent"),
    _flow("dns.question", Kind.TEXT, "DNS问题", "any DNS question", "server_name", each=NAMES, only="dns"),
    _flow("content.type", Kind.WORD, "内容类型", "content type of the first body sent out", "content_type"),
    _flow("requests", Kind.NUMBER, "请求数", "requests or questions seen", "requests"),
    _flow("octets", Kind.OCTETS, "字节", "on the wire, both ways", "(flows.octets_out + flows.octets_in)"),
    _flow("octets.out", Kind.OCTETS, "出境字节", "on the wire, out", "octets_out"),
    _flow("octets.in", Kind.OCTETS, "入境字节", "on the wire, in", "octets_in"),
    _flow("payload.out", Kind.OCTETS, "出境载荷", "transport payload sent out", "payload_out"),
    _flow("sent.out", Kind.OCTETS, "送出", "sent out: transport payload, octets where no payload was counted", SENT),
    _flow("inspected.out", Kind.OCTETS, "已检", "of it: inspected", "inspected_out"),
    _flow("encrypted.out", Kind.OCTETS, "加密", "of it: encrypted", "encrypted_out"),
    _flow("packets", Kind.NUMBER, "包", "packets, both ways", "(flows.packets_out + flows.packets_in)"),
    _flow("packets.out", Kind.NUMBER, "出境包", "packets out", "packets_out"),
    _flow("packets.in", Kind.NUMBER, "入境包", "packets in", "packets_in"),
    _flow("retransmitted.out", Kind.NUMBER, "出境重传", "segments sent again, out", "retransmitted_out"),
    _flow("retransmitted.in", Kind.NUMBER, "入境重传", "segments sent again, in", "retransmitted_in"),
    _flow("tcp.flags.out", Kind.NUMBER, "出境标志", "TCP flags seen, or-ed, out", "tcp_flags_out"),
    _flow("tcp.flags.in", Kind.NUMBER, "入境标志", "TCP flags seen, or-ed, in", "tcp_flags_in"),
    _flow("handshake", Kind.LENGTH, "握手", "SYN to the first ACK of its SYN/ACK, 0 unknown", "(toInt64(flows.handshake_us) * 1000)"),
    _flow("end.reason", Kind.WORD, "结束原因", "idle, active, fin, rst, evicted, end", "end_reason"),
    _flow("findings", Kind.NUMBER, "命中", "values found in what was sent out, tiers medium and high", "findings"),
    _flow("verdict", Kind.WORD, "判定", "verdict of its alert; unseen, or nothing found in what was inspected", VERDICT)._replace(
        values=VERDICTS
    ),
    _flow("flow", Kind.NUMBER, "流", "number of the flow", "flow_id"),
    _flow("sensor", Kind.WORD, "探针", "sensor, or replay-<capture digest>", "sensor"),
    _finding("signature", Kind.WORD, "特征", "a finding of the flow has this signature", "signature"),
    _finding("level", Kind.WORD, "数据级别", "a finding has this level: pi, sensitive, important, other", "level"),
    _finding("class", Kind.WORD, "数据类别", "a finding has this GB/T 35273 class", "class"),
    _finding("tag", Kind.WORD, "敏感标签", "a finding has this GB/T 45574 tag", "tag_45574"),
    _finding("tier", Kind.NUMBER, "可信度", "a finding has this tier: low, medium, high", "tier", TIERS),
    _finding("evidence", Kind.WORD, "证据", "a finding was seen in content, or inferred", "evidence"),
    _finding("count", Kind.NUMBER, "命中次数", "a finding has so many values", "count"),
    _finding("excerpt", Kind.TEXT, "遮蔽摘录", "a finding shows this masked, of three values", "excerpts[1]", each="findings.excerpts"),
    _finding("subjects", Kind.NUMBER, "不同值", "a finding has so many distinct values", "subjects"),
)
SAVED = Field("@", Kind.WORD, "", "", ())  # stands for a saved search while a filter is read; no filter can name it
BY_NAME: dict[str, Field] = {name.lower(): field for field in FIELDS for name in (field.name, field.zh)}


def find_field(name: str) -> Field | None:
    """The field of that name in either language, whatever its case."""
    return BY_NAME.get(name.lower())
