"""Sign-in's parts: passwords, lock-out, sessions, where one may be sent, what a page's headers allow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from dashboards.access.gate import cookie_name
from dashboards.access.headers import Headers
from dashboards.access.lockout import CLOSED_FOR, TRIES, Lockout
from dashboards.access.passwords import hash_password, is_password, make_password
from dashboards.access.sessions import add_account, close_session, digest, find_viewer, first_account, is_open, open_session
from dashboards.access.sign_in import safe_next
from pipeline.supervision.accounts import WebSession
from pipeline.supervision.engine import open_engine, reading, upgrade

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def accounts(tmp_path: Path) -> Engine:
    engine = open_engine(tmp_path)
    upgrade(engine)
    return engine


def test_only_the_first_run_makes_an_account(accounts: Engine) -> None:
    made = first_account(accounts, "unit", "en")
    assert made is not None and made[0] == "regulator"
    assert first_account(accounts, "unit", "en") is None


def test_a_session_is_kept_by_its_hash_and_ends(accounts: Engine) -> None:
    password = add_account(accounts, "lin", "analyst")
    assert open_session(accounts, "lin", "wrong", "", 1) is None
    assert open_session(accounts, "nobody", password, "", 1) is None
    token, other = (open_session(accounts, "lin", password, "127.0.0.1", 1) for _ in range(2))
    assert token and other and token != other
    with reading(accounts) as db:
        kept = db.scalars(select(WebSession.token_hash)).all()
    assert set(kept) == {digest(token), digest(other)} and token not in kept
    viewer = find_viewer(accounts, token)
    assert (
        viewer is not None and viewer.account == "lin" and not viewer.may_act and viewer.may_open("flows") and not viewer.may_open("audit")
    )
    close_session(accounts, token)
    assert find_viewer(accounts, token) is None and not is_open(accounts, viewer.session)
    expired = open_session(accounts, "lin", password, "", -1)
    assert expired and find_viewer(accounts, expired) is None


def test_passwords_are_hashed_and_differ() -> None:
    password = make_password()
    kept = hash_password(password)
    assert password not in kept and kept.startswith("$argon2id$") and make_password() != password
    assert is_password(kept, password) and not is_password(kept, password + "x") and not is_password(None, password)


def test_five_wrong_passwords_close_a_name_known_or_not() -> None:
    lockout = Lockout()
    for _ in range(TRIES):
        assert lockout.until("Lin", NOW) is None
        lockout.fail("lin", NOW)
    assert lockout.until("LIN", NOW) == NOW + CLOSED_FOR
    assert lockout.until("lin", NOW + CLOSED_FOR) is None
    lockout.fail("lin", NOW + CLOSED_FOR + timedelta(seconds=1))
    assert lockout.until("lin", NOW + CLOSED_FOR + timedelta(seconds=1)) is None, "the count began again"
    lockout.clear("lin")
    assert lockout.until("other", NOW) is None


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", ""])
def test_nobody_is_sent_elsewhere_after_sign_in(path: str) -> None:
    assert safe_next(path) == ""


def test_ones_own_pages_are_reached_after_sign_in() -> None:
    assert safe_next("/alerts?level=4") == "/alerts?level=4"


def test_the_cookie_is_bound_to_the_host_where_https_allows_it() -> None:
    assert cookie_name(True).startswith("__Host-") and not cookie_name(False).startswith("__")


def test_scripts_of_a_page_get_the_nonce_and_only_html_is_held_back() -> None:
    body = b"<html><script>1</script><p>&lt;script&gt;</p></html>"

    async def page(scope, receive, send) -> None:  # noqa: ANN001, ARG001
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"text/html"), (b"content-length", b"9"), (b"set-cookie", b"a"), (b"set-cookie", b"b")],
            }
        )
        await send({"type": "http.response.body", "body": body[:10], "more_body": True})
        await send({"type": "http.response.body", "body": body[10:]})

    sent: list[dict] = []

    async def keep(message) -> None:  # noqa: ANN001
        sent.append(message)

    asyncio.run(Headers(page)({"type": "http", "path": "/"}, None, keep))  # type: ignore[arg-type]
    headers = sent[0]["headers"]
    rules = dict(headers)[b"content-security-policy"].decode()
    nonce = rules.split("'nonce-")[1].split("'")[0]
    assert sent[1]["body"].count(f'<script nonce="{nonce}"'.encode()) == 1 and b"&lt;script&gt;" in sent[1]["body"]
    assert (b"content-length", str(len(sent[1]["body"])).encode()) in headers and (b"content-length", b"9") not in headers
    assert [value for name, value in headers if name == b"set-cookie"] == [b"a", b"b"]
