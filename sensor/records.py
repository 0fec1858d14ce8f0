"""Structured arrays whose rows kernels can take by name, compiled or not."""

from __future__ import annotations

import numba
import numpy as np


def new_records(capacity: int, kind: np.dtype) -> np.ndarray:
    """`kind` (capacity,), zeroed.

    Compiled kernels read `row.field` on any structured array; plain Python does so on a recarray alone.
    """
    array = np.zeros(capacity, kind)
    return array.view(np.recarray) if numba.config.DISABLE_JIT else array
