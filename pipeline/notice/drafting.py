"""Notices in people's hands: drafted, filled in, signed by a second reader."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from pipeline.incident.cases import find_incident
from pipeline.incident.opening import record
from pipeline.notice.fields import fill_fields, missing
from pipeline.notice.models import Notice
from pipeline.notice.rendering import Sheet, render_html, render_pdf
from pipeline.notice.words import FIELDS
from pipeline.registry.lookup import find_holder
from pipeline.registry.models import Permission
from pipeline.supervision.engine import reading, writing
from pipeline.supervision.number import beijing_day, next_number


class UnresolvedError(ValueError):
    """The notice cannot be signed or sent as it is; the message says why."""


def draft(engine: Engine, incident_number: str, actor: str, now: datetime.datetime, share: float | None = None) -> Notice:
    """A new draft from the incident; `share` of outbound payload inspected, None where unknown. LookupError: no such incident."""
    with writing(engine) as session:
        incident = find_incident(session, incident_number)
        if incident is None:
            raise LookupError(f"no incident {incident_number}")
        alerts = [alert for alert in incident.alerts if alert.state != "false"]
        if not alerts:
            raise UnresolvedError(f"{incident_number} has no alert that stands: there is nothing to notify of")
        ids = [alert.permission_id for alert in alerts if alert.permission_id]
        permissions = {p.id: p for p in session.scalars(select(Permission).where(Permission.id.in_(ids)))}
        fields = fill_fields(incident, alerts, find_holder(session, incident.holder), permissions, share)
        notice = Notice(
            number=next_number(session, Notice.number, "N", beijing_day(now)), incident_id=incident.id, state="draft", fields=fields,
            drafted_by=actor, drafted_at=now, changed_by=[actor],
        )
        session.add(notice)
        session.flush()
        record(session, incident, now, actor, "notice", after=notice.number, reason="drafted")
    return notice


def fill(engine: Engine, number: str, texts: Mapping[str, Mapping[str, str]], actor: str) -> Notice:
    """Put texts {field: {"zh": …, "en": …}} into a draft; their source is the account. Whoever writes may not sign."""
    unknown = set(texts) - set(FIELDS)
    if unknown:
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    with writing(engine) as session:
        notice = _notice(session, number)
        if notice.state != "draft":
            raise UnresolvedError(f"{number} is {notice.state}: a signed text is not changed, draft a new notice")
        fields = dict(notice.fields)
        for field, text in texts.items():
            said = {lang: text.get(lang, fields[field][lang]).strip() for lang in ("zh", "en")}
            if said != {lang: fields[field][lang] for lang in ("zh", "en")}:
                fields[field] = {**said, "source": f"account {actor}"}
        if fields != notice.fields:
            notice.fields = fields
            notice.changed_by = sorted({*notice.changed_by, actor})
    return notice


def sign(engine: Engine, number: str, actor: str, now: datetime.datetime) -> Notice:
    """The second reader's signature: freezes the text, in HTML and PDF. UnresolvedError: missing fields, or the reader wrote in it."""
    with reading(engine) as session:
        notice = _notice(session, number)
        _signable(notice, actor)
        sheets = {lang: Sheet(notice, lang, actor, now, signed_by=actor) for lang in ("zh", "en")}
    pages = {lang: render_html(sheet) for lang, sheet in sheets.items()}
    prints = {lang: render_pdf(page) for lang, page in pages.items()}  # a second's work: outside of the transaction
    read = notice.fields
    with writing(engine) as session:
        notice = _notice(session, number)
        _signable(notice, actor)
        if notice.fields != read:
            raise UnresolvedError(f"{number} was changed while you read it: read it again")
        notice.html_zh, notice.html_en, notice.pdf_zh, notice.pdf_en = pages["zh"], pages["en"], prints["zh"], prints["en"]
        notice.state, notice.signed_by, notice.signed_at = "signed", actor, now
        record(session, notice.incident, now, actor, "notice", after=number, reason="signed")
    return notice


def _signable(notice: Notice, actor: str) -> None:
    if notice.state != "draft":
        raise UnresolvedError(f"{notice.number} is {notice.state} already")
    left = missing(notice.fields)
    if left:
        raise UnresolvedError(f"{notice.number} lacks {', '.join(left)}")
    if actor in notice.changed_by:
        raise UnresolvedError(f"{actor} wrote in {notice.number}: another account signs")


def list_notices(session: Session, *, states: Sequence[str] = (), incident: str | None = None) -> Sequence[Notice]:
    """Notices with incident and deliveries, the newest first."""
    query = select(Notice).options(selectinload(Notice.deliveries), selectinload(Notice.incident)).order_by(Notice.id.desc())
    if states:
        query = query.where(Notice.state.in_(states))
    if incident:
        query = query.where(Notice.incident.has(number=incident))
    return session.scalars(query).all()


def find_notice(session: Session, number: str) -> Notice | None:
    """The notice with this number, with incident and deliveries."""
    query = select(Notice).options(selectinload(Notice.deliveries), selectinload(Notice.incident)).where(Notice.number == number)
    return session.scalar(query)


def _notice(session: Session, number: str) -> Notice:
    notice = find_notice(session, number)
    if notice is None:
        raise LookupError(f"no notice {number}")
    return notice
