"""IPv4, IPv6 and the transport headers over them.

Sources: RFC 791, 8200, 9293, 768, 9260, 792, 4443.
"""

import numpy as np

from detectors.kernel import kernel
from sensor.frame.octet_kernels import u16, u32, u64

OK, NOT_IP, UNKNOWN_LINK, TRUNCATED, BAD_HEADER, LATER_FRAGMENT, TOO_MANY_LAYERS = range(7)
ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132
MAPPED = np.uint64(0xFFFF00000000)
MOST_EXTENSIONS = 12


@kernel
def decode_ipv4(buf, at, stop, frame):
    """The IPv4 header at `at` into `frame`; the status. `stop` is the captured end of the packet."""
    if stop - at < 20:
        return TRUNCATED
    header = np.int64(buf[at] & 0x0F) * 4
    if header < 20 or buf[at] >> 4 != 4:
        return BAD_HEADER
    total = u16(buf, at + 2)
    if total == 0:  # segmentation offload: the card fills it in later
        total = stop - at
    if total < header:
        return BAD_HEADER
    if stop - at < header:
        return TRUNCATED
    frame.ip_version = 4
    frame.src_high = 0
    frame.src_low = MAPPED | np.uint64(u32(buf, at + 12))
    frame.dst_high = 0
    frame.dst_low = MAPPED | np.uint64(u32(buf, at + 16))
    frame.proto = buf[at + 9]
    offset = u16(buf, at + 6)
    if offset & 0x1FFF:
        frame.fragment = 2
    elif offset & 0x2000:
        frame.fragment = 1
    return transport(buf, at + header, min(stop, at + total), at + total, frame)


@kernel
def decode_ipv6(buf, at, stop, frame):
    """The IPv6 header at `at`, and its extension headers, into `frame`; the status."""
    if stop - at < 40:
        return TRUNCATED
    if buf[at] >> 4 != 6:
        return BAD_HEADER
    length = u16(buf, at + 4)
    wire_stop = at + 40 + length if length > 0 else stop  # 0: a jumbogram, or offload
    frame.ip_version = 6
    frame.src_high = u64(buf, at + 8)
    frame.src_low = u64(buf, at + 16)
    frame.dst_high = u64(buf, at + 24)
    frame.dst_low = u64(buf, at + 32)
    stop = min(stop, wire_stop)
    kind, at = np.int64(buf[at + 6]), at + 40
    for _ in range(MOST_EXTENSIONS):
        frame.proto = kind
        if kind not in (0, 43, 44, 51, 60, 135, 139, 140):
            return transport(buf, at, stop, wire_stop, frame)
        if stop - at < 8:
            return TRUNCATED
        size = (np.int64(buf[at + 1]) + 1) * 8
        if kind == 44:
            size = np.int64(8)
            offset = u16(buf, at + 2)
            if offset & 0xFFF8:
                frame.fragment = 2
            elif offset & 1:
                frame.fragment = 1
        elif kind == 51:
            size = (np.int64(buf[at + 1]) + 2) * 4
        if stop - at < size:
            return TRUNCATED
        kind, at = np.int64(buf[at]), at + size
        if frame.fragment == 2:
            frame.proto = kind
            return transport(buf, at, stop, wire_stop, frame)
    return TOO_MANY_LAYERS


@kernel
def set_payload(frame, at, stop, wire_stop):
    """The payload lies at `at`; `stop` where the capture ends it, `wire_stop` where the wire did."""
    frame.payload = at
    frame.payload_len = max(np.int64(0), stop - at)
    frame.payload_wire = max(np.int64(0), wire_stop - at)


@kernel
def transport(buf, at, stop, wire_stop, frame):
    """Ports, TCP fields and the payload's range; the status."""
    set_payload(frame, at, stop, wire_stop)
    if frame.fragment == 2:
        return LATER_FRAGMENT
    kind = frame.proto
    if kind == TCP:
        return decode_tcp(buf, at, stop, wire_stop, frame)
    if kind in (UDP, SCTP):
        header = 8 if kind == UDP else 12
        if stop - at < header:
            return TRUNCATED
        frame.sport = u16(buf, at)
        frame.dport = u16(buf, at + 2)
        if kind == UDP and frame.fragment == 0:
            length = u16(buf, at + 4)
            if length >= 8:  # less is wrong, 0 a jumbogram: then IP's length stands
                wire_stop = min(wire_stop, at + length)
        set_payload(frame, at + header, min(stop, wire_stop), wire_stop)
    elif kind in (ICMP, ICMPV6):
        if stop - at < 4:
            return TRUNCATED
        frame.sport = buf[at]
        frame.dport = buf[at + 1]
        set_payload(frame, at + 4, stop, wire_stop)
    return OK


@kernel
def decode_tcp(buf, at, stop, wire_stop, frame):
    """The TCP header at `at`; the status."""
    if stop - at < 20:
        return TRUNCATED
    header = np.int64(buf[at + 12] >> 4) * 4
    if header < 20 or wire_stop - at < header:
        return BAD_HEADER
    frame.sport = u16(buf, at)
    frame.dport = u16(buf, at + 2)
    frame.tcp_seq = u32(buf, at + 4)
    frame.tcp_ack = u32(buf, at + 8)
    frame.tcp_flags = buf[at + 13]
    set_payload(frame, min(at + header, stop), stop, wire_stop)
    if stop - at < header:  # snapped inside the options: nothing of the payload is here
        frame.payload_wire = wire_stop - at - header
    return OK
