"""Structured arrays whose rows kernels can take by name, compiled or not; large ones on huge pages."""

from __future__ import annotations

import mmap

import numba
import numpy as np

HUGE = 2 << 20


def new_records(capacity: int, kind: np.dtype) -> np.ndarray:
    """`kind` (capacity,), zeroed.

    Compiled kernels read `row.field` on any structured array; plain Python does so on a recarray alone.
    """
    array = new_column(capacity, kind)
    return array.view(np.recarray) if numba.config.DISABLE_JIT else array  # type: ignore[attr-defined]


def new_column(capacity: int, kind: np.dtype | type) -> np.ndarray:
    """`kind` (capacity,), zeroed; from 2 MiB on it lies on huge pages where the kernel has some."""
    octets = capacity * np.dtype(kind).itemsize
    if octets < HUGE:
        return np.zeros(capacity, kind)
    room = mmap.mmap(-1, octets + HUGE)
    room.madvise(mmap.MADV_HUGEPAGE)
    raw = np.frombuffer(room, np.uint8)
    first = -raw.ctypes.data % HUGE
    return raw[first : first + octets].view(kind)
