"""The notices' outbox: queued in the database, tried until they arrive, each attempt and the receipt kept.

At least once: a crash between the other side's answer and our writing it down sends again, under the same Message-ID or
Guankou-Delivery, so that the other side can tell.
"""

from __future__ import annotations

import datetime
from email.utils import parseaddr
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Engine, select
from sqlalchemy.orm import joinedload, undefer

from pipeline.incident.opening import record
from pipeline.notice.channels import AttemptError, SmtpSettings, WebhookSettings, post_webhook, send_mail
from pipeline.notice.drafting import UnresolvedError, find_notice
from pipeline.notice.fields import missing
from pipeline.notice.models import Delivery, Notice
from pipeline.supervision.engine import writing

FIRST_WAIT_S = 60.0
LONGEST_WAIT_S = 3600.0
ATTEMPTS = 12
LEASE_S = 120.0  # while one process tries, no other one does


class Delivered(NamedTuple):
    """What one round did."""

    sent: int
    waiting: int  # failed for now, will be tried again
    failed: int   # given up


def queue(engine: Engine, number: str, channel: str, address: str, now: datetime.datetime, actor: str) -> Delivery:
    """Put a signed notice on its way. UnresolvedError: not signed, or a field is open; ValueError: no such address."""
    _check_address(channel, address)
    with writing(engine) as session:
        notice = find_notice(session, number)
        if notice is None:
            raise LookupError(f"no notice {number}")
        if notice.state == "draft" or missing(notice.fields):
            raise UnresolvedError(f"{number} is not signed: it is not sent")
        delivery = Delivery(notice_id=notice.id, channel=channel, address=address, state="queued", attempts=0, next_at=now, created_at=now)
        session.add(delivery)
        record(session, notice.incident, now, actor, "notice", after=number, reason=f"queued: {channel} {address}")
    return delivery


def _check_address(channel: str, address: str) -> None:
    if any(c.isspace() for c in address):
        raise ValueError("an address has no spaces")
    if channel == "smtp":
        if parseaddr(address)[1] != address or address.count("@") != 1 or not address.isascii():
            raise ValueError(f"no mail address: {address!r}")
    elif channel == "webhook":
        url = urlsplit(address)
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in ("127.0.0.1", "::1", "localhost")):
            raise ValueError(f"a webhook is https (http on this host only): {address!r}")
        if not url.hostname or url.username:
            raise ValueError(f"no webhook address: {address!r}")
    else:
        raise ValueError(f"no channel {channel!r}: smtp or webhook")


def deliver_due(engine: Engine, smtp: SmtpSettings | None, webhook: WebhookSettings | None, now: datetime.datetime) -> Delivered:
    """Try every delivery that is due; the network is never waited for inside a transaction."""
    outcomes = [_deliver(engine, delivery_id, smtp, webhook, now) for delivery_id in _take_due(engine, now)]
    return Delivered(*(outcomes.count(state) for state in ("sent", "queued", "failed")))


def _take_due(engine: Engine, now: datetime.datetime) -> list[int]:
    with writing(engine) as session:
        due = session.scalars(select(Delivery).where(Delivery.state == "queued", Delivery.next_at <= now).order_by(Delivery.id)).all()
        for delivery in due:
            delivery.next_at = now + datetime.timedelta(seconds=LEASE_S)
            delivery.attempts += 1
        return [delivery.id for delivery in due]


def _deliver(
    engine: Engine, delivery_id: int, smtp: SmtpSettings | None, webhook: WebhookSettings | None, now: datetime.datetime
) -> str:
    with writing(engine) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == delivery_id)).one()
        notice = session.scalars(
            select(Notice).where(Notice.id == delivery.notice_id)
            .options(undefer(Notice.pdf_zh), undefer(Notice.pdf_en), joinedload(Notice.incident))
        ).one()
    try:
        receipt = _attempt(notice, delivery, smtp, webhook, now)
    except AttemptError as error:
        return _fail(engine, delivery_id, error, now)
    return _arrive(engine, delivery_id, receipt, now)


def _attempt(
    notice: Notice, delivery: Delivery, smtp: SmtpSettings | None, webhook: WebhookSettings | None, now: datetime.datetime
) -> dict[str, Any]:
    if notice.state == "draft" or missing(notice.fields):
        raise AttemptError(f"{notice.number} is not signed", final=True)
    if delivery.channel == "smtp":
        if smtp is None:
            raise AttemptError("no mail server is set (settings: smtp)", final=False)
        return send_mail(notice, delivery, smtp)
    if webhook is None:
        raise AttemptError("no webhook secret is set (settings: webhook)", final=False)
    return post_webhook(notice, delivery, webhook, now)


def _fail(engine: Engine, delivery_id: int, error: AttemptError, now: datetime.datetime) -> str:
    with writing(engine) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == delivery_id)).one()
        delivery.last_error = str(error)[:500]
        wait_s = min(FIRST_WAIT_S * 2 ** (delivery.attempts - 1), LONGEST_WAIT_S)
        delivery.next_at = now + datetime.timedelta(seconds=wait_s)
        if error.final or delivery.attempts >= ATTEMPTS:
            delivery.state = "failed"
            notice = delivery.notice
            if notice.state == "signed" and all(d.state == "failed" for d in notice.deliveries):
                notice.state = "failed"
            record(session, notice.incident, now, "system", "notice", after=notice.number, reason=f"failed: {delivery.last_error}")
        return delivery.state


def _arrive(engine: Engine, delivery_id: int, receipt: dict[str, Any], now: datetime.datetime) -> str:
    with writing(engine) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.id == delivery_id)).one()
        delivery.state, delivery.sent_at, delivery.last_error = "sent", now, ""
        delivery.receipt = {**receipt, "at": now.isoformat()}
        notice, incident = delivery.notice, delivery.notice.incident
        notice.state = "sent"
        if incident.holder_told_at is None:
            incident.holder_told_at = now
        record(session, incident, now, "system", "notice", after=notice.number, reason=f"arrived: {delivery.channel} {delivery.address}")
        return delivery.state
