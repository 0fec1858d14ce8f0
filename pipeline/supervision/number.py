"""Numbers people read aloud: A-20261123-0007, counted for each letter and Beijing day."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

BEIJING = ZoneInfo("Asia/Shanghai")


def beijing_day(moment: datetime.datetime) -> datetime.date:
    """The day in Beijing at that moment."""
    return moment.astimezone(BEIJING).date()


def next_number(session: Session, column: InstrumentedAttribute[str], letter: str, day: datetime.date) -> str:
    """The next free number of that day; call it inside `writing`, where writers take turns."""
    stem = f"{letter}-{day:%Y%m%d}-"
    # The longest first: after 9999 comes 10000, which sorts before 9999 as text.
    order: ColumnElement[int] = func.length(column)
    session.flush()
    last = session.scalar(select(column).where(column.startswith(stem)).order_by(order.desc(), column.desc()).limit(1))
    return f"{stem}{1 if last is None else int(last[len(stem):]) + 1:04d}"
