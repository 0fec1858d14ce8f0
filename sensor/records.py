"""Structured arrays whose rows kernels can take by name, compiled or not; large ones on huge pages."""

from __future__ import annotations

import mmap

import numba
import numpy as np

HUGE = 2 << 20
MAP_NORESERVE = 0x4000  # linux/mman.h; Python's module has no name for it


def new_records(capacity: int, kind: np.dtype) -> np.ndarray:
    """`kind` (capacity,), zeroed."""
    return _as_records(new_column(capacity, kind))


def _as_records(array: np.ndarray) -> np.ndarray:
    """Compiled kernels read `row.field` on any structured array; plain Python does so on a recarray alone."""
    plain = numba.config.DISABLE_JIT and array.dtype.names  # type: ignore[attr-defined]
    return array.view(np.recarray) if plain else array


def new_shared(capacity: int, kind: np.dtype | type) -> np.ndarray:
    """`kind` (capacity,), zeroed, in memory that processes forked from now on share; it takes none before it is written to."""
    octets = capacity * np.dtype(kind).itemsize
    room = mmap.mmap(-1, octets, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
    return _as_records(np.frombuffer(room, kind))


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
