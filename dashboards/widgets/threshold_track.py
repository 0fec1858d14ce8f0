"""Distinct persons on a logarithmic track with the law's thresholds drawn in: interval, estimate, ticks."""

from __future__ import annotations

import math

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import tag
from dashboards.words.numbers import count, short_count

LEAST, MOST = 100.0, 5_000_000.0
TICKS = {"sensitive": (10_000,), "pi": (100_000, 1_000_000)}
SCALE = (10_000, 100_000, 1_000_000)


def place(persons: float) -> float:
    """Where on the track, in percent of its width."""
    inside = min(max(persons, LEAST), MOST)
    return 100 * math.log(inside / LEAST) / math.log(MOST / LEAST)


def track_scale(viewer: Viewer) -> None:
    """The axis above the tracks."""
    with tag("div", "scale", aria_hidden="true"):
        for tick in SCALE:
            tag("span", "", short_count(tick, viewer.language)).style(f"left:{place(tick):.2f}%")


def threshold_track(viewer: Viewer, kind: str, lower: int, upper: int) -> None:
    """`kind` is pi or sensitive; only its own thresholds are drawn strong."""
    label = viewer.t("ledger.track", lower=count(lower), upper=count(upper), ticks=", ".join(count(t) for t in TICKS[kind]))
    fill = "none" if lower >= TICKS[kind][0] else "beyond" if upper >= TICKS[kind][0] else "permit"
    with tag("div", "track", role="img", aria_label=label, title=label):
        tag("div", "base")
        for tick in SCALE:
            tag("div", "tick" if tick in TICKS[kind] else "tick faint").style(f"left:{place(tick):.2f}%")
        if upper:
            left = place(lower)
            tag("div", "span").style(f"left:{left:.2f}%;width:{place(upper) - left:.2f}%;background:var(--{fill}-fill)")
            tag("div", "dot").style(f"left:{place((lower + upper) / 2):.2f}%;background:var(--{fill}-fill)")
