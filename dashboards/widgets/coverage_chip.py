"""How much was inspected, as a bar with a word; stands beside every count."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import tag
from dashboards.summary import Cover
from dashboards.words.numbers import octets, percent

PARTS = ("inspected", "encrypted", "other", "lost")


def coverage_words(viewer: Viewer, cover: Cover) -> str:
    """`71.3% inspected`, or that nothing was sent."""
    return viewer.t("cover.none") if cover.share is None else viewer.t("cover.share", share=percent(cover.share))


def coverage_chip(viewer: Viewer, cover: Cover, href: str = "", boxed: bool = False) -> None:
    """Bar, word, and all parts on hover and focus."""
    title = " · ".join(f"{viewer.t('cover.' + part)} {octets(getattr(cover, part))}" for part in PARTS)
    attributes = {"title": title, "data-test": "coverage"} | ({"href": href} if href else {"tabindex": "0"})
    with tag("a" if href else "span", "cover boxed" if boxed else "cover", **attributes):
        with tag("span", "bar", aria_hidden="true"):
            for part in PARTS:
                if cover.total and getattr(cover, part):
                    tag("i", part).style(f"width:{100 * getattr(cover, part) / cover.total:.2f}%")
        tag("span", "", coverage_words(viewer, cover))


def coverage_cell(cover: Cover) -> dict[str, object]:
    """The same for a grid's cell (gk.cover)."""
    parts = [[part, round(100 * getattr(cover, part) / cover.total, 2)] for part in PARTS] if cover.total else []
    return {"parts": parts, "word": "—" if cover.share is None else percent(cover.share), "order": cover.share or 0.0}
