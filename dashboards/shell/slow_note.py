"""What is being done and for how long, once it has taken two seconds, with a button that ends it; and why there is no answer."""

from __future__ import annotations

import time

from nicegui import ui

from dashboards.access.viewer import Viewer
from dashboards.searching import Searching
from dashboards.shell.markup import link, tag
from dashboards.words.moments import span
from dashboards.words.numbers import percent

SLOW_S = 2.0


def slow_note(viewer: Viewer, searching: Searching, again: str) -> None:
    """`again` is the address of the same search."""
    with tag("div", "warning row", role="status", aria_live="polite", data_test="slow") as note:
        words = tag("span", "")
        button = tag("button", "button", viewer.t("flows.cancel"), type="button", data_test="cancel")
        once_more = link(viewer.t("flows.again"), again, "button", data_test="again")

    def tell() -> None:
        slow = [doing for doing in searching.doing if time.monotonic() - doing.since_s >= SLOW_S]
        why = "cancelled" if searching.cancelled else searching.why
        note.visible = bool(slow) or bool(why)
        button.visible, once_more.visible = not why, bool(why)
        if why:
            words.set_text(viewer.t(f"flows.{why}"))
        elif slow:
            parts = {viewer.t(f"doing.{doing.what}") + ("" if doing.share is None else f" {percent(doing.share)}"): None for doing in slow}
            since = span(time.monotonic() - min(doing.since_s for doing in slow), viewer.language)
            words.set_text(viewer.t("flows.slow", what=viewer.t("list.comma").join(parts), span=since))

    async def stop() -> None:
        searching.cancelled = True
        tell()
        await searching.cancel()

    button.on("click", stop)
    tell()
    ui.timer(0.5, tell)
