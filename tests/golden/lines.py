"""Cases: whose line it is, which end is domestic, where the far end lies, and whether content may be read."""

from __future__ import annotations

from scapy.contrib.mpls import MPLS
from scapy.layers.l2 import Dot1Q, Ether

from tests.golden.case import BASIS, ENDS, HERE, HOLDER, OK, THERE, Case, on_link, persons_json, post, talk

UPLOAD = post(persons_json(1))
LINE_OF = f'[[line]]\nid = "L"\nfar = "SG"\nany = true\n{ENDS}{HOLDER}'  # its rules follow
MAC = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}


def to(far: str) -> Case:
    """The upload over a line whose far end lies there."""
    return Case(lambda: talk(UPLOAD, OK), f'[[line]]\nid = "L-{far}"\nfar = "{far}"\nany = true\n{ENDS}{HOLDER}{BASIS}')


def under(rules: str) -> Case:
    """The upload over a line with these rules."""
    return Case(lambda: talk(UPLOAD, OK), LINE_OF + rules)


TWO_TAGGED = f'[[line]]\nid = "by-vlan"\nfar = "JP"\nvlans = [88]\n{ENDS}{HOLDER}{BASIS}' \
             f'[[line]]\nid = "by-label"\nfar = "DE"\nmpls = [1001]\n{ENDS}{HOLDER}{BASIS}'
PUBLIC = {"src": "223.5.5.20", "dst": "8.8.8.20"}  # allocated in CN and US
EXPIRED = BASIS.replace("until = 2026-12-31", "until = 2026-11-22")
LAST_DAY = BASIS.replace("until = 2026-12-31", "until = 2026-11-23")

CASES = {
    "line_to_hong_kong": to("HK"),
    "line_to_macao": to("MO"),
    "line_to_taiwan_region": to("TW"),
    "line_to_germany": to("DE"),
    "line_metadata_only": under('inspection = "metadata"\n'),
    "line_basis_expired": under(EXPIRED),
    "line_basis_last_day": under(LAST_DAY),
    "line_basis_over_at_midnight_in_beijing": Case(lambda: talk(UPLOAD, OK, at_s=-14 * 3600.0), LINE_OF + EXPIRED),  # 17:00 UTC of the 22nd
    "line_by_vlan": Case(lambda: on_link(talk(UPLOAD, OK), lambda ip: Ether(**MAC) / Dot1Q(vlan=88) / ip), TWO_TAGGED),
    "line_by_label": Case(lambda: on_link(talk(UPLOAD, OK), lambda ip: Ether(**MAC, type=0x8847) / MPLS(label=1001, s=1) / ip), TWO_TAGGED),
    "line_by_prefix": Case(lambda: talk(UPLOAD, OK), f'[[line]]\nid = "by-prefix"\nfar = "SG"\n{ENDS}{HOLDER}{BASIS}'),
    "line_unregistered": Case(lambda: talk(UPLOAD, OK, **PUBLIC), ""),
    "line_far_end_by_geography": Case(lambda: talk(UPLOAD, OK, **PUBLIC), f'[[line]]\nid = "L"\nany = true\n{HOLDER}{BASIS}'),
    "line_both_ends_domestic": Case(lambda: talk(UPLOAD, OK, dst="10.1.0.9")),
    "line_both_ends_unknown": Case(lambda: talk(UPLOAD, OK, src="10.9.0.1", dst="10.9.0.2")),
    "line_from_abroad": Case(lambda: talk(UPLOAD, OK, src=THERE, dst=HERE)),
    "line_fetched_from_abroad": Case(lambda: talk(
        b"GET /payroll HTTP/1.1\r\nHost: hr.example.cn\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(persons_json(1)) + persons_json(1),
        src=THERE, dst=HERE)),
}
