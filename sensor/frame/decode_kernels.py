"""A packet batch → frames."""

import numpy as np

from detectors.kernel import kernel
from sensor.frame.link_kernels import CUT, IPV4, IPV6, MPLS, MPLS_UP, PPPOE, UNKNOWN, VLAN_TAGS, below_labels, link_layer, llc, pppoe
from sensor.frame.network_kernels import NOT_IP, TOO_MANY_LAYERS, TRUNCATED, UNKNOWN_LINK, decode_ipv4, decode_ipv6
from sensor.frame.octet_kernels import u16, u32
from sensor.intrinsic import prefetch

MOST_LAYERS = 16  # tags and label stacks together
AHEAD = 8  # rows whose headers are brought near before their turn


@kernel
def decode_frames(buf, packets, n, frames):
    """Decode rows 0..n of `packets`, which lie in `buf` uint8 (n_bytes,), into the same rows of `frames` FRAME (capacity,)."""
    starts, caplens, wirelens, links, tags = packets.start, packets.caplen, packets.wirelen, packets.link, packets.vlan_tci
    for row in range(n):
        frame = frames[row]
        clear(frame)
        if row + AHEAD < n:
            prefetch(buf, starts[row + AHEAD] + 48)
        if tags[row] >= 0:
            frame.vlan = tags[row] & 0x0FFF
        start = starts[row]
        frame.payload = start
        frame.status = decode_frame(buf, start, start + caplens[row], np.int64(links[row]), frame)
        # A header may claim more octets than its packet had: they were never on the wire.
        frame.payload_wire = min(np.int64(frame.payload_wire), max(np.int64(0), np.int64(wirelens[row]) - (frame.payload - start)))


@kernel
def clear(frame):
    """Undo what an earlier packet left in the fields that are not always written."""
    frame.src_high = frame.src_low = frame.dst_high = frame.dst_low = 0
    frame.sport = frame.dport = frame.vlan = frame.inner_vlan = 0
    frame.proto = frame.ip_version = frame.fragment = frame.tcp_flags = 0
    frame.mpls = frame.tcp_seq = frame.tcp_ack = 0
    frame.payload_len = frame.payload_wire = 0


@kernel
def decode_frame(buf, at, stop, link, frame):
    """The packet at buf[at:stop] into `frame`; its status."""
    kind, at = link_layer(buf, at, stop, link)
    for _ in range(MOST_LAYERS):
        if kind == IPV4:
            return decode_ipv4(buf, at, stop, frame)
        if kind == IPV6:
            return decode_ipv6(buf, at, stop, frame)
        if kind in VLAN_TAGS:
            if stop - at < 4:
                return TRUNCATED
            add_tag(frame, u16(buf, at) & 0x0FFF)
            kind, at = u16(buf, at + 2), at + 4
            if kind <= 1500:
                kind, at = llc(buf, at, stop)
        elif kind in (MPLS, MPLS_UP):
            if stop - at < 4:
                return TRUNCATED
            entry = u32(buf, at)
            if frame.mpls == 0:
                frame.mpls = entry >> 12
            at += 4
            if entry & 0x100:
                kind, at = below_labels(buf, at, stop)
        elif kind == PPPOE:
            kind, at = pppoe(buf, at, stop)
        elif kind == CUT:
            return TRUNCATED
        else:
            return UNKNOWN_LINK if kind == UNKNOWN else NOT_IP
    return TOO_MANY_LAYERS


@kernel
def add_tag(frame, vlan):
    """Note one VLAN id: the outermost, then the one inside it."""
    if frame.vlan == 0:
        frame.vlan = vlan
    elif frame.inner_vlan == 0:
        frame.inner_vlan = vlan
