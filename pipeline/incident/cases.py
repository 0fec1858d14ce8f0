"""Alerts and incidents in people's hands: lists, assignment, false findings, and the life cycle with its reasons."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload, selectinload

from pipeline.incident.models import Alert, Incident
from pipeline.incident.opening import attach, record, refresh
from pipeline.incident.seen import Persons
from pipeline.ledger.obligations import Bounds
from pipeline.supervision.engine import writing

STATES = ("new", "review", "awaiting", "disposal", "closed")
MOVES: dict[str, tuple[str, ...]] = {
    "new": ("review",),
    "review": ("awaiting", "disposal", "closed"),
    "awaiting": ("review", "disposal"),
    "disposal": ("awaiting", "closed"),
    "closed": ("review",),  # reopened
}
CLOSE_OUT = ("cause", "remedy", "persons_told", "report", "evidence")  # each a text; persons_told may say why not


class StepError(ValueError):
    """The step is not one that the life cycle knows from here; the message says which are."""


def list_alerts(
    session: Session, *, states: Sequence[str] = (), verdicts: Sequence[str] = (), levels: Sequence[int] = (), holder: str | None = None,
    line: str | None = None, since: datetime.datetime | None = None, limit: int = 1000,
) -> Sequence[Alert]:
    """Alerts with their incidents, the gravest and newest first; empty filters take all."""
    query = select(Alert).options(joinedload(Alert.incident)).order_by(Alert.level.desc(), Alert.last.desc(), Alert.id).limit(limit)
    for column, allowed in ((Alert.state, states), (Alert.verdict, verdicts), (Alert.level, levels)):
        if allowed:
            query = query.where(column.in_(allowed))
    if holder:
        query = query.where(Alert.holder == holder)
    if line:
        query = query.where(Alert.line == line)
    if since:
        query = query.where(Alert.last >= since)
    return session.scalars(query).all()


def find_alert(session: Session, number: str) -> Alert | None:
    """The alert with this number, with its incident."""
    return session.scalar(select(Alert).options(joinedload(Alert.incident)).where(Alert.number == number))


def list_incidents(session: Session, *, states: Sequence[str] = (), holder: str | None = None, limit: int = 1000) -> Sequence[Incident]:
    """Incidents with alerts and events, the gravest and newest first; empty filters take all."""
    query = select(Incident).options(selectinload(Incident.alerts), selectinload(Incident.events))
    if states:
        query = query.where(Incident.state.in_(states))
    if holder:
        query = query.where(Incident.holder == holder)
    return session.scalars(query.order_by(Incident.level.desc(), Incident.last.desc(), Incident.id).limit(limit)).all()


def find_incident(session: Session, number: str) -> Incident | None:
    """The incident with this number, with alerts and events."""
    query = select(Incident).options(selectinload(Incident.alerts), selectinload(Incident.events)).where(Incident.number == number)
    return session.scalar(query)


def assign_alert(engine: Engine, number: str, to: str | None) -> Alert:
    """Give the alert to an account, or to nobody. LookupError: no such alert."""
    with writing(engine) as session:
        alert = _alert(session, number)
        alert.assignee = to
    return alert


def mark_false(engine: Engine, number: str, reason: str, actor: str, now: datetime.datetime) -> Alert:
    """A false finding, and why; its incident keeps it on record but no longer counts it."""
    with writing(engine) as session:
        alert = _alert(session, number)
        alert.state, alert.state_reason, alert.updated_at = "false", f"{actor}: {_needed(reason)}", now
        if alert.incident is not None:
            incident = alert.incident
            record(session, incident, now, actor, "note", after=alert.number, reason=f"false finding: {reason.strip()}")
            session.flush()
            refresh(session, incident, _persons(incident), now)
    return alert


def triage(engine: Engine, number: str, reason: str, actor: str, now: datetime.datetime) -> Alert:
    """Looked at, and no incident needed."""
    with writing(engine) as session:
        alert = _alert(session, number)
        if alert.incident_id is not None:
            raise StepError(f"{number} belongs to an incident: act there")
        alert.state, alert.state_reason, alert.updated_at = "triaged", f"{actor}: {_needed(reason)}", now
    return alert


def open_incident(engine: Engine, number: str, actor: str, now: datetime.datetime) -> Incident:
    """Open an incident for this alert, or add it to the open one of the same holder and destination."""
    with writing(engine) as session:
        alert = _alert(session, number)
        incident, _ = attach(session, alert, grew=True, now=now, actor=actor)
        refresh(session, incident, _persons(incident), now)
    return incident


def assign(engine: Engine, number: str, to: str | None, actor: str, now: datetime.datetime) -> Incident:
    """Give the incident to an account, or to nobody."""
    with writing(engine) as session:
        incident = _incident(session, number)
        if incident.assignee != to:
            record(session, incident, now, actor, "assigned", before=incident.assignee or "", after=to or "")
            incident.assignee, incident.updated_at = to, now
    return incident


def add_note(engine: Engine, number: str, text: str, actor: str, now: datetime.datetime) -> Incident:
    """A remark in the incident's history."""
    with writing(engine) as session:
        incident = _incident(session, number)
        record(session, incident, now, actor, "note", reason=_needed(text))
        incident.updated_at = now
    return incident


def transition(
    engine: Engine, number: str, to: str, reason: str, actor: str, now: datetime.datetime, close_out: Mapping[str, str] | None = None
) -> Incident:
    """Move the incident on. Every step needs a reason; closing needs the whole close-out list.

    StepError: the life cycle has no such step, the list has a hole, or another incident of the pair is open.
    """
    with writing(engine) as session:
        incident = _incident(session, number)
        before = incident.state
        if to not in MOVES[before]:
            raise StepError(f"{number} is {before}: from there to {' or '.join(MOVES[before])}, not to {to!r}")
        _needed(reason)
        if to == "closed":
            _close(incident, close_out or {}, now)
        elif before == "closed":
            _reopen(session, incident)
        incident.state, incident.updated_at = to, now
        record(session, incident, now, actor, "moved", before=before, after=to, reason=reason.strip())
    return incident


def _close(incident: Incident, close_out: Mapping[str, str], now: datetime.datetime) -> None:
    missing = [key for key in CLOSE_OUT if not close_out.get(key, "").strip()]
    if missing:
        raise StepError(f"{incident.number} cannot be closed: missing {', '.join(missing)}")
    incident.close_out = {key: close_out[key].strip() for key in CLOSE_OUT}
    incident.closed_at, incident.open_key = now, None


def _reopen(session: Session, incident: Incident) -> None:
    key = f"{incident.holder}|{incident.destination}"
    other = session.scalar(select(Incident.number).where(Incident.open_key == key))
    if other is not None:
        raise StepError(f"{other} is already open for the same holder and destination")
    incident.closed_at, incident.open_key = None, key


def _persons(incident: Incident) -> Persons:
    """Bounds by the alerts alone (the correlator's next run narrows them with the ledger)."""
    alerts = [a for a in incident.alerts if a.state != "false"]
    pi = Bounds(max((a.pi_lower for a in alerts), default=0), sum(a.pi_upper for a in alerts))
    sensitive = Bounds(max((a.sensitive_lower for a in alerts), default=0), sum(a.sensitive_upper for a in alerts))
    return Persons(pi, sensitive)


def _alert(session: Session, number: str) -> Alert:
    alert = find_alert(session, number)
    if alert is None:
        raise LookupError(f"no alert {number}")
    return alert


def _incident(session: Session, number: str) -> Incident:
    incident = find_incident(session, number)
    if incident is None:
        raise LookupError(f"no incident {number}")
    return incident


def _needed(reason: str) -> str:
    if not reason.strip():
        raise StepError("a reason is needed")
    return reason.strip()
