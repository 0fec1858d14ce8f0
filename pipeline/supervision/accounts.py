"""Who may look and what they did: accounts, their web sessions, the audit trail.

A password is kept as its Argon2 hash; a session as the SHA-256 of its token, so that the database opens no door.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.supervision.base import Base

ROLES = ("regulator", "analyst", "operator", "auditor")


class Account(Base):
    """One person's account; never shared, so that two signatures are two persons."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(80), default="")
    language: Mapped[str] = mapped_column(String(8), default="zh")
    theme: Mapped[str] = mapped_column(String(8), default="light")
    flow_columns: Mapped[str] = mapped_column(Text, default="", server_default="")  # of the flows' grid; empty: the usual ones
    last_at: Mapped[datetime | None]
    last_from: Mapped[str] = mapped_column(String(64), default="")


class WebSession(Base):
    """One signed-in browser; a row deleted is a session revoked."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    from_address: Mapped[str] = mapped_column(String(64), default="")


class AuditEntry(Base):
    """One thing an account did or saw; lines are added, never changed."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    account: Mapped[str] = mapped_column(String(64), index=True)
    from_address: Mapped[str] = mapped_column(String(64), default="")
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(255), default="")
    result: Mapped[str] = mapped_column(String(32), default="done")
    detail: Mapped[str] = mapped_column(Text, default="")
