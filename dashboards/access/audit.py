"""One line in the audit trail for each thing done or taken away."""

from __future__ import annotations

from sqlalchemy import Engine

from dashboards.access.sessions import utc_now
from pipeline.supervision.accounts import AuditEntry
from pipeline.supervision.engine import writing


def note(engine: Engine, account: str, action: str, subject: str = "", result: str = "done", address: str = "", detail: str = "") -> None:
    """Write the line at once, in its own transaction."""
    with writing(engine) as db:
        db.add(
            AuditEntry(
                at=utc_now(),
                account=account[:64],
                from_address=address[:64],
                action=action,
                subject=subject[:255],
                result=result,
                detail=detail,
            )
        )
