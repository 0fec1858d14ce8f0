"""Why a value of the second opinion is not among ours, capture by capture; a value that is there needs no reason.

BEYOND: this version does not claim it; such values are listed apart. DIFFERENT: it does, or could, and stays counted as different.
"""

from __future__ import annotations

TUNNEL = "in a tunnel (GRE, GTP, VXLAN, ERSPAN, PPTP)"
LINK = "a link layer that is not read (ARCnet, PPI, FDDI, NFLOG, odd loopback)"
FRAGMENTS = "IP fragments"
INSIDE = "inside another protocol: STARTTLS, SOCKS, PROXY, database greeting"
DECRYPTED = "decrypted by the second opinion with the capture's own secrets"
ICMP = "quoted in an ICMP error"
OLD_HTTP = "HTTP/0.9, or a request without version"
SNAPPED = "head cut by the capture's snap length"
SECOND_HELLO = "second hello of a connection (retry, duplicate): the first is read"
BROKEN_HTTP = "head broken on purpose (evasion and fuzz tests)"
BROKEN_DNS = "message damaged, or of another opcode"
QUESTIONS = "several questions in one message: the first is read"
OTHER_PORT = "DNS on another port"
JOINED = "several heads in one entry of the second opinion, cut or with bars of their own"
REPEATED = "head of a retransmission, listed twice"
TUNNELLED_OCTET = "stray octets before what a CONNECT tunnel carries"
TWO_FIELDS = "field given twice: one is kept"
DAMAGED = "fuzzed capture: lengths and headers do not agree"

# Part of a capture's path, kinds (a prefix), reason.
BEYOND: tuple[tuple[str, str, str], ...] = (
    ("vlan-ipv6.pcap", "dns", TUNNEL), ("gtp-iphone", "dns", TUNNEL), ("vxlan", "dns", TUNNEL), ("PacketExamples/gtp.pcap", "dns", TUNNEL),
    ("4in6tunnel", "tls", TUNNEL), ("ndpi/vxlan", "tls", TUNNEL),
    ("erspan", "dns", TUNNEL), ("tunnels/gre", "dns", TUNNEL), ("arcnet", "dns", LINK), ("http_PPI", "dns", LINK),
    ("nflog", "dns", LINK), ("NullLoopback", "dns", LINK), ("null_loopback", "dns", LINK), ("dns-inverse-query", "dns", LINK),
    ("LINKTYPE_IPV4_invalid", "dns", LINK), ("dns_fragmented", "dns", FRAGMENTS), ("ip6_fragments", "dns", FRAGMENTS),
    ("dns-edns-ecs.pcap", "dns", FRAGMENTS), ("frag_http_req", "http", FRAGMENTS), ("socks5-http-302-frag", "http", INSIDE),
    ("zeek/socks", "http", INSIDE), ("tunnels/socks", "http", INSIDE), ("arkime/adb_synthetic", "tls", INSIDE), ("ldap-ssl", "", INSIDE),
    ("socks-https-example", "", INSIDE), ("haproxy", "tls", INSIDE), ("pgsql2", "tls", INSIDE), ("tls_heur__", "tls", INSIDE),
    ("pcapng-example", "tls", INSIDE), ("smtp-startssl", "", INSIDE), ("zeek/mysql", "", INSIDE), ("zeek/postgresql", "", INSIDE),
    ("starttls", "", INSIDE), ("dns-over-http2", "dns", DECRYPTED), ("wireguard-ping", "dns", DECRYPTED), ("with-secrets", "", DECRYPTED),
    ("ja4/sshv1", "dns", ICMP), ("KakaoTalk_chat", "dns", ICMP), ("communityid", "dns", ICMP), ("icmp-destunreach", "dns", ICMP),
    ("zeek/http/methods", "http", OLD_HTTP), ("http-09-content", "http", OLD_HTTP), ("mixed-vlan-mpls", "http", OLD_HTTP),
    ("communityid", "http", SNAPPED), ("SllPacket", "http", SNAPPED), ("pcapng-example", "http", SNAPPED),
    ("v6-http", "dns_q", QUESTIONS), ("Profinet_Failed", "dns_q", QUESTIONS), ("iphone.pcap", "dns_q", QUESTIONS),
    ("whatsapp_login_chat", "dns_q", QUESTIONS), ("zoom_p2p", "dns_q", QUESTIONS), ("PacketExamples/Dns", "dns_q", QUESTIONS),
    ("packet_trailer", "dns_q", QUESTIONS), ("PcapExamples/Dns", "dns_q", QUESTIONS), ("zeek/dns/mdns", "dns_q", QUESTIONS),
    ("dns_udp_8053", "dns", OTHER_PORT), ("custom_rules_ipv6", "dns", OTHER_PORT), ("arkime_synthetic", "dns", INSIDE),
    ("http-protocol-nodup", "http", JOINED),
)
DIFFERENT: tuple[tuple[str, str, str], ...] = (
    ("bug-5758", "tls", SECOND_HELLO), ("tls-duplicate-hello", "tls", SECOND_HELLO), ("tls13-draft22", "tls", SECOND_HELLO),
    ("http-evader", "http", BROKEN_HTTP), ("http1-noint-status", "http", BROKEN_HTTP), ("WebattackRCE", "http", BROKEN_HTTP),
    ("http-manipulated", "http", BROKEN_HTTP), ("oss-fuzz", "http", BROKEN_HTTP), ("clusterfuzz", "http", BROKEN_HTTP),
    ("connect-with-smtp", "http", BROKEN_HTTP), ("malformed_dns", "dns", BROKEN_DNS), ("dns-invalid-opcode", "dns", BROKEN_DNS),
    ("dns-incomplete", "dns", BROKEN_DNS), ("fuzz-2006-06-26", "", DAMAGED), ("l7fuzzing", "", DAMAGED),
    ("tls_invalid_reads", "tls", DAMAGED), ("tls_cipher_lens", "tls", DAMAGED),
    ("wireshark-retrans", "http", REPEATED), ("http-connect-simple", "http", TUNNELLED_OCTET), ("bug-7549", "http", TWO_FIELDS),
)


def reason_for(capture: str, kind: str, table: tuple[tuple[str, str, str], ...]) -> str:
    """The reason that `table` gives for values of `kind` in `capture`; empty where it gives none."""
    return next((why for part, prefix, why in table if part in capture and kind.startswith(prefix)), "")
