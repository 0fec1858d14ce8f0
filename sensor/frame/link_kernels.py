"""Link layers down to the ethertype of what they carry.

Each function returns (what follows, where it starts); what follows is an ethertype, or one of the codes below.
Sources: IEEE 802.3, 802.1Q; LINKTYPE_* of the tcpdump project; RFC 1661, 2516, 3032, 4385.
"""

import numpy as np

from detectors.kernel import kernel
from sensor.frame.octet_kernels import u16, u32

IPV4, IPV6, MPLS, MPLS_UP, PPPOE = 0x0800, 0x86DD, 0x8847, 0x8848, 0x8864
VLAN_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
OTHER, CUT, UNKNOWN = -1, -2, -3

NULL, ETHERNET, PPP, RAW_BSD, RAW_OPENBSD, PPP_HDLC, RAW, C_HDLC, LOOP, SLL, RAW_IPV4, RAW_IPV6, SLL2 = (
    0, 1, 9, 12, 14, 50, 101, 104, 108, 113, 228, 229, 276)


@kernel
def by_version(buf, at, stop):
    """A raw IP packet: its version nibble tells."""
    if stop - at < 1:
        return CUT, at
    version = buf[at] >> 4
    if version == 4:
        return IPV4, at
    return (IPV6, at) if version == 6 else (OTHER, at)


@kernel
def loopback(buf, at, stop):
    """Address family in the byte order of the host that captured: 2 is IPv4; 10, 24, 28, 30 are somebody's IPv6."""
    if stop - at < 4:
        return CUT, at
    family = u32(buf, at)
    if family > 0xFFFF:
        family = ((family & 0xFF) << 24) | ((family & 0xFF00) << 8) | ((family >> 8) & 0xFF00) | (family >> 24)
    if family == 2:
        return IPV4, at + 4
    return (IPV6, at + 4) if family in (10, 24, 28, 30) else (OTHER, at + 4)


@kernel
def ppp(buf, at, stop):
    """PPP, with or without HDLC's address and control octets, protocol field compressed or not."""
    if stop - at >= 2 and buf[at] == 0xFF and buf[at + 1] == 0x03:
        at += 2
    if stop - at < 2:
        return CUT, at
    protocol, after = np.int64(buf[at]), at + 1
    if protocol & 1 == 0:
        protocol, after = u16(buf, at), at + 2
    if protocol == 0x0021:
        return IPV4, after
    if protocol == 0x0057:
        return IPV6, after
    return (MPLS, after) if protocol in (0x0281, 0x0283) else (OTHER, after)


@kernel
def ethernet(buf, at, stop):
    """Ethernet II; 802.3 with LLC/SNAP, or LLC alone."""
    if stop - at < 14:
        return CUT, at
    kind = u16(buf, at + 12)
    return llc(buf, at + 14, stop) if kind <= 1500 else (kind, at + 14)


@kernel
def llc(buf, at, stop):
    """802.2 LLC: SNAP with an ethertype, IP by its own SAP, or something that is no IP."""
    if stop - at >= 8 and buf[at] == 0xAA and buf[at + 1] == 0xAA:
        return u16(buf, at + 6), at + 8
    if stop - at >= 3 and buf[at] == 0x06 and buf[at + 1] == 0x06:
        return IPV4, at + 3
    return OTHER, at


@kernel
def link_layer(buf, at, stop, link):
    """The first layer, by the capture's link type."""
    if link == ETHERNET:
        return ethernet(buf, at, stop)
    if link in (RAW, RAW_BSD, RAW_OPENBSD):
        return by_version(buf, at, stop)
    if link == RAW_IPV4:
        return IPV4, at
    if link == RAW_IPV6:
        return IPV6, at
    if link == SLL:
        if stop - at < 16:
            return CUT, at
        kind = u16(buf, at + 14)
        return llc(buf, at + 16, stop) if kind == 4 else (kind, at + 16)
    if link == SLL2:
        return (u16(buf, at), at + 20) if stop - at >= 20 else (CUT, at)
    if link in (NULL, LOOP):
        return loopback(buf, at, stop)
    if link in (PPP, PPP_HDLC):
        if stop - at >= 4 and buf[at] in (0x0F, 0x8F):  # Cisco HDLC under the same link type
            return u16(buf, at + 2), at + 4
        return ppp(buf, at, stop)
    if link == C_HDLC:
        return (u16(buf, at + 2), at + 4) if stop - at >= 4 else (CUT, at)
    return UNKNOWN, at


@kernel
def pppoe(buf, at, stop):
    """PPPoE session data."""
    if stop - at < 8:
        return CUT, at
    return ppp(buf, at + 6, stop)


@kernel
def below_labels(buf, at, stop):
    """What the bottom label of an MPLS stack carries: nothing says so, the first nibble hints (RFC 4928)."""
    if stop - at < 1:
        return CUT, at
    nibble = buf[at] >> 4
    if nibble == 4:
        return IPV4, at
    if nibble == 6:
        return IPV6, at
    if nibble == 0 and stop - at >= 18:  # a pseudowire's control word before Ethernet (RFC 4448)
        return ethernet(buf, at + 4, stop)
    return ethernet(buf, at, stop) if stop - at >= 14 else (OTHER, at)
