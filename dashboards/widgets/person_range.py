"""How many distinct persons: between which bounds, PI and sensitive PI apart."""

from __future__ import annotations

from typing import Protocol

from dashboards.access.viewer import Viewer
from dashboards.words.numbers import count


class HasBounds(Protocol):
    """Alert and incident both keep these four numbers."""

    pi_lower: int
    pi_upper: int
    sensitive_lower: int
    sensitive_upper: int


def bounds(viewer: Viewer, lower: int, upper: int) -> str:
    """`between 11,980 and 13,610`; one number where both agree."""
    return count(lower) if lower == upper else viewer.t("persons.between", lower=count(lower), upper=count(upper))


def count_range(lower: int, upper: int) -> str:
    """`11,980 – 13,610` where room is short."""
    return count(lower) if lower == upper else f"{count(lower)} – {count(upper)}"


def person_range(viewer: Viewer, of: HasBounds) -> str:
    """`sensitive PI of 12 · PI of between 3 and 5`; kinds without persons are left out."""
    parts = [
        viewer.t(f"persons.{kind}", persons=bounds(viewer, lower, upper))
        for kind, lower, upper in (("sensitive", of.sensitive_lower, of.sensitive_upper), ("pi", of.pi_lower, of.pi_upper))
        if upper
    ]
    return " · ".join(parts) or viewer.t("persons.nobody")


def most_persons(of: HasBounds) -> tuple[int, int]:
    """The bounds of the larger kind, for a claim and for sorting; kinds are never added."""
    return max((of.sensitive_lower, of.sensitive_upper), (of.pi_lower, of.pi_upper), key=lambda pair: pair[1])
