"""Tables of alerts, incidents and the steps taken in them."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.supervision.base import Base


class PersonBounds:
    """How many distinct persons, between which bounds; PI and sensitive PI are counted apart and never added."""

    pi_lower: Mapped[int] = mapped_column(BigInteger, default=0)
    pi_upper: Mapped[int] = mapped_column(BigInteger, default=0)
    sensitive_lower: Mapped[int] = mapped_column(BigInteger, default=0)
    sensitive_upper: Mapped[int] = mapped_column(BigInteger, default=0)


class Alert(PersonBounds, Base):
    """What one holder sent over one line to one destination on one Beijing day, in one kind of evidence."""

    __tablename__ = "alert"
    __table_args__ = (UniqueConstraint("holder", "line", "destination", "evidence", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  # A-YYYYMMDD-NNNN
    holder: Mapped[str] = mapped_column(String(18), index=True)   # USCI
    line: Mapped[str] = mapped_column(String(64), index=True)
    destination: Mapped[str] = mapped_column(String(8))           # ISO 3166 code
    evidence: Mapped[str] = mapped_column(String(16))             # seen, inferred
    day: Mapped[datetime.date] = mapped_column(index=True)
    verdict: Mapped[str] = mapped_column(String(8))               # none, beyond, pending, permit, exempt
    level: Mapped[int]                                            # 1 low … 4 critical
    article: Mapped[str]                                          # of the verdict, in Chinese, and beside it in English
    article_en: Mapped[str]
    rule_pack: Mapped[str]                                        # name and version
    obligation: Mapped[dict[str, Any]]                            # ledger.obligations result, as a dict
    # {signature: {"level", "class", "tier", "count", "subjects"}}: values found, and the sum of distinct values of its findings
    signatures: Mapped[dict[str, Any]]
    servers: Mapped[list[str]]                                    # server names in clear, redacted; at most 20
    addresses: Mapped[list[str]]                                  # far addresses; at most 20
    findings: Mapped[int] = mapped_column(BigInteger, default=0)  # rows of the store behind this alert
    partial: Mapped[bool] = mapped_column(default=False)          # octets were missing in some of them
    permission_id: Mapped[int | None] = mapped_column(ForeignKey("permission.id"))  # the one it was compared with
    # field by field: [{"field", "seen", "permitted", "within": true|false|null}]; null = cannot be told
    comparison: Mapped[list[dict[str, Any]]]
    first: Mapped[datetime.datetime]
    last: Mapped[datetime.datetime]
    state: Mapped[str] = mapped_column(String(16), default="new", index=True)  # new, triaged, incident, false
    state_reason: Mapped[str] = mapped_column(default="")
    assignee: Mapped[str | None]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    created_at: Mapped[datetime.datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime.datetime]
    incident: Mapped[Incident | None] = relationship(back_populates="alerts")


class Incident(PersonBounds, Base):
    """One case: what one holder sent to one destination until somebody closes it."""

    __tablename__ = "incident"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  # I-YYYYMMDD-NNNN
    holder: Mapped[str] = mapped_column(String(18), index=True)
    destination: Mapped[str] = mapped_column(String(8))
    # "holder|destination" while open, null when closed: the database itself allows one open incident for each pair
    open_key: Mapped[str | None] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(16), default="new", index=True)  # new, review, awaiting, disposal, closed
    verdict: Mapped[str] = mapped_column(String(8))
    level: Mapped[int]
    article: Mapped[str]                                          # of the verdict, in Chinese, and beside it in English
    article_en: Mapped[str]
    rule_pack: Mapped[str]
    first: Mapped[datetime.datetime]                              # earliest packet
    last: Mapped[datetime.datetime]
    learned_at: Mapped[datetime.datetime]                         # when the system first knew: clocks start here
    holder_told_at: Mapped[datetime.datetime | None]              # when a notice first reached the holder: its duties run from here
    assignee: Mapped[str | None]
    created_at: Mapped[datetime.datetime]
    updated_at: Mapped[datetime.datetime]
    closed_at: Mapped[datetime.datetime | None]
    # {"cause", "remedy", "persons_told", "report", "evidence"}: what closing asks for, each a text
    close_out: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    alerts: Mapped[list[Alert]] = relationship(back_populates="incident", order_by=Alert.first)
    events: Mapped[list[IncidentEvent]] = relationship(back_populates="incident", order_by="IncidentEvent.id")


class IncidentEvent(Base):
    """One step of an incident, never changed afterwards."""

    __tablename__ = "incident_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    at: Mapped[datetime.datetime]
    actor: Mapped[str]                               # account, or "system"
    kind: Mapped[str] = mapped_column(String(16))    # opened, extended, moved, assigned, level, note, notice
    before: Mapped[str] = mapped_column(default="")  # state, level or assignee before
    after: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    incident: Mapped[Incident] = relationship(back_populates="events")
