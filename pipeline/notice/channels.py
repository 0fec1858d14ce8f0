"""The two ways out: mail by SMTP, and a webhook whose body is signed. One attempt each; whether to try again is the outbox's matter."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.notice.models import Delivery, Notice
from pipeline.notice.words import FIELDS, PAGE, say

ANSWER_OCTETS = 2_000  # of the other side's answer kept in the receipt


class SmtpSettings(BaseModel):
    """The mail server that takes notices."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    sender: str = Field(min_length=3)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = Field("", repr=False)
    wait_s: float = Field(20.0, gt=0)


class WebhookSettings(BaseModel):
    """The secret shared with the receiving side; bodies are signed with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    secret: str = Field(min_length=16, repr=False)
    wait_s: float = Field(20.0, gt=0)


class AttemptError(Exception):
    """An attempt that failed; `final` when trying again would be in vain."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


def send_mail(notice: Notice, delivery: Delivery, settings: SmtpSettings) -> dict[str, Any]:
    """Hand the notice to the mail server; the receipt is its answer. AttemptError otherwise."""
    message = write_mail(notice, delivery, settings.sender)
    try:
        with _connect(settings) as server:
            server.ehlo_or_helo_if_needed()
            _expect(server.mail(settings.sender), "MAIL FROM")
            _expect(server.rcpt(delivery.address), "RCPT TO")
            code, answer = server.data(message.as_bytes(policy=SMTP))
            _expect((code, answer), "DATA")
    except (OSError, smtplib.SMTPException) as error:
        raise AttemptError(f"{settings.host}:{settings.port}: {error}", final=False) from error
    return {"message_id": message["Message-ID"], "code": code, "answer": answer.decode("utf-8", "replace")[:ANSWER_OCTETS]}


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.wait_s, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.wait_s)
    try:
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user:
            server.login(settings.user, settings.password)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _expect(answer: tuple[int, bytes], what: str) -> None:
    code, text = answer
    if not 200 <= code < 300:
        raise AttemptError(f"{what}: {code} {text.decode('utf-8', 'replace')[:ANSWER_OCTETS]}", final=500 <= code < 600)


def write_mail(notice: Notice, delivery: Delivery, sender: str) -> EmailMessage:
    """The mail: both languages in short, both documents attached. The same delivery has the same Message-ID in every attempt."""
    message = EmailMessage()
    message["From"], message["To"] = sender, delivery.address
    message["Subject"] = f"{say(PAGE['title'], 'zh')} {notice.number} / {say(PAGE['title'], 'en')}"
    message["Message-ID"] = f"<{notice.number}.{delivery.id}@{sender.rpartition('@')[2]}>"
    text = [f"{say(FIELDS[key], lang)}: {notice.fields[key][lang]}" for lang in ("zh", "en") for key in ("what", "demand", "contact")]
    message.set_content("\n\n".join(text))
    for lang, document in (("zh", notice.pdf_zh), ("en", notice.pdf_en)):
        message.add_attachment(document or b"", maintype="application", subtype="pdf", filename=f"{notice.number}.{lang}.pdf")
    return message


def post_webhook(notice: Notice, delivery: Delivery, settings: WebhookSettings, now: datetime.datetime) -> dict[str, Any]:
    """Post the notice; the receipt is status and answer. Redirects are not followed. AttemptError otherwise."""
    body, stamp = write_body(notice), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8", "Guankou-Delivery": f"{notice.number}.{delivery.id}",
        "Guankou-Timestamp": stamp, "Guankou-Signature": sign_body(settings.secret, stamp, body),
    }
    request = urllib.request.Request(delivery.address, data=body, headers=headers, method="POST")  # noqa: S310 - checked when queued
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=settings.wait_s) as response:
            answer = response.read(ANSWER_OCTETS)
            return {"status": response.status, "answer": answer.decode("utf-8", "replace"), "body_sha256": hashlib.sha256(body).hexdigest()}
    except urllib.error.HTTPError as error:
        again = error.code in (408, 425, 429) or error.code >= 500
        raise AttemptError(f"HTTP {error.code} {error.reason}", final=not again) from error
    except OSError as error:
        raise AttemptError(str(error), final=False) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A signed body goes where it was sent, nowhere else."""
        return


def write_body(notice: Notice) -> bytes:
    """The webhook's body: the fields and both documents."""
    documents = {lang: base64.b64encode(document or b"").decode() for lang, document in (("zh", notice.pdf_zh), ("en", notice.pdf_en))}
    said = {"number": notice.number, "incident": notice.incident.number, "signed_by": notice.signed_by,
            "fields": notice.fields, "pdf": documents}
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()


def sign_body(secret: str, stamp: str, body: bytes) -> str:
    """v1=hex of HMAC-SHA256 over "timestamp.body"; the timestamp is Unix seconds, so that an old body cannot be played again."""
    return "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify_body(secret: str, stamp: str, body: bytes, signature: str, now: datetime.datetime, tolerance_s: float = 300.0) -> bool:
    """What a receiver checks: the signature, and that it was made just now."""
    fresh = stamp.isdigit() and abs(now.timestamp() - int(stamp)) <= tolerance_s
    return fresh and hmac.compare_digest(sign_body(secret, stamp, body), signature)
