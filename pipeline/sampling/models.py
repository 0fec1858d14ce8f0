"""Tables of sampling campaigns and of the flows they drew."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pipeline.supervision.base import Base


class Campaign(Base):
    """One sampling inspection; once drawn nothing of frame, seed or size changes: a new draw is a new campaign."""

    __tablename__ = "campaign"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  # S-YYYYMMDD-NNNN
    name: Mapped[str]
    line: Mapped[str | None] = mapped_column(String(64))          # frame: this line, or all
    holder: Mapped[str | None] = mapped_column(String(18))        # frame: this holder (USCI), or all
    since: Mapped[datetime.datetime]                              # frame: flows that began in [since, until)
    until: Mapped[datetime.datetime]
    sizes: Mapped[dict[str, Any]]                                 # flows asked for in each stratum {"flagged": 30, "unflagged": 60}
    confidence: Mapped[float] = mapped_column(default=0.95)
    state: Mapped[str] = mapped_column(String(16), default="open")  # open (to be drawn), drawn, closed
    seed: Mapped[str | None] = mapped_column(String(64))          # hex
    frame_digest: Mapped[str | None] = mapped_column(String(64))  # sha256 over the sorted frame
    draw_digest: Mapped[str | None] = mapped_column(String(64))   # sha256 over the drawn flows
    strata: Mapped[list[dict[str, Any]]]                          # [{"name", "size", "drawn", "probability"}]
    # octets of the frame's lines and period by coverage reason, and "share" inspected; what the result says nothing about
    coverage: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_by: Mapped[str]
    created_at: Mapped[datetime.datetime]
    drawn_at: Mapped[datetime.datetime | None]
    draws: Mapped[list[Draw]] = relationship(back_populates="campaign", order_by="Draw.rank")


class Draw(Base):
    """One drawn flow on the worklist."""

    __tablename__ = "draw"
    __table_args__ = (UniqueConstraint("campaign_id", "flow_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), index=True)
    rank: Mapped[int]                                  # order of the worklist, 1 first; mixes the strata
    flow_id: Mapped[str] = mapped_column(String(20))   # decimal: SQL integers are too narrow for uint64
    stratum: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float]                         # inclusion probability, drawn ÷ size of its stratum
    verdict: Mapped[str | None] = mapped_column(String(16))  # violation, lawful, unclear
    note: Mapped[str] = mapped_column(default="")
    judged_by: Mapped[str | None]
    judged_at: Mapped[datetime.datetime | None]
    campaign: Mapped[Campaign] = relationship(back_populates="draws")
