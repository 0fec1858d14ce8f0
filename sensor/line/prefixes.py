"""Prefixes as kernels read them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sensor.line.registry import Prefix
from sensor.records import new_records

PREFIX = np.dtype([("high", np.uint64), ("low", np.uint64), ("mask_high", np.uint64), ("mask_low", np.uint64)])
LOW = (1 << 64) - 1


def prefix_table(prefixes: Iterable[Prefix]) -> np.ndarray:
    """PREFIX (n,), v4 as v4-mapped."""
    rows = [_halves(prefix) for prefix in prefixes]
    table = new_records(len(rows), PREFIX)
    table[:] = rows
    return table


def _halves(prefix: Prefix) -> tuple[int, int, int, int]:
    v4 = prefix.version == 4
    length = prefix.prefixlen + (96 if v4 else 0)
    value = int(prefix.network_address) | (0xFFFF << 32 if v4 else 0)
    mask = ((1 << 128) - 1) ^ ((1 << (128 - length)) - 1)
    return value >> 64, value & LOW, mask >> 64, mask & LOW
