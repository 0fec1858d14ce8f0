"""Numbers out of octets, network order, widened so that no shift can wrap."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, inline="always")
def u16(buf, at):
    """Big-endian uint16 at `at`, as int64."""
    return (np.int64(buf[at]) << 8) | np.int64(buf[at + 1])


@njit(nogil=True, cache=True, inline="always")
def u32(buf, at):
    """Big-endian uint32 at `at`, as int64."""
    return (np.int64(buf[at]) << 24) | (np.int64(buf[at + 1]) << 16) | (np.int64(buf[at + 2]) << 8) | np.int64(buf[at + 3])


@njit(nogil=True, cache=True, inline="always")
def u64(buf, at):
    """Big-endian uint64 at `at`, as uint64."""
    return (np.uint64(u32(buf, at)) << np.uint64(32)) | np.uint64(u32(buf, at + 4))
