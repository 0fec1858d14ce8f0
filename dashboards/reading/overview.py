"""Everything the overview shows, read in one go so that its numbers agree with one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from dashboards.reading.cases import NOT_PERMITTED, is_open, list_alerts
from dashboards.reading.cover import cover, cover_by, cover_over_time
from dashboards.reading.limits import next_limits
from dashboards.reading.names import Names, load_names
from dashboards.reading.period import Period
from dashboards.reading.persons import HolderYear, holder_years
from dashboards.reading.transfers import Transfer, transfers
from dashboards.summary import Cover
from dashboards.words.moments import NS, beijing, moment_ns
from pipeline.incident.clocks import Clock
from pipeline.incident.models import Alert

if TYPE_CHECKING:
    from dashboards.desk import Desk

STEPS = 48


class OverviewRead(NamedTuple):
    """The overview's facts; `step_s` is the width of a bar, `levels[step][level - 1]` counts alerts."""

    names: Names
    period: Period
    alerts: Sequence[Alert]
    limits: Mapping[int, Clock]
    transfers: Sequence[Transfer]
    cover: Cover
    line_covers: dict[str, Cover]
    starts: Sequence[int]
    levels: Sequence[Sequence[int]]
    step_covers: Sequence[Cover]
    years: Sequence[HolderYear]

    @property
    def open_alerts(self) -> list[Alert]:
        """Alerts that wait for somebody, whatever their day."""
        return [alert for alert in self.alerts if is_open(alert)]

    @property
    def not_permitted(self) -> list[Alert]:
        """Open alerts seen in content whose transfer is without permission or beyond it; what is still to be confirmed is not called so."""
        return [alert for alert in self.open_alerts if alert.verdict in NOT_PERMITTED and alert.evidence == "seen"]


def read_overview(desk: Desk, period: Period, year: int) -> OverviewRead:
    """Call it inside `ask`."""
    alerts = list_alerts(desk.engine)
    step_s = max(60, (period.to_ns - period.from_ns) // NS // STEPS)
    first = period.from_ns // NS // step_s * step_s
    starts = list(range(first, period.to_ns // NS, step_s))
    within = [alert for alert in alerts if period.from_ns <= moment_ns(alert.first) < period.to_ns]
    levels = [[0, 0, 0, 0] for _ in starts]
    for alert in within:
        levels[min((moment_ns(alert.first) // NS - first) // step_s, len(starts) - 1)][alert.level - 1] += 1
    covers = cover_over_time(desk, period, step_s)
    lines = cover_by(desk, period, "line")
    return OverviewRead(
        load_names(desk.engine),
        period,
        alerts,
        next_limits(desk.engine, datetime.now(UTC)),
        transfers(desk, period, within),
        cover(desk, period),
        lines,
        starts,
        levels,
        [covers.get(start, Cover()) for start in starts],
        holder_years(desk, year),
    )


def label(start_s: int, period: Period) -> str:
    """A step's name on the axis: the hour within a day, else the day."""
    moment = beijing(start_s * NS)
    return (
        moment.strftime("%H:%M")
        if period.to_ns - period.from_ns <= 86_400 * NS
        else moment.strftime("%m-%d %Hh" if period.to_ns - period.from_ns <= 8 * 86_400 * NS else "%m-%d")
    )
