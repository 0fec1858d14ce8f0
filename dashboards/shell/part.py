"""A part of a page that asks a slow question: grey rows at once, the answer when it comes, why there is none when it does not."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import TypeVar

from nicegui import background_tasks
from nicegui.element import Element

from dashboards.access.viewer import Viewer
from dashboards.searching import Doing, NoAnswerError, Searching
from dashboards.shell.markup import tag
from dashboards.widgets.error_note import error_note
from dashboards.widgets.no_answer import grey_rows
from pipeline.search.run import Search

R = TypeVar("R")
log = logging.getLogger("guankou.dashboards")


def load_part(
    viewer: Viewer,
    searching: Searching,
    area: Element,
    what: str,
    search: Search,
    question: Callable[[Doing], R],
    draw: Callable[[R], None],
    rows: int = 1,
    away: Callable[[], bool] | None = None,
) -> None:
    """Fill `area` in the background by `draw`; until then `rows` grey ones stand there.

    `away` may draw something else where the store is away, and says whether it did.
    """
    area.clear()
    with area:
        grey_rows(rows)

    async def load() -> None:
        answer: R | None = None
        try:
            answer, why, reference = await searching.ask(what, search, question), "", ""
        except NoAnswerError as none:
            why, reference = none.why, ""
        except Exception:  # noqa: BLE001 - a part that fails says so, with a number that the log knows
            why, reference = "failed", secrets.token_hex(3)
            log.exception("part %s failed, reference %s", what, reference)
        if area.is_deleted or (why == "away" and away is not None and away()):
            return
        area.clear()
        with area:
            if reference:
                error_note(viewer, "flows", reference)
            elif why:
                tag("p", "caption", viewer.t("flows.no_answer"), data_test=f"no-answer-{why}")  # why is said once, above all parts
            else:
                draw(answer)  # type: ignore[arg-type]

    background_tasks.create(load(), name=f"part {what}")
