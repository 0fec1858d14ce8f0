"""The lines of random flows over random registries, against the rules in plain Python."""

from __future__ import annotations

import ipaddress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.line.assign import Fresh, LineBook
from sensor.line.assign_kernels import BOTH, DST, NEITHER, SRC, UNSURE
from sensor.line.places import Places
from sensor.line.registry import Line, Registry

PLACES = Places()
HOLDER = {"name": "made", "usci": "91350100M000100Y43"}
NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "0.0.0.0/0", "2001:db8::/32", "2001:db8:0:1::/64", "::/0"]
ADDRESSES = ["10.1.2.3", "10.1.9.9", "10.200.0.1", "192.0.2.1", "2001:db8:0:1::5", "2001:db8:7::1", "::1"]
FACES = ["eth0", "eth1", "eth2"]
few = {"max_size": 2, "unique": True}
LINES = st.lists(st.builds(
    dict, interfaces=st.lists(st.sampled_from(FACES), **few), vlans=st.lists(st.sampled_from([5, 6]), **few),
    mpls=st.lists(st.sampled_from([5, 100]), **few), domestic=st.lists(st.sampled_from(NETS), **few),
    foreign=st.lists(st.sampled_from(NETS), **few),
), max_size=4)
FLOWS = st.lists(st.tuples(
    st.integers(0, 3), st.sampled_from([0, 5, 6]), st.sampled_from([0, 5, 100]), st.sampled_from(ADDRESSES), st.sampled_from(ADDRESSES),
), min_size=1, max_size=6)


def number(text: str) -> int:
    address = ipaddress.ip_address(text)
    return int(address) | (0xFFFF << 32 if address.version == 4 else 0)


def held(text: str, prefixes: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """v4 counts as v4-mapped, so ::/0 holds it too."""
    address = ipaddress.ip_address(text)
    mapped = ipaddress.IPv6Address(number(text))
    return any(address in p if p.version == address.version else p.version == 6 and mapped in p for p in prefixes)


def expected(order: list[tuple[int, Line]], flow: tuple[int, int, int, str, str]) -> tuple[int, int]:
    iface, vlan, mpls, src, dst = flow
    name = FACES[iface] if iface < len(FACES) else ""
    for index, line in order:
        tagged = bool(line.vlans or line.mpls)
        if (line.interfaces and name not in line.interfaces) or (tagged and vlan not in line.vlans and mpls not in line.mpls):
            continue
        home, away = [held(x, line.domestic) for x in (src, dst)], [held(x, line.foreign) for x in (src, dst)]
        crosses = (home[0] and away[1]) or (home[1] and away[0])
        takes_all = tagged or line.any or not (line.domestic or line.foreign)
        if not (takes_all or (crosses if line.domestic and line.foreign else any(home + away))):
            continue
        if all(away):
            return index, NEITHER
        if all(home):
            return index, BOTH
        if home[0] or (not home[1] and away[1] and not away[0]):
            return index, SRC
        return index, DST if home[1] or (away[0] and not away[1]) else UNSURE
    return -1, UNSURE


@given(LINES, FLOWS)
@settings(max_examples=300, deadline=None)
def test_lines_by_the_rules(lines: list[dict[str, object]], flows: list[tuple[int, int, int, str, str]]) -> None:
    made = [Line(id=f"L{i}", holder=HOLDER, any=not any(line.values()), **line) for i, line in enumerate(lines)]  # type: ignore[arg-type]
    faces = FACES[:1]
    book = LineBook(Registry.model_construct(line=made), PLACES, faces)
    faces += FACES[1:]  # a pcapng names its interfaces as it goes
    order = [(i, made[i]) for i in book.order]
    columns = list(zip(*flows, strict=True))
    src, dst = ([number(text) for text in column] for column in columns[3:])
    halves = [np.array([x >> 64 if high else x & (1 << 64) - 1 for x in ends], np.uint64) for ends in (src, dst) for high in (True, False)]
    got = book.assign(Fresh(np.array(columns[0], np.uint16), np.array(columns[1], np.uint16), np.array(columns[2], np.uint32), *halves,
                            np.zeros(len(flows), np.int64)))
    wanted = [expected(order, flow) for flow in flows]
    assert got.line.tolist() == [line for line, _ in wanted]
    sure = [end for _, end in wanted if end != UNSURE]  # geography may still answer the others
    assert [end for end, (_, want) in zip(got.domestic_end.tolist(), wanted, strict=True) if want != UNSURE] == sure
