"""An incident to notify of, and the two real servers a notice may arrive at."""

from __future__ import annotations

import datetime
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine

from pipeline.incident.models import Alert, Incident
from pipeline.notice.drafting import draft, fill, sign
from pipeline.notice.models import Notice
from pipeline.registry.models import Holder
from pipeline.supervision.engine import writing

USCI = "91350100M000100Y43"
NOON = datetime.datetime(2026, 11, 23, 4, tzinfo=datetime.UTC)
BY_HAND = {"remedy": {"zh": "已要求停止传输。", "en": "Told to stop."}, "contact": {"zh": "值班电话 010-0000", "en": "Duty desk 010-0000"}}


@pytest.fixture
def incident(engine: Engine) -> str:
    """Number of an incident with one alert of 300 persons; its server's name is hostile."""
    alert = Alert(
        number="A-20261123-0001", holder=USCI, line="L-1", destination="TW", evidence="seen", day=NOON.date(), verdict="none", level=3,
        article="《促进和规范数据跨境流动规定》第八条", article_en="CAC Order 16 Art. 8", rule_pack="order16-2024/1",
        findings=3, partial=False,
        obligation={"duty": "contract", "possible": "contract", "suspected": False, "reasons": []}, comparison=[], addresses=[],
        signatures={"passport": {"level": "sensitive", "class": "身份", "tier": 3, "count": 300, "subjects": 300},
                    "mobile": {"level": "pi", "class": "基本", "tier": 3, "count": 300, "subjects": 300}},
        servers=["<script>alert(1)</script>"], first=NOON, last=NOON, state="incident", created_at=NOON, updated_at=NOON,
        pi_lower=0, pi_upper=0, sensitive_lower=300, sensitive_upper=300,
    )
    case = Incident(
        number="I-20261123-0001", holder=USCI, destination="TW", open_key=f"{USCI}|TW", state="review", verdict="none", level=3,
        article=alert.article, article_en=alert.article_en, rule_pack=alert.rule_pack, first=NOON, last=NOON, learned_at=NOON,
        created_at=NOON, updated_at=NOON, alerts=[alert], sensitive_lower=300, sensitive_upper=300,
    )
    with writing(engine) as session:
        session.add_all([Holder(usci=USCI, name="远帆<b>航空</b>", name_en="Yuanfan & Sons"), case])
    return case.number


@pytest.fixture
def signed(engine: Engine, incident: str) -> Notice:
    """A notice drafted by reg1, filled in, signed by reg2."""
    notice = draft(engine, incident, "reg1", NOON, share=0.713)
    fill(engine, notice.number, BY_HAND, "reg1")
    return sign(engine, notice.number, "reg2", NOON)


class Mailbox:
    """What a mail server took, and what it answers."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.rcpt, self.data = "250 OK", "250 taken as q-17"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.mails.append(envelope)
        return self.data


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, Controller]]:
    """A real mail server on this host."""
    box = Mailbox()
    with socket.socket() as free:  # aiosmtpd probes the port that it was told, so "any" will not do
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, controller
    controller.stop()


class Hook(ThreadingHTTPServer):
    """A receiving side: keeps what came, answers what it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.location = 200, ""
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/notices"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        answer = b'{"receipt": "R-1"}'
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815 - what a followed redirect would ask

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A real HTTP server on this host."""
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
