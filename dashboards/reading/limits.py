"""The limits of open incidents: all that concern each, and the one that falls first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, select

from pipeline.incident.cases import find_incident, list_incidents
from pipeline.incident.clocks import Clock, clocks, nearest
from pipeline.registry.models import Holder
from pipeline.supervision.engine import reading


def limits_of(engine: Engine, number: str, now: datetime) -> list[Clock]:
    """All limits of one incident, running ones first."""
    with reading(engine) as db:
        incident = find_incident(db, number)
        if incident is None:
            return []
        ciio = bool(db.scalar(select(Holder.ciio).where(Holder.usci == incident.holder)))
    return clocks(incident, ciio, now)


def next_limits(engine: Engine, now: datetime) -> Mapping[int, Clock]:
    """The running limit that falls first, by incident's id; incidents without a running one are left out."""
    with reading(engine) as db:
        ciio = set(db.scalars(select(Holder.usci).where(Holder.ciio)))
        found = {incident.id: nearest(clocks(incident, incident.holder in ciio, now)) for incident in list_incidents(db)}
    return {number: clock for number, clock in found.items() if clock is not None}
