"""Notices on their way: a real mail server, a real HTTP server, and each of their refusals."""

from __future__ import annotations

import datetime
import email
import email.policy
import json
import socket
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.incident.cases import find_incident
from pipeline.notice.channels import SmtpSettings, WebhookSettings, sign_body, verify_body
from pipeline.notice.drafting import find_notice
from pipeline.notice.models import Delivery, Notice
from pipeline.notice.outbox import ATTEMPTS, deliver_due, queue
from pipeline.supervision.engine import reading, writing

NOON = datetime.datetime(2026, 11, 23, 4, tzinfo=datetime.UTC)
SECRET = "0123456789abcdef0123"
HOOK = WebhookSettings(secret=SECRET, wait_s=5)


def after(minutes: float) -> datetime.datetime:
    return NOON + datetime.timedelta(minutes=minutes)


def smtp(controller: Any) -> SmtpSettings:
    return SmtpSettings(host="127.0.0.1", port=controller.port, sender="notice@guankou.example", security="none", wait_s=5)


def read(engine: Engine, number: str) -> tuple[Notice, Delivery]:
    with reading(engine) as session:
        notice = find_notice(session, number)
        assert notice is not None
        return notice, notice.deliveries[0]


def test_mail_arrives_once_with_its_receipt(engine: Engine, signed: Notice, mail: Any) -> None:
    box, controller = mail
    queue(engine, signed.number, "smtp", "duty@holder.example", NOON, "reg1")
    assert deliver_due(engine, smtp(controller), None, NOON) == (1, 0, 0)
    assert deliver_due(engine, smtp(controller), None, after(600)) == (0, 0, 0)
    (envelope,) = box.mails
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (envelope.rcpt_tos, message["To"]) == (["duty@holder.example"], "duty@holder.example")
    assert signed.number in message["Subject"] and "个人信息出境安全事件通报" in message["Subject"]
    files = [(part.get_filename(), part.get_content()[:4]) for part in message.iter_attachments()]
    assert files == [(f"{signed.number}.zh.pdf", b"%PDF"), (f"{signed.number}.en.pdf", b"%PDF")]
    assert "300 人" in message.get_body().get_content()
    notice, delivery = read(engine, signed.number)
    assert (notice.state, delivery.state, delivery.sent_at, delivery.attempts) == ("sent", "sent", NOON, 1)
    assert delivery.receipt is not None
    assert (delivery.receipt["code"], delivery.receipt["answer"]) == (250, "taken as q-17")
    assert delivery.receipt["message_id"] == message["Message-ID"]


def test_arrival_starts_the_holders_clocks_once(engine: Engine, signed: Notice, hook: Any) -> None:
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    deliver_due(engine, None, HOOK, after(1))
    queue(engine, signed.number, "webhook", hook.address, after(2), "reg1")
    deliver_due(engine, None, HOOK, after(3))
    with reading(engine) as session:
        incident = find_incident(session, "I-20261123-0001")
        assert incident is not None
        assert incident.holder_told_at == after(1)
        assert sum("arrived" in e.reason for e in incident.events) == 2


def test_a_webhook_is_signed(engine: Engine, signed: Notice, hook: Any) -> None:
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    assert deliver_due(engine, None, HOOK, NOON) == (1, 0, 0)
    ((path, headers, body),) = hook.got
    stamp, signature = headers["Guankou-Timestamp"], headers["Guankou-Signature"]
    assert path == "/notices" and stamp == str(int(NOON.timestamp()))
    assert verify_body(SECRET, stamp, body, signature, NOON)
    assert not verify_body("another secret of length", stamp, body, signature, NOON)
    assert not verify_body(SECRET, stamp, body + b" ", signature, NOON)
    assert not verify_body(SECRET, str(int(stamp) + 1), body, signature, NOON)
    assert not verify_body(SECRET, stamp, body, signature, after(6))        # played again later
    assert not verify_body(SECRET, "now", body, sign_body(SECRET, "now", body), NOON)
    said = json.loads(body)
    assert (said["number"], said["incident"], said["signed_by"]) == (signed.number, "I-20261123-0001", "reg2")
    _, delivery = read(engine, signed.number)
    assert delivery.receipt is not None and delivery.receipt["answer"] == '{"receipt": "R-1"}'


def test_a_server_that_fails_is_tried_again_with_growing_waits(engine: Engine, signed: Notice, hook: Any) -> None:
    hook.status = 503
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    waits, now = [], NOON
    for _ in range(4):
        assert deliver_due(engine, None, HOOK, now) == (0, 1, 0)
        _, delivery = read(engine, signed.number)
        waits.append((delivery.next_at - now).total_seconds())
        assert deliver_due(engine, None, HOOK, delivery.next_at - datetime.timedelta(seconds=1)) == (0, 0, 0)  # not due yet
        now = delivery.next_at
    assert waits == [60, 120, 240, 480]
    assert "503" in delivery.last_error
    hook.status = 200
    assert deliver_due(engine, None, HOOK, now) == (1, 0, 0)
    keys = {headers["Guankou-Delivery"] for _, headers, _ in hook.got}
    assert len(hook.got) == 5 and len(keys) == 1  # the other side can tell that it is the same one
    notice, delivery = read(engine, signed.number)
    assert (notice.state, delivery.state, delivery.last_error, delivery.attempts) == ("sent", "sent", "", 5)


def test_it_is_given_up_after_enough_attempts(engine: Engine, signed: Notice) -> None:
    with socket.socket() as closed:  # bound and not listening: refused at once
        closed.bind(("127.0.0.1", 0))
        settings = SmtpSettings(host="127.0.0.1", port=closed.getsockname()[1], sender="n@guankou.example", security="none", wait_s=2)
        queue(engine, signed.number, "smtp", "duty@holder.example", NOON, "reg1")
        outcomes = [deliver_due(engine, settings, None, after(120 * k)) for k in range(ATTEMPTS + 1)]
    assert outcomes == [(0, 1, 0)] * (ATTEMPTS - 1) + [(0, 0, 1), (0, 0, 0)]
    notice, delivery = read(engine, signed.number)
    assert (notice.state, delivery.state) == ("failed", "failed")
    with reading(engine) as session:
        incident = find_incident(session, "I-20261123-0001")
        assert incident is not None and incident.holder_told_at is None
        assert any(e.reason.startswith("failed: ") for e in incident.events)


@pytest.mark.parametrize(("status", "state"), [(400, "failed"), (404, "failed"), (408, "queued"), (429, "queued"), (500, "queued")])
def test_refusals_of_a_webhook(engine: Engine, signed: Notice, hook: Any, status: int, state: str) -> None:
    hook.status = status
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    deliver_due(engine, None, HOOK, NOON)
    assert read(engine, signed.number)[1].state == state


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(engine: Engine, signed: Notice, hook: Any, status: int) -> None:
    hook.status, hook.location = status, hook.address.replace("/notices", "/elsewhere")
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    assert deliver_due(engine, None, HOOK, NOON) == (0, 0, 1)
    assert [path for path, _, _ in hook.got] == ["/notices"]


@pytest.mark.parametrize(("rcpt", "data", "state"), [
    ("550 no such box", "250 OK", "failed"), ("451 later", "250 OK", "queued"), ("250 OK", "554 refused", "failed"),
    ("250 OK", "452 full", "queued"),
])
def test_refusals_of_a_mail_server(engine: Engine, signed: Notice, mail: Any, rcpt: str, data: str, state: str) -> None:
    box, controller = mail
    box.rcpt, box.data = rcpt, data
    queue(engine, signed.number, "smtp", "duty@holder.example", NOON, "reg1")
    deliver_due(engine, smtp(controller), None, NOON)
    notice, delivery = read(engine, signed.number)
    assert (delivery.state, notice.state, box.mails) == (state, "failed" if state == "failed" else "signed", [])
    assert delivery.last_error


def test_starttls_is_not_given_up_silently(engine: Engine, signed: Notice, mail: Any) -> None:
    box, controller = mail
    settings = smtp(controller).model_copy(update={"security": "starttls"})
    queue(engine, signed.number, "smtp", "duty@holder.example", NOON, "reg1")
    assert deliver_due(engine, settings, None, NOON) == (0, 1, 0)
    assert box.mails == [] and "STARTTLS" in read(engine, signed.number)[1].last_error


def test_without_settings_it_waits_and_says_why(engine: Engine, signed: Notice, hook: Any) -> None:
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    assert deliver_due(engine, None, None, NOON) == (0, 1, 0)
    assert "no webhook secret" in read(engine, signed.number)[1].last_error


def test_while_one_process_tries_no_other_does(engine: Engine, signed: Notice, hook: Any) -> None:
    from pipeline.notice.outbox import _take_due

    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    assert len(_take_due(engine, NOON)) == 1          # one process has it, and dies
    assert deliver_due(engine, None, HOOK, after(1)) == (0, 0, 0)
    assert deliver_due(engine, None, HOOK, after(3)) == (1, 0, 0)  # its lease is over


def test_a_draft_never_leaves_even_from_the_outbox(engine: Engine, signed: Notice, hook: Any) -> None:
    queue(engine, signed.number, "webhook", hook.address, NOON, "reg1")
    with writing(engine) as session:
        notice = find_notice(session, signed.number)
        assert notice is not None
        notice.fields = {**notice.fields, "contact": {"zh": "", "en": "", "source": ""}}
    assert deliver_due(engine, None, HOOK, NOON) == (0, 0, 1)
    assert hook.got == []


@pytest.mark.parametrize(("channel", "address"), [
    ("smtp", "nobody"), ("smtp", "a@b.example\r\nBcc: c@d.example"), ("smtp", "A <a@b.example>"), ("smtp", "a@b@c.example"),
    ("webhook", "http://example.org/x"), ("webhook", "ftp://example.org"), ("webhook", "https://user:pw@example.org/"),
    ("webhook", "https:///x"), ("fax", "1234"),
])
def test_addresses_that_are_none(engine: Engine, signed: Notice, channel: str, address: str) -> None:
    with pytest.raises(ValueError, match="address|channel|webhook"):
        queue(engine, signed.number, channel, address, NOON, "reg1")
