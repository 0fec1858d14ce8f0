"""Cases: the same upload on each link layer; what is said of it must be the same but for tags and wire lengths."""

from __future__ import annotations

from collections.abc import Callable

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, LLC, SNAP, CookedLinux, Dot1Q, Dot3, Ether, Loopback
from scapy.layers.ppp import PPP, PPPoE
from scapy.packet import Packet, Raw

from tests.golden.case import OK, START_S, THERE, Case, on_link, persons_json, post, talk

MAC = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}


def upload() -> list[Packet]:
    """One person, sent out."""
    return talk(post(persons_json(1)), OK)


def wrapped(wrap: Callable[[Packet], Packet], link: int = 1) -> Case:
    """The upload in other layers."""
    return Case(lambda: on_link(upload(), wrap), link=link)


def as_ipv6(ip: Packet) -> Packet:
    """The IPv4 packet's transport in IPv6."""
    domestic = ip.src != THERE
    src, dst = ("2001:db8:1::5", "2001:db8:2::9") if domestic else ("2001:db8:2::9", "2001:db8:1::5")
    transport = ip[TCP].copy()
    del transport.chksum
    return Ether(**MAC, type=0x86DD) / IPv6(src=src, dst=dst) / transport


def not_flows() -> list[Packet]:
    """Frames that belong to no flow: ARP, a later fragment, a header cut short; the octets have their reasons all the same."""
    frames = [Ether(**MAC) / ARP(), Ether(**MAC) / IP(src="10.1.0.5", dst=THERE, frag=10, proto=17) / Raw(b"x" * 40),
              Ether(**MAC) / IP(src="10.1.0.5", dst=THERE, flags="MF", proto=17) / UDP(sport=1, dport=2) / Raw(b"y" * 40),
              Ether(**MAC, type=0x0800) / Raw(b"\x45\0\0")]
    for k, frame in enumerate(frames):
        frame.time = START_S + k
    return frames


CASES = {
    "link_ethernet": wrapped(lambda ip: Ether(**MAC) / ip),
    "link_vlan": wrapped(lambda ip: Ether(**MAC) / Dot1Q(vlan=77) / ip),
    "link_qinq": wrapped(lambda ip: Ether(**MAC, type=0x88A8) / Dot1Q(vlan=77) / Dot1Q(vlan=5) / ip),
    "link_mpls": wrapped(lambda ip: Ether(**MAC, type=0x8847) / MPLS(label=1001, s=0) / MPLS(label=16, s=1) / ip),
    "link_pppoe": wrapped(lambda ip: Ether(**MAC) / PPPoE(sessionid=1) / PPP() / ip),
    "link_snap": wrapped(lambda ip: Dot3(**MAC) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=0x0800) / ip),
    "link_cooked": wrapped(lambda ip: CookedLinux(proto=0x0800) / ip, 113),
    "link_loopback": wrapped(lambda ip: Loopback(type=2) / ip, 0),
    "link_raw": wrapped(lambda ip: ip, 101),
    "link_ppp": wrapped(lambda ip: PPP() / ip, 9),
    "link_ipv6": wrapped(as_ipv6),
    "link_not_flows": Case(not_flows),
}
