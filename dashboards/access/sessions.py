"""Sessions: a random token in the browser, its SHA-256 in the database, new at every sign-in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, select

from dashboards.access.passwords import hash_password, is_password, make_password
from dashboards.access.viewer import Viewer
from pipeline.supervision.accounts import Account, WebSession
from pipeline.supervision.engine import reading, writing


def digest(token: str) -> str:
    """What of a token is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def utc_now() -> datetime:
    """Now, the way supervision takes its moments."""
    return datetime.now(UTC)


def add_account(engine: Engine, name: str, role: str, unit: str = "", language: str = "zh") -> str:
    """A new account; returns the password that was made for it, to be shown once."""
    password = make_password()
    with writing(engine) as db:
        db.add(
            Account(name=name, password_hash=hash_password(password), role=role, unit=unit, language=language, theme="light", last_from="")
        )
    return password


def first_account(engine: Engine, unit: str, language: str) -> tuple[str, str] | None:
    """On the first run an account `regulator` and its password; None once any account exists."""
    with reading(engine) as db:
        if db.scalar(select(Account.id).limit(1)) is not None:
            return None
    return "regulator", add_account(engine, "regulator", "regulator", unit, language)


def open_session(engine: Engine, name: str, password: str, address: str, hours: float) -> str | None:
    """The token of a new session, or None where name or password is wrong."""
    now = utc_now()
    with writing(engine) as db:
        account = db.scalar(select(Account).where(Account.name == name))
        if not is_password(account.password_hash if account else None, password) or account is None:
            return None
        token = secrets.token_urlsafe(32)
        db.execute(delete(WebSession).where(WebSession.ends_at < now))
        db.add(
            WebSession(
                token_hash=digest(token), account_id=account.id, made_at=now, ends_at=now + timedelta(hours=hours), from_address=address
            )
        )
        account.last_at, account.last_from = now, address
        return token


def find_viewer(engine: Engine, token: str) -> Viewer | None:
    """Whose session the token is; None where it is unknown, ended or revoked."""
    with reading(engine) as db:
        found = db.execute(
            select(Account, WebSession.id)
            .join(WebSession, WebSession.account_id == Account.id)
            .where(WebSession.token_hash == digest(token), WebSession.ends_at > utc_now())
        ).first()
        if found is None:
            return None
        account, session = found
        return Viewer(account.name, account.role, account.unit, account.language, account.theme, session)


def is_open(engine: Engine, session: int) -> bool:
    """Whether a session still holds: asked again before every act that comes over the socket."""
    with reading(engine) as db:
        return db.scalar(select(WebSession.id).where(WebSession.id == session, WebSession.ends_at > utc_now())) is not None


def close_session(engine: Engine, token: str) -> None:
    """Sign out."""
    with writing(engine) as db:
        db.execute(delete(WebSession).where(WebSession.token_hash == digest(token)))
