"""Files into the supervision database: all of it or nothing, with the change of each holder, line and permission."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline.registry.files import HolderEntry, LineEntry, LinesFile, PermissionEntry, PermissionsFile, read_file
from pipeline.registry.models import Holder, LineRecord, Permission, RegistryChange, RegistryImport
from pipeline.supervision.engine import writing

_NOT_CONTENT = {"id", "version", "current", "recorded_at", "withdrawn_at"}


def load_registry(
    engine: Engine, lines: Path | None, permissions: Path | None, now: datetime.datetime, actor: str = "system"
) -> list[RegistryImport]:
    """Take both files in, in one transaction; the imports that changed something.

    A line or permission that its file no longer names becomes inactive or withdrawn: nothing is deleted.
    ValueError names file and key; then the database is as before.
    """
    read_lines = read_file(lines, LinesFile) if lines else None
    read_permissions = read_file(permissions, PermissionsFile) if permissions else None
    done = []
    with writing(engine) as session:
        if lines and read_lines:
            done.append(_take_lines(session, read_lines[0], _entry("lines", lines, read_lines[1], now, actor)))
        if permissions and read_permissions:
            source = _entry("permissions", permissions, read_permissions[1], now, actor)
            done.append(_take_permissions(session, read_permissions[0], source, permissions))
        changed = [source for source in done if source.changes]
        session.add_all(changed)
    return changed


def _entry(kind: str, path: Path, octets: bytes, now: datetime.datetime, actor: str) -> RegistryImport:
    return RegistryImport(at=now, actor=actor, kind=kind, file=path.name, digest=hashlib.sha256(octets).hexdigest())


def content(row: Holder | LineRecord | Permission) -> dict[str, Any]:
    """What a row says, as JSON; without its own bookkeeping."""
    values = {key: getattr(row, key) for key in type(row).__table__.columns.keys() if key not in _NOT_CONTENT}  # noqa: SIM118
    return {key: value.isoformat() if isinstance(value, datetime.date) else value for key, value in values.items()}


def _note(source: RegistryImport, subject: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    if before != after:
        source.changes.append(RegistryChange(subject=subject, before=before, after=after))


def _take_lines(session: Session, file: LinesFile, source: RegistryImport) -> RegistryImport:
    known = {row.line: row for row in session.scalars(select(LineRecord))}
    for entry in file.line:
        holder = _put_holder(session, entry.holder.usci, {"name": entry.holder.name, "name_en": entry.holder.name_en}, source)
        row = known.pop(entry.id, None)
        before = content(row) if row else None
        row = row or LineRecord(line=entry.id)
        for key, value in _line_values(entry).items():
            setattr(row, key, value)
        row.holder_id = holder.id
        session.add(row)
        session.flush()
        _note(source, f"line {entry.id}", before, content(row))
    for row in known.values():
        before = content(row)
        row.active = False
        _note(source, f"line {row.line}", before, content(row))
    return source


def _line_values(entry: LineEntry) -> dict[str, Any]:
    values = entry.model_dump(mode="json", by_alias=True, exclude={"id", "holder", "any"})
    return {**values, "active": True}


def _put_holder(session: Session, usci: str, values: dict[str, Any], source: RegistryImport) -> Holder:
    row = session.scalar(select(Holder).where(Holder.usci == usci))
    before = content(row) if row else None
    row = row or Holder(usci=usci, ciio=False, ftz=False, green_channel=False)
    for key, value in values.items():
        setattr(row, key, value)
    session.add(row)
    session.flush()
    _note(source, f"holder {usci}", before, content(row))
    return row


def _take_permissions(session: Session, file: PermissionsFile, source: RegistryImport, path: Path) -> RegistryImport:
    for place, holder in enumerate(file.holder):
        known = session.scalar(select(Holder).where(Holder.usci == holder.usci))
        named_by_line = known is not None and any(line.active for line in known.lines)
        if known is None and not holder.name:
            raise ValueError(f"{path}: holder.{place}.name: missing, and no line names {holder.usci}")
        if known is not None and named_by_line and holder.name not in ("", known.name):
            raise ValueError(f"{path}: holder.{place}.name: {holder.name!r}, but its lines call it {known.name!r}")
        _put_holder(session, holder.usci, _holder_values(holder), source)
    current = {row.number: row for row in session.scalars(select(Permission).where(Permission.current))}
    for place, entry in enumerate(file.permission):
        owner = session.scalar(select(Holder).where(Holder.usci == entry.holder))
        if owner is None:
            raise ValueError(f"{path}: permission.{place}.holder: {entry.holder} is neither a [[holder]] here nor the holder of a line")
        _put_permission(session, entry, owner, current.pop(entry.number, None), source)
    for row in current.values():
        row.current, row.withdrawn_at = False, source.at
        _note(source, f"permission {row.number}", content(row), None)
    return source


def _holder_values(entry: HolderEntry) -> dict[str, Any]:
    values = entry.model_dump(exclude={"usci"})
    return {key: value for key, value in values.items() if value != ""}  # a name left out stays as its lines give it


def _put_permission(session: Session, entry: PermissionEntry, owner: Holder, old: Permission | None, source: RegistryImport) -> None:
    plain = entry.model_dump(mode="json")
    new = Permission(
        number=entry.number, kind=entry.kind, holder_id=owner.id, recipients=plain["recipient"], destinations=entry.destinations,
        categories=entry.categories, persons_pi=entry.persons.pi, persons_sensitive=entry.persons.sensitive,
        valid_from=entry.since, valid_until=entry.until, purpose=entry.purpose, article=entry.article, scenario=entry.scenario,
        recorded_at=source.at, current=True, version=1,
    )
    before, after = content(old) if old else None, content(new)
    if before == after:
        return
    if old is not None:
        old.current = False
    versions = session.scalars(select(Permission.version).where(Permission.number == entry.number)).all()
    new.version = max(versions, default=0) + 1
    session.add(new)
    session.flush()
    _note(source, f"permission {entry.number}", before, after)
