"""What the registry says now: holders, their lines, their permissions and what changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from pipeline.registry.models import Holder, LineRecord, Permission, RegistryChange


def find_holder(session: Session, usci: str) -> Holder | None:
    """The holder with this identifier."""
    return session.scalar(select(Holder).where(Holder.usci == usci))


def list_holders(session: Session) -> Sequence[Holder]:
    """All holders by name."""
    return session.scalars(select(Holder).order_by(Holder.name)).all()


def list_lines(session: Session, active: bool | None = True) -> Sequence[LineRecord]:
    """Lines with their holders; active=None: those of earlier files too."""
    query = select(LineRecord).options(joinedload(LineRecord.holder)).order_by(LineRecord.line)
    if active is not None:
        query = query.where(LineRecord.active == active)
    return session.scalars(query).all()


def find_line(session: Session, line: str) -> LineRecord | None:
    """The line with this id, with its holder."""
    return session.scalar(select(LineRecord).options(joinedload(LineRecord.holder)).where(LineRecord.line == line))


def list_permissions(session: Session, usci: str | None = None) -> Sequence[Permission]:
    """Permissions not withdrawn, of one holder or of all, expired ones included (they say what once was allowed)."""
    query = select(Permission).options(joinedload(Permission.holder)).where(Permission.current).order_by(Permission.number)
    if usci is not None:
        query = query.join(Holder).where(Holder.usci == usci)
    return session.scalars(query).all()


def permission_versions(session: Session, number: str) -> Sequence[Permission]:
    """All versions of one permission, the newest first."""
    query = select(Permission).options(joinedload(Permission.holder)).where(Permission.number == number)
    return session.scalars(query.order_by(Permission.version.desc())).all()


def changes_of(session: Session, subject: str) -> Sequence[RegistryChange]:
    """History of "line …", "holder …" or "permission …", the newest first."""
    query = select(RegistryChange).options(joinedload(RegistryChange.source)).where(RegistryChange.subject == subject)
    return session.scalars(query.order_by(RegistryChange.id.desc())).all()
