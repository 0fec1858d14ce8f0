"""A clock says whose duty, by which rule, from which moment, and how long is left; one that does not run says why."""

from __future__ import annotations

from datetime import datetime

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import tag
from dashboards.words.moments import span, stamp, utc
from pipeline.incident.clocks import Clock


def said(viewer: Viewer, clock: Clock, part: str) -> str:
    """`who`, `what`, `rule` or `why` in the reader's language."""
    words: str = getattr(clock, f"{part}_{viewer.language}")
    return words


def time_left(viewer: Viewer, clock: Clock, now: datetime) -> tuple[str, str]:
    """What to write at the right, and the class that colours it."""
    if clock.met is not None:
        return viewer.t("clock.done"), "done"
    if not clock.running or clock.due is None:
        return viewer.t("clock.not_running"), ""
    if clock.due == clock.start:
        return viewer.t("clock.at_once"), "running"
    seconds = (clock.due - now).total_seconds()
    words = span(abs(seconds), viewer.language)
    return (viewer.t("clock.left", span=words), "running") if seconds >= 0 else (viewer.t("clock.over", span=words), "over")


def clock_row(viewer: Viewer, clock: Clock, now: datetime) -> None:
    """One row of a list of clocks."""
    left, state = time_left(viewer, clock, now)
    with tag("div", f"clock {state}", data_test="clock"):
        tag("span", "strong", said(viewer, clock, "what"))
        tag("span", "left", left)
        kind = viewer.t("clock.house" if clock.house else "clock.law")
        parts = [said(viewer, clock, "who"), said(viewer, clock, "rule") if not clock.house else "", kind, said(viewer, clock, "why")]
        text = " · ".join(part for part in parts if part)
        if clock.start is not None and clock.due is not None and clock.due != clock.start:
            text += " · " + viewer.t("clock.span", since=stamp(clock.start), until=stamp(clock.due), zone=viewer.t("zone"))
        tag("p", "why", text, title=utc(clock.due) if clock.due else "")
