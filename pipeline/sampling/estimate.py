"""What verdicts on a drawn sample say of the whole frame: a rate with an interval that covers at least as often as it says.

One stratum: Clopper and Pearson 1934 (binomial, exact). Draws are without replacement, which only makes the true spread smaller, so the
interval covers at least its nominal share; a stratum judged whole has no interval at all: it is known.
Several strata: each gets confidence 1 - (1 - c) / k (Bonferroni), and the weighted sum of the ends then covers with at least c. It is wide,
but holds for any number of flows and any rate, where normal approximations fail (rates near 0, the case here).
"Cannot tell" is neither: the lower end counts those as lawful, the upper end as violations, so the interval holds whatever they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scipy.stats import beta


class Judged(NamedTuple):
    """Verdicts of one stratum."""

    name: str
    size: int       # flows in the stratum
    violation: int
    lawful: int
    unclear: int

    @property
    def judged(self) -> int:
        """All verdicts."""
        return self.violation + self.lawful + self.unclear


class Estimate(NamedTuple):
    """A rate between its ends; `rate` leaves out what could not be told, and is None where nothing could."""

    rate: float | None
    lower: float
    upper: float
    confidence: float


def clopper_pearson(hits: int, tries: int, confidence: float) -> tuple[float, float]:
    """The exact binomial interval; (0, 1) for no tries."""
    if tries == 0:
        return 0.0, 1.0
    alpha = 1 - confidence
    lower = 0.0 if hits == 0 else float(beta.ppf(alpha / 2, hits, tries - hits + 1))
    upper = 1.0 if hits == tries else float(beta.ppf(1 - alpha / 2, hits + 1, tries - hits))
    return lower, upper


def estimate_stratum(judged: Judged, confidence: float) -> Estimate:
    """The rate of violations in one stratum."""
    known = judged.violation + judged.lawful
    rate = judged.violation / known if known else None
    if judged.size and judged.judged == judged.size:  # judged whole: no chance is left
        return Estimate(rate, judged.violation / judged.size, (judged.violation + judged.unclear) / judged.size, confidence)
    lower, _ = clopper_pearson(judged.violation, judged.judged, confidence)
    _, upper = clopper_pearson(judged.violation + judged.unclear, judged.judged, confidence)
    return Estimate(rate, lower, upper, confidence)


def estimate(strata: Sequence[Judged], confidence: float) -> Estimate:
    """The rate of violations in the whole frame, strata weighted by their sizes; empty strata weigh nothing."""
    strata = [s for s in strata if s.size]
    whole = sum(s.size for s in strata)
    if not whole:
        return Estimate(None, 0.0, 1.0, confidence)
    by_chance = sum(s.judged < s.size for s in strata)
    each = 1 - (1 - confidence) / max(by_chance, 1)
    parts = [(s.size / whole, estimate_stratum(s, each)) for s in strata]
    rate = None if any(e.rate is None for _, e in parts) else sum(w * (e.rate or 0.0) for w, e in parts)
    return Estimate(rate, sum(w * e.lower for w, e in parts), sum(w * e.upper for w, e in parts), confidence)
