"""Nothing found: what was looked for, what share was inspected, one next step. Never looks like `clean`."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import link, tag
from dashboards.summary import Cover
from dashboards.words.numbers import percent


def empty_note(viewer: Viewer, title: str, cover: Cover) -> None:
    """`title` says what there is none of."""
    with tag("div", "note", data_test="empty"):
        tag("p", "strong", title)
        if cover.share is None:
            tag("p", "caption", viewer.t("empty.no_traffic"))
        elif cover.share < 1:
            tag("p", "caption", viewer.t("empty.covered", share=percent(cover.share), rest=percent(1 - cover.share)))
        else:
            tag("p", "caption", viewer.t("empty.whole"))
        link(viewer.t("empty.next"), "/coverage", "button")
