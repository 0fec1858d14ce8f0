"""Saved searches: filters under a name, for everybody who works on this supervision database."""

from __future__ import annotations

import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.supervision.base import Base


class SavedSearch(Base):
    """One filter; saved again under its name it is replaced. In the database, not a file: pages and commands share it and take turns."""

    __tablename__ = "saved_search"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Text)
    saved_by: Mapped[str] = mapped_column(String(64))
    saved_at: Mapped[datetime.datetime]
