"""What a stream or datagram is, by its first octets.

Sources: RFC 8446 section 5.1, RFC 9112, RFC 4253 section 4.2, RFC 9000 section 17, RFC 9147, the WireGuard paper section 5.4.
"""

import numpy as np

from detectors.kernel import kernel

UNKNOWN, NEED_MORE, TLS, HTTP, SSH, DNS, QUIC, DTLS, WIREGUARD, ESP = range(10)
LONGEST_METHOD = 20


@kernel
def recognise_stream(buf, start, stop):
    """The protocol of a TCP stream that begins with buf[start:stop]; NEED_MORE while that could still become one."""
    n = stop - start
    if n == 0:
        return NEED_MORE
    first = buf[start]
    if 20 <= first <= 24:
        if n < 5:
            return NEED_MORE
        length = (np.int64(buf[start + 3]) << 8) | np.int64(buf[start + 4])
        return TLS if buf[start + 1] == 3 and buf[start + 2] <= 4 and 0 < length <= 18432 else UNKNOWN
    if first == 83 and n >= 4 and buf[start + 1] == 83 and buf[start + 2] == 72 and buf[start + 3] == 45:  # SSH-
        return SSH
    if 65 <= first <= 90:
        return recognise_http(buf, start, stop)
    return UNKNOWN


@kernel
def recognise_http(buf, start, stop):
    """HTTP/1.x by `HTTP/1.` or by a method, a space and a target."""
    status = (72, 84, 84, 80, 47, 49, 46)  # HTTP/1.
    same = 0
    while same < 7 and start + same < stop and buf[start + same] == status[same]:
        same += 1
    if same == 7:
        return HTTP
    if start + same == stop:
        return NEED_MORE
    for i in range(start, min(stop, start + LONGEST_METHOD)):
        c = buf[i]
        if c == 32:
            if i - start < 3:
                return UNKNOWN
            if i + 1 == stop:
                return NEED_MORE
            target = buf[i + 1]
            # a path, `*`, or an absolute or authority form
            return HTTP if target in (47, 42) or is_word(target) else UNKNOWN
        if not (65 <= c <= 90 or c in (45, 95)):
            return UNKNOWN
    return UNKNOWN if stop - start >= LONGEST_METHOD else NEED_MORE


@kernel
def is_word(c):
    """A letter, a digit or an opening bracket: how an authority begins."""
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122 or c == 91


@kernel
def recognise_step(buf, start, stop):
    """TLS or HTTP where a record or a head begins beyond doubt at buf[start]; UNKNOWN otherwise. For streams entered in the middle."""
    n = stop - start
    if n < 12:
        return UNKNOWN
    first = buf[start]
    if 20 <= first <= 23:
        length = (np.int64(buf[start + 3]) << 8) | np.int64(buf[start + 4])
        if buf[start + 1] != 3 or buf[start + 2] > 4 or not 0 < length <= 16640:
            return UNKNOWN
        behind = start + 5 + length  # where the next record is here, it has to look like one
        return TLS if behind + 2 > stop or (20 <= buf[behind] <= 23 and buf[behind + 1] == 3) else UNKNOWN
    if not 65 <= first <= 90 or recognise_http(buf, start, stop) != HTTP:
        return UNKNOWN
    if is_version(buf, start):
        return HTTP if buf[start + 8] == 32 and 48 < buf[start + 9] < 54 else UNKNOWN
    for i in range(start, stop):
        if buf[i] == 10:
            end = i - 1 if buf[i - 1] == 13 else i
            return HTTP if end - start > 12 and buf[end - 9] == 32 and is_version(buf, end - 8) else UNKNOWN
    return UNKNOWN


@kernel
def is_version(buf, at):
    """Whether `HTTP/1.` stands at buf[at:at + 7]."""
    return buf[at] == 72 and buf[at + 1] == 84 and buf[at + 2] == 84 and buf[at + 4] == 47 and buf[at + 5] == 49 and buf[at + 6] == 46


@kernel
def recognise_datagram(buf, start, stop, sport, dport):
    """The protocol of a UDP datagram, as far as it matters whether it can be read."""
    n = stop - start
    if n == 0:
        return UNKNOWN
    first = np.int64(buf[start])
    if sport in (53, 5353, 5355) or dport in (53, 5353, 5355):
        return DNS if n >= 12 else UNKNOWN
    if n >= 13 and 20 <= first <= 26 and buf[start + 1] == 254 and buf[start + 2] >= 252:
        return DTLS
    if n >= 32 and buf[start + 1] == 0 and buf[start + 2] == 0 and buf[start + 3] == 0 and is_wireguard_size(first, n):
        return WIREGUARD
    if n >= 7 and first & 0xC0 == 0xC0:
        version = np.int64(0)
        for i in range(start + 1, start + 5):
            version = (version << 8) | np.int64(buf[i])
        if version in (0x00000001, 0x6B3343CF) or version >> 8 in (0xFF0000, 0x51303) or (version >> 24 == 0x51 and buf[start + 2] == 48):
            return QUIC
    if (sport == 443 or dport == 443) and n >= 21 and first & 0xC0 == 0x40:
        return QUIC
    if sport in (500, 4500) or dport in (500, 4500):
        return ESP
    return UNKNOWN


@kernel
def is_wireguard_size(kind, n):
    """Whether a WireGuard message of this kind has this many octets."""
    return (kind == 1 and n == 148) or (kind == 2 and n == 92) or (kind == 3 and n == 64) or (kind == 4 and n % 16 == 0)
