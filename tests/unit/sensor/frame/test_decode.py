"""Frames against scapy, which makes them, and dpkt, which reads them too."""

from __future__ import annotations

import ipaddress
import socket

import dpkt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, LLC, SNAP, CookedLinux, Dot1Q, Dot3, Ether, Loopback
from scapy.layers.ppp import PPP, PPPoE
from scapy.packet import Packet, Raw

from sensor.frame.columns import new_frames
from sensor.frame.decode_kernels import decode_frames
from sensor.frame.status import Status
from sensor.packet.batch import new_packets

BODY = b"payload!" * 3
INNER = IP(src="10.1.2.3", dst="203.0.113.9") / TCP(sport=1234, dport=443, seq=7, ack=9, flags="PA") / Raw(BODY)
INNER6 = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=5000, dport=53) / Raw(BODY)


def decode(octets: bytes, link: int = 1, wire: int | None = None) -> np.void:
    buf, packets, frames = np.frombuffer(bytearray(octets), np.uint8), new_packets(1), new_frames(1)
    packets.caplen[0], packets.wirelen[0], packets.link[0] = len(octets), wire or len(octets), link
    decode_frames(buf, packets, 1, frames)
    return frames[0]


def payload(octets: bytes, frame: np.void) -> bytes:
    return octets[frame["payload"] : frame["payload"] + frame["payload_len"]]


CASES: list[tuple[Packet, int, int, int]] = [  # packet, link type, vlan, mpls
    (Ether() / INNER, 1, 0, 0),
    (Ether() / Dot1Q(vlan=77) / INNER, 1, 77, 0),
    (Ether() / Dot1Q(vlan=77) / Dot1Q(vlan=5) / INNER, 1, 77, 0),
    (Ether(type=0x88A8) / Dot1Q(vlan=9) / INNER, 1, 9, 0),
    (Ether(type=0x8847) / MPLS(label=1001, s=0) / MPLS(label=16, s=1) / INNER, 1, 0, 1001),
    (Ether(type=0x8847) / MPLS(label=30, s=1) / INNER6, 1, 0, 30),
    (Ether() / PPPoE(sessionid=1) / PPP() / INNER, 1, 0, 0),
    (Dot3() / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=0x0800) / INNER, 1, 0, 0),
    (CookedLinux(proto=0x0800) / INNER, 113, 0, 0),
    (Loopback(type=2) / INNER, 0, 0, 0),
    (INNER, 101, 0, 0), (INNER, 228, 0, 0), (INNER6, 229, 0, 0), (PPP() / INNER, 9, 0, 0),
]


@pytest.mark.parametrize(("packet", "link", "vlan", "mpls"), CASES)
def test_link_layers_lead_to_the_same_packet(packet: Packet, link: int, vlan: int, mpls: int) -> None:
    octets = bytes(packet)
    frame = decode(octets, link)
    assert frame["status"] == Status.OK
    assert payload(octets, frame) == BODY
    assert (frame["vlan"], frame["mpls"]) == (vlan, mpls)
    want = ("2001:db8::1", 5000, 53) if IPv6 in packet else ("10.1.2.3", 1234, 443)
    number = int(ipaddress.ip_address(want[0])) | (0xFFFF << 32 if "." in want[0] else 0)
    assert (int(frame["src_high"]) << 64 | int(frame["src_low"]), frame["sport"], frame["dport"]) == (number, *want[1:])


def test_tag_that_the_card_stripped_is_the_outermost() -> None:
    octets = bytes(Ether() / Dot1Q(vlan=5) / INNER)
    buf, packets, frames = np.frombuffer(bytearray(octets), np.uint8), new_packets(1), new_frames(1)
    packets.caplen[0], packets.wirelen[0], packets.link[0], packets.vlan_tci[0] = len(octets), len(octets), 1, 0x2000 | 88
    decode_frames(buf, packets, 1, frames)
    assert (frames[0]["vlan"], frames[0]["inner_vlan"]) == (88, 5)


@pytest.mark.parametrize(("packet", "status", "fragment"), [
    (Ether() / ARP(), Status.NOT_IP, 0),
    (Ether() / IP(frag=10, proto=17) / Raw(BODY), Status.LATER_FRAGMENT, 2),
    (Ether() / IP(flags="MF", proto=17) / UDP(sport=1, dport=2) / Raw(BODY), Status.OK, 1),
    (Ether() / IPv6() / IPv6ExtHdrFragment(offset=5, m=1, nh=17) / Raw(BODY), Status.LATER_FRAGMENT, 2),
    (Ether() / IPv6() / IPv6ExtHdrHopByHop() / UDP(sport=1, dport=2) / Raw(BODY), Status.OK, 0),
    (Ether() / IP(options=[IPOption(b"\x94\x04\x00\x00")]) / ICMP(type=8) / Raw(BODY), Status.OK, 0),
])
def test_status_of_odd_packets(packet: Packet, status: Status, fragment: int) -> None:
    frame = decode(bytes(packet))
    assert (frame["status"], frame["fragment"]) == (status, fragment)


def test_padding_is_no_payload_and_a_snapped_packet_knows_its_wire_length() -> None:
    short = bytes(Ether() / IP() / UDP(sport=1, dport=2) / Raw(b"ab"))
    frame = decode(short + b"\0" * 18)
    assert (frame["payload_len"], frame["payload_wire"]) == (2, 2)
    whole = bytes(Ether() / IP() / UDP(sport=1, dport=2) / Raw(BODY * 20))
    frame = decode(whole[:60], wire=len(whole))
    assert (frame["payload_len"], frame["payload_wire"]) == (60 - 42, len(BODY) * 20)


@pytest.mark.parametrize("index", range(len(CASES)))
def test_cut_at_every_octet_reads_nothing_behind(index: int) -> None:
    packet, link, _, _ = CASES[index]
    octets = bytes(packet)
    for stop in range(len(octets)):
        frame = decode(octets[:stop], link)
        assert frame["payload_len"] <= max(0, stop - int(frame["payload"])) or frame["payload_len"] == 0


@given(st.binary(max_size=120), st.sampled_from([0, 1, 9, 12, 50, 101, 104, 108, 113, 228, 229, 276, 9999]))
def test_any_octets_give_a_status(octets: bytes, link: int) -> None:
    frame = decode(octets, link)
    assert Status(int(frame["status"])) in Status
    assert 0 <= frame["payload_len"] <= len(octets)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=60))
def test_agrees_with_dpkt(src: int, dst: int, sport: int, dport: int, body: bytes) -> None:
    network = IP(src=str(ipaddress.ip_address(src)), dst=str(ipaddress.ip_address(dst)))
    octets = bytes(Ether() / network / TCP(sport=sport, dport=dport) / Raw(body))
    frame, theirs = decode(octets), dpkt.ethernet.Ethernet(octets)
    assert int(frame["src_low"]) & 0xFFFFFFFF == int.from_bytes(theirs.data.src, "big")
    assert socket.inet_ntoa(theirs.data.dst) == str(ipaddress.ip_address(int(frame["dst_low"]) & 0xFFFFFFFF))
    assert (frame["sport"], frame["dport"], frame["tcp_flags"]) == (theirs.data.data.sport, theirs.data.data.dport, theirs.data.data.flags)
    assert payload(octets, frame) == theirs.data.data.data
