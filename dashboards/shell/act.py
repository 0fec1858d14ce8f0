"""Acts that come over the socket: the right and the session are checked again, refusals shown, everything written to the audit trail."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from nicegui import ui

from dashboards.access.audit import note
from dashboards.access.sessions import is_open
from dashboards.access.viewer import Viewer

if TYPE_CHECKING:
    from dashboards.desk import Desk

R = TypeVar("R")
log = logging.getLogger("guankou.dashboards")


async def act(desk: Desk, viewer: Viewer, action: str, subject: str, deed: Callable[[], R], allowed: bool | None = None) -> R | None:
    """Do `deed` in the pool; None, and a message on the page, where it may not or could not be done.

    `allowed` says whether this person may, where that is not as with cases. A ValueError of `deed` is a refusal in words; anything else
    is our mistake and is shown by its reference only.
    """
    may = viewer.may_act if allowed is None else allowed
    if not may or not await desk.ask(is_open, desk.engine, viewer.session):
        ui.notify(viewer.t("shell.no_right"), type="negative")
        await desk.ask(note, desk.engine, viewer.account, action, subject, "refused")
        return None
    try:
        done = await desk.ask(deed)
    except ValueError as refusal:
        ui.notify(viewer.t("shell.refused", why=str(refusal)), type="warning", multi_line=True)
        await desk.ask(note, desk.engine, viewer.account, action, subject, "refused", "", str(refusal))
        return None
    except Exception:  # noqa: BLE001
        reference = secrets.token_hex(3)
        log.exception("%s %s failed, reference %s", action, subject, reference)
        ui.notify(viewer.t("shell.failed", reference=reference), type="negative")
        await desk.ask(note, desk.engine, viewer.account, action, subject, "failed")
        return None
    await desk.ask(note, desk.engine, viewer.account, action, subject)
    return done
