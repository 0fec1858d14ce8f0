"""How kernels are compiled: cached, without the interpreter's lock, and without counting references.

Counting costs more than most kernels do: each array, also each one in a tuple, is counted up and down with a locked instruction at every
call that LLVM does not inline, about 10 ns an array and call (packet decoding 78 → 34 ns, stream order 130 → 76). Whoever calls a kernel
holds its arrays anyway. A kernel under it cannot allocate: its arrays come from outside.
"""

from collections.abc import Callable
from typing import Any

from numba import njit

kernel: Callable[..., Any] = njit(nogil=True, cache=True, _nrt=False)  # type: ignore[call-overload]  # an option its annotations leave out
