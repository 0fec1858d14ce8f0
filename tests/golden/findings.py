"""Cases: findings of each tier, kinds that stand alone, and values that must be none. All are the catalogue's own examples."""

from __future__ import annotations

from tests.accuracy.replay import catalogue
from tests.golden.case import OK, Case, post, talk

TIERS = {3: "high", 2: "medium", 1: "low"}


def said(texts: list[str]) -> Case:
    """Each text in a request of its own."""
    return Case(lambda: talk(*(part for text in texts for part in (post(text.encode(), "text/plain; charset=utf-8"), OK))))


def of_tier(tier: int) -> Case:
    """Every signature's first example of a tier."""
    firsts = [[text for text, reached in signature.examples if reached == tier][:1] for signature in catalogue().signatures]
    return said([text for first in firsts for text in first])


def counterexamples() -> Case:
    """Every counterexample of the catalogue."""
    return said([text for signature in catalogue().signatures for text, _ in signature.counterexamples])


CASES = {
    **{f"findings_{word}": of_tier(tier) for tier, word in TIERS.items()},
    "findings_counterexamples": counterexamples(),
}
