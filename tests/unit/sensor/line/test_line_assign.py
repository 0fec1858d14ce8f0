"""Lines and jurisdictions of new flows."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.schema.jurisdiction import label
from sensor.line.assign import FROM_PLACES, FROM_REGISTRY, Fresh, LineBook
from sensor.line.assign_kernels import BOTH, DST, NEITHER, SRC, UNSURE
from sensor.line.places import Places
from sensor.line.registry import read_registry

HOLDER = 'holder = { name = "甲", usci = "91350100M000100Y43" }\n'
BASIS = 'legal_basis = { kind = "authority", reference = "x", from = 2026-01-01, until = 2026-12-31 }\ninspection = "content"\n'
DAY = 20_500 * 86_400_000_000_000  # in February 2026


def fresh(*flows: tuple[str, str], vlan: int = 0, mpls: int = 0, at: int = DAY) -> Fresh:
    def halves(addresses: list[str]) -> tuple[np.ndarray, np.ndarray]:
        numbers = []
        for text in addresses:
            address = ipaddress.ip_address(text)
            numbers.append(int(address) | (0xFFFF << 32 if address.version == 4 else 0))
        return np.array([x >> 64 for x in numbers], np.uint64), np.array([x & (1 << 64) - 1 for x in numbers], np.uint64)

    n = len(flows)
    src, dst = halves([f[0] for f in flows]), halves([f[1] for f in flows])
    return Fresh(np.zeros(n, np.uint16), np.full(n, vlan, np.uint16), np.full(n, mpls, np.uint32), *src, *dst, np.full(n, at, np.int64))


def book(tmp_path: Path, text: str) -> LineBook:
    path = tmp_path / "lines.toml"
    path.write_text(text, "utf-8")
    return LineBook(read_registry(path), Places(), ["eth0"])


def test_the_registry_decides_before_geography(tmp_path: Path) -> None:
    ends = 'domestic = ["10.1.0.0/16"]\nforeign = ["10.9.0.0/16"]\n'
    lines = book(tmp_path, f'[[line]]\nid = "A"\nfar = "SG"\nvlans = [7]\n{ends}{HOLDER}{BASIS}')
    got = lines.assign(fresh(("10.1.2.3", "10.9.0.1"), ("10.9.0.1", "10.1.2.3"), ("10.1.0.1", "10.1.0.2"), ("8.8.8.8", "10.1.0.1"), vlan=7))
    assert got.line.tolist() == [0, 0, 0, 0]
    assert got.domestic_end.tolist() == [SRC, DST, BOTH, DST]
    assert [lines.places.codes[i] for i in got.destination] == ["SG", "SG", "CN", "SG"]
    assert got.source[:2].tolist() == [FROM_REGISTRY, FROM_REGISTRY]
    assert got.content.tolist() == [True, True, False, True]


def test_without_a_line_geography_answers_and_nothing_may_be_read(tmp_path: Path) -> None:
    lines = book(tmp_path, "")
    got = lines.assign(fresh(("223.5.5.20", "8.8.8.20"), ("8.8.8.20", "223.5.5.20"), ("8.8.8.8", "168.126.63.1"), ("10.0.0.1", "8.8.8.8")))
    assert got.line.tolist() == [-1] * 4
    assert got.domestic_end.tolist() == [SRC, DST, NEITHER, UNSURE]
    assert [lines.places.codes[i] for i in got.destination[:2]] == ["US", "US"]
    assert got.source[:2].tolist() == [FROM_PLACES] * 2
    assert not got.content.any()


def test_content_only_while_the_legal_basis_holds(tmp_path: Path) -> None:
    lines = book(tmp_path, f'[[line]]\nid = "A"\nany = true\n{HOLDER}{BASIS}')
    flow = ("223.5.5.20", "8.8.8.20")
    assert lines.assign(fresh(flow)).content.tolist() == [True]
    assert lines.assign(fresh(flow, at=DAY + 366 * 86_400_000_000_000)).content.tolist() == [False]
    assert lines.assign(fresh(("223.5.5.20", "202.96.209.133"))).content.tolist() == [False]


def test_longest_prefix_and_tag_before_address(tmp_path: Path) -> None:
    lines = book(tmp_path, "".join((
        f'[[line]]\nid = "wide"\ndomestic = ["10.0.0.0/8"]\n{HOLDER}', f'[[line]]\nid = "long"\ndomestic = ["10.1.0.0/16"]\n{HOLDER}',
        f'[[line]]\nid = "label"\nmpls = [77]\n{HOLDER}')))
    assert lines.assign(fresh(("10.1.0.1", "8.8.8.8"), ("10.2.0.1", "8.8.8.8"))).line.tolist() == [1, 0]
    assert lines.assign(fresh(("10.1.0.1", "8.8.8.8"), mpls=77)).line.tolist() == [2]


@pytest.mark.parametrize(("text", "place"), [
    (f'[[line]]\nid = "A"\nvlans = [4095]\n{HOLDER}', "line.0.vlans.0"),
    (f'[[line]]\nid = "A"\nvlan = [1]\n{HOLDER}', "line.0.vlan"),
    (f'[[line]]\nid = "A"\nvlans = [1]\nfar = "XX"\n{HOLDER}', "line.0.far"),
    (f'[[line]]\nid = "A"\nvlans = [1]\ninspection = "content"\n{HOLDER}', "legal_basis"),
    (f'[[line]]\nid = "A"\nvlans = [1]\n{HOLDER}[[line]]\nid = "B"\nvlans = [1]\n{HOLDER}', "claimed by line A and line B"),
    ("[[line]\n", "lines.toml"),
])
def test_a_wrong_registry_names_the_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "lines.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=place.replace(".", r"\.")):
        read_registry(path)


@pytest.mark.corpora
def test_places_agree_with_the_test_databases(corpora: Path) -> None:
    folder = corpora / "geo" / "maxmind"
    places = Places(folder / "test-data" / "GeoLite2-Country-Test.mmdb")
    checked = 0
    for entry in json.loads((folder / "source-data" / "GeoLite2-Country-Test.json").read_text()):
        for prefix, record in entry.items():
            address = ipaddress.ip_network(prefix)[0]
            if not address.is_global:
                continue
            number = int(address) | (0xFFFF << 32 if address.version == 4 else 0)
            got = places.look_up(np.array([number >> 64], np.uint64), np.array([number & (1 << 64) - 1], np.uint64))
            want = record.get("country", {}).get("iso_code", "")
            assert places.codes[got[0]] == (want if want in places.codes else ""), prefix
            checked += 1
    assert checked > 100


@pytest.mark.corpora
def test_damaged_databases_are_refused_by_name(corpora: Path) -> None:
    for path in sorted((corpora / "geo" / "maxmind" / "bad-data").rglob("*.mmdb")):
        try:
            Places(path).look_up(np.array([0], np.uint64), np.array([0xFFFF08080808], np.uint64))
        except ValueError as error:
            assert str(path) in str(error)


def test_labels_of_regions() -> None:
    assert label("HK", "zh") == "境外-中国香港特别行政区"
    assert label("TW", "en") == "Taiwan region, China"
    assert label("SG", "zh") == "境外-外国 · 新加坡"
    assert label("CN", "en") == "within the territory"
    assert label("", "en") == "unknown"


def test_days_of_a_legal_basis_are_those_of_the_territory(tmp_path: Path) -> None:
    lines = book(tmp_path, f'[[line]]\nid = "A"\nany = true\n{HOLDER}{BASIS.replace("2026-12-31", "2026-11-22")}')
    midnight = 1_795_363_200_000_000_000  # 2026-11-23 00:00 in Beijing, still the 22nd in UTC
    flow = ("223.5.5.20", "8.8.8.20")
    assert lines.assign(fresh(flow, at=midnight - 1)).content.tolist() == [True]
    assert lines.assign(fresh(flow, at=midnight)).content.tolist() == [False]


@settings(max_examples=600)
@given(st.one_of(
    st.ip_addresses(v=4), st.ip_addresses(v=6),
    *(st.ip_addresses(network=net) for net in (
        "10.0.0.0/7", "100.0.0.0/9", "172.0.0.0/11", "192.168.0.0/15", "169.254.0.0/15", "198.16.0.0/14", "126.0.0.0/7",
        "fc00::/6", "2001::/22", "2001:db8::/31", "fe80::/9", "fe00::/7", "::/126",
    )),
))  # fmt: skip
def test_addresses_that_lie_nowhere_are_those_python_knows(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    # Within blocks of its registry IANA lets a few services be global; no country is asked for of them.
    services = [ipaddress.ip_network(net) for net in ("192.0.0.0/24", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16", "64:ff9b:1::/48",
                                                      "::ffff:0:0/96")]  # fmt: skip
    assume(not any(address in net for net in services))
    places = Places()
    places._look = lambda texts: ["SG"] * len(texts)  # noqa: SLF001 - every address lies somewhere
    number = int(address) | (0xFFFF << 32 if address.version == 4 else 0)
    got = places.look_up(np.array([number >> 64], np.uint64), np.array([number & (1 << 64) - 1], np.uint64))
    assert (places.codes[got[0]] == "SG") == (address.is_global and not address.is_multicast), address
