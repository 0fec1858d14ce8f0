"""Alerts into incidents: one open for each holder and destination, opened by the first alert and extended by the next."""

from __future__ import annotations

import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.incident.models import Alert, Incident, IncidentEvent
from pipeline.incident.pack import GRAVITY
from pipeline.incident.seen import Persons
from pipeline.supervision.number import beijing_day, next_number

SYSTEM = "system"


def attach(session: Session, alert: Alert, *, grew: bool, now: datetime.datetime, actor: str = SYSTEM) -> tuple[Incident, bool]:
    """The alert's incident, and whether it was opened for it.

    An alert that grew after its incident was closed moves to the open one: a closed case is not written in again.
    """
    if alert.incident is not None and (alert.incident.state != "closed" or not grew):
        return alert.incident, False
    key = f"{alert.holder}|{alert.destination}"
    incident = session.scalar(select(Incident).where(Incident.open_key == key))
    opened = incident is None
    if incident is None:
        incident = _open(session, alert, key, now)
    record(session, incident, now, actor, "opened" if opened else "extended", after=alert.number)
    alert.incident, alert.state = incident, "incident"
    session.flush()
    return incident, opened


def _open(session: Session, alert: Alert, key: str, now: datetime.datetime) -> Incident:
    incident = Incident(
        number=next_number(session, Incident.number, "I", beijing_day(now)), holder=alert.holder, destination=alert.destination,
        open_key=key, state="new", verdict=alert.verdict, level=alert.level, article=alert.article, article_en=alert.article_en,
        rule_pack=alert.rule_pack, first=alert.first, last=alert.last, learned_at=now, created_at=now, updated_at=now,
    )
    session.add(incident)
    session.flush()
    return incident


def refresh(session: Session, incident: Incident, persons: Persons, now: datetime.datetime) -> None:
    """Figures of the incident from its alerts; a closed one keeps what it was closed with."""
    if incident.state == "closed":
        return
    alerts = [a for a in session.scalars(select(Alert).where(Alert.incident_id == incident.id)) if a.state != "false"]
    if not alerts:
        return
    worst = max(alerts, key=lambda a: (a.level, GRAVITY[a.verdict], a.number))
    if worst.level != incident.level:
        record(session, incident, now, SYSTEM, "level", before=str(incident.level), after=str(worst.level), reason=worst.number)
    values = {
        "verdict": worst.verdict, "level": worst.level, "article": worst.article, "article_en": worst.article_en,
        "rule_pack": worst.rule_pack, "first": min(a.first for a in alerts), "last": max(a.last for a in alerts),
        "pi_lower": persons.pi.lower, "pi_upper": persons.pi.upper,
        "sensitive_lower": persons.sensitive.lower, "sensitive_upper": persons.sensitive.upper,
    }
    changed = {key: value for key, value in values.items() if getattr(incident, key) != value}
    for key, value in changed.items():
        setattr(incident, key, value)
    if changed:
        incident.updated_at = now


def record(
    session: Session, incident: Incident, at: datetime.datetime, actor: str, kind: str, before: str = "", after: str = "", reason: str = ""
) -> None:
    """One more step in the incident's history."""
    session.add(IncidentEvent(incident_id=incident.id, at=at, actor=actor, kind=kind, before=before, after=after, reason=reason))
