"""Tables of notices and their deliveries."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.incident.models import Incident
from pipeline.supervision.base import Base


class Notice(Base):
    """One notice in both languages; what was signed is kept as it was signed."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  # N-YYYYMMDD-NNNN
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default="draft", index=True)  # draft, signed, sent, failed
    # {field: {"zh", "en", "source"}}; an empty text is a missing field, and blocks signing
    fields: Mapped[dict[str, Any]]
    drafted_by: Mapped[str]
    drafted_at: Mapped[datetime.datetime]
    changed_by: Mapped[list[str]]                                 # accounts that wrote in it: none of them may sign
    signed_by: Mapped[str | None]
    signed_at: Mapped[datetime.datetime | None]
    html_zh: Mapped[str | None]                                   # set when signed, like the next three
    html_en: Mapped[str | None]
    pdf_zh: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    pdf_en: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    incident: Mapped[Incident] = relationship()
    deliveries: Mapped[list[Delivery]] = relationship(back_populates="notice", order_by="Delivery.id")


class Delivery(Base):
    """One notice on its way to one address: the outbox's row, and after arrival the receipt."""

    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    channel: Mapped[str] = mapped_column(String(8))               # smtp, webhook
    address: Mapped[str]                                          # mail address or URL
    state: Mapped[str] = mapped_column(String(8), default="queued", index=True)  # queued, sent, failed
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime.datetime]
    last_error: Mapped[str] = mapped_column(default="")
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # what the other side answered, and when
    created_at: Mapped[datetime.datetime]
    sent_at: Mapped[datetime.datetime | None]
    notice: Mapped[Notice] = relationship(back_populates="deliveries")
