"""From counts of sketches to bounds of persons: what the sketch may be off by, and kinds that may name the same person.

uniqCombined64(17) is exact up to 4,096 distinct values (measured; a hash set) and HyperLogLog with 2^17 registers beyond: standard error
1.04 / sqrt(2^17) = 0.29 % (Flajolet et al. 2007). Beyond it each count is widened by four of these, so that a bound fails once in
about 15,000 counts and a threshold is never called crossed on the sketch's own noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from pipeline.ledger.obligations import Bounds

EXACT = 4_096
OFF_BY = 4 * 1.04 / math.sqrt(1 << 17)


def widen(count: int) -> Bounds:
    """Between which numbers the true count lies, for one sketch's count."""
    # A count just below may come from just above, where the sketch is no longer exact: margin on both sides of the change.
    if count <= EXACT * (1 - OFF_BY):
        return Bounds(count, count)
    return Bounds(math.floor(count / (1 + OFF_BY)), math.ceil(count / (1 - OFF_BY)))


def bound_persons(counts: Iterable[int]) -> Bounds:
    """Persons by the counts of several kinds of identifiers: at least the largest kind, at most all kinds together."""
    bounds = [widen(count) for count in counts]
    return Bounds(max((b.lower for b in bounds), default=0), sum(b.upper for b in bounds))
