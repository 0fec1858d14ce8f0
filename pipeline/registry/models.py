"""Tables of the registry: holders, lines, permissions by version, and what each import changed."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.supervision.base import Base


class Holder(Base):
    """Who uses lines, a legal person: branches count with it (Order 16 is counted by filing subject)."""

    __tablename__ = "holder"
    id: Mapped[int] = mapped_column(primary_key=True)
    usci: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str]
    name_en: Mapped[str] = mapped_column(default="")
    ciio: Mapped[bool] = mapped_column(default=False)           # operator of critical information infrastructure
    ftz: Mapped[bool] = mapped_column(default=False)            # registrant of the free-trade zone: Order 16 Art. 6 may apply
    green_channel: Mapped[bool] = mapped_column(default=False)  # advise first, named officer; never suppresses a finding
    lines: Mapped[list[LineRecord]] = relationship(back_populates="holder")
    permissions: Mapped[list[Permission]] = relationship(back_populates="holder")


class LineRecord(Base):
    """One dedicated line as registered; `active` is false once a later file no longer names it."""

    __tablename__ = "line"
    id: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[str] = mapped_column(String(64), unique=True)  # the line's own id, as in the store's records
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    carrier: Mapped[str] = mapped_column(default="")
    far: Mapped[str | None] = mapped_column(String(2))          # jurisdiction of the far end
    domestic: Mapped[list[str]]
    foreign: Mapped[list[str]]
    interfaces: Mapped[list[str]]
    vlans: Mapped[list[int]]
    mpls: Mapped[list[int]]
    purposes: Mapped[list[str]]
    legal_basis: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # {kind, reference, from, until}, dates in ISO
    inspection: Mapped[str] = mapped_column(String(16))         # metadata, content
    active: Mapped[bool] = mapped_column(default=True)
    holder: Mapped[Holder] = relationship(back_populates="lines")


class Permission(Base):
    """One version of one permission; exactly one version of a number is `current`, until it is withdrawn."""

    __tablename__ = "permission"
    __table_args__ = (UniqueConstraint("number", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(64), index=True)
    version: Mapped[int] = mapped_column(default=1)
    current: Mapped[bool] = mapped_column(default=True, index=True)
    kind: Mapped[str] = mapped_column(String(16))  # assessment, contract, certification, exemption, list, order
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"), index=True)
    recipients: Mapped[list[dict[str, Any]]]       # [{name, servers: [names], prefixes: [CIDR]}]; [] = any recipient
    destinations: Mapped[list[str]]                # ISO 3166 codes; [] = any
    categories: Mapped[list[str]]                  # signature ids, or class:身 (35273 class), or level:pi; [] = any
    persons_pi: Mapped[int | None]                 # persons a year, sensitive PI not counted; None = no limit filed
    persons_sensitive: Mapped[int | None]          # persons a year whose sensitive PI may go; None = no limit filed
    valid_from: Mapped[datetime.date]
    valid_until: Mapped[datetime.date | None]      # last day on which it holds, Beijing
    purpose: Mapped[str] = mapped_column(default="")
    article: Mapped[str] = mapped_column(default="")
    scenario: Mapped[str] = mapped_column(default="")  # for exemption and list: which one, as the rule pack names it
    recorded_at: Mapped[datetime.datetime]
    withdrawn_at: Mapped[datetime.datetime | None]
    holder: Mapped[Holder] = relationship(back_populates="permissions")


class RegistryImport(Base):
    """One file taken in: which, when, by whom, and how much it changed. A file that changes nothing leaves no row."""

    __tablename__ = "registry_import"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime.datetime]
    actor: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))    # lines, permissions
    file: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))  # sha256 of the file
    changes: Mapped[list[RegistryChange]] = relationship(back_populates="source", cascade="all, delete-orphan")


class RegistryChange(Base):
    """One holder, line or permission before and after an import; `before` is None when added, `after` when withdrawn."""

    __tablename__ = "registry_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("registry_import.id"), index=True)
    subject: Mapped[str]                             # "line BJ-SIN-07", "permission 京网评-0001", "holder 9111…"
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[RegistryImport] = relationship(back_populates="changes")
