"""Alerts as the pages list them, and how much waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select
from sqlalchemy.orm import joinedload

from dashboards.reading.period import Period
from dashboards.words.moments import beijing
from pipeline.incident.cases import find_alert
from pipeline.incident.models import Alert, Incident
from pipeline.schema.codes import Evidence
from pipeline.supervision.engine import reading

NOT_PERMITTED = ("none", "beyond")


def list_alerts(engine: Engine, period: Period | None = None) -> Sequence[Alert]:
    """Alerts of the period (all of them without one), the gravest first, then the latest."""
    query = select(Alert).options(joinedload(Alert.incident))
    if period is not None:
        query = query.where(Alert.last >= beijing(period.from_ns), Alert.first < beijing(period.to_ns))
    with reading(engine) as db:
        return db.scalars(query.order_by(Alert.level.desc(), Alert.last.desc()).limit(5000)).all()


def load_alert(engine: Engine, number: str) -> Alert | None:
    """One alert with its incident."""
    with reading(engine) as db:
        return find_alert(db, number)


def earlier_alerts(engine: Engine, alert: Alert) -> Sequence[Alert]:
    """Earlier alerts of the same holder on the same line, the latest first."""
    with reading(engine) as db:
        query = select(Alert).where(Alert.holder == alert.holder, Alert.line == alert.line, Alert.id != alert.id)
        return db.scalars(query.order_by(Alert.last.desc()).limit(10)).all()


def alert_of_flow(engine: Engine, flow: Mapping[str, Any]) -> Alert | None:
    """The alert that findings of `flow` belong to: that of its first day in Beijing, else of its last (as VERDICT of a search has it)."""
    days = [beijing(flow[end]).date() for end in ("first_ns", "last_ns")]
    where = (Alert.holder == flow["holder"], Alert.line == flow["line"], Alert.destination == flow["destination"], Alert.day.in_(days))
    with reading(engine) as db:
        found = {alert.day: alert for alert in db.scalars(select(Alert).where(*where, Alert.evidence == Evidence.SEEN.value))}
    return found.get(days[0]) or found.get(days[1])


def is_open(alert: Alert) -> bool:
    """Whether it waits for somebody: new, or in an incident that is not closed."""
    return alert.state == "new" or (alert.state == "incident" and alert.incident is not None and alert.incident.state != "closed")


def waiting(engine: Engine) -> tuple[int, int, int]:
    """Open alerts, critical ones among them, open incidents."""
    waits = or_(Alert.state == "new", and_(Alert.state == "incident", Incident.state != "closed"))
    query = select(func.count(), func.count().filter(Alert.level == 4)).select_from(Alert).outerjoin(Alert.incident).where(waits)
    with reading(engine) as db:
        alerts, critical = db.execute(query).one()
        incidents = db.scalar(select(func.count()).select_from(Incident).where(Incident.open_key.is_not(None))) or 0
    return alerts, critical, incidents
