"""Why a frame is, or is not, usable: one code a row, one counter a code."""

from enum import IntEnum


class Status(IntEnum):
    """Codes of `Frames.status`; the order is the kernels'."""

    OK = 0
    NOT_IP = 1            # a link or network layer that carries no IP: ARP, STP, LLDP, …
    UNKNOWN_LINK = 2      # a link type that is not decoded here
    TRUNCATED = 3         # ends before a header does
    BAD_HEADER = 4        # a header that contradicts itself
    LATER_FRAGMENT = 5    # carries no ports
    TOO_MANY_LAYERS = 6   # more tags, labels or extension headers than any honest frame
