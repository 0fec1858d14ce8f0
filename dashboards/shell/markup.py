"""Plain HTML elements by one short call; text is always text, never markup."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from dashboards.theme.files import address


def tag(element: str, classes: str = "", text: str = "", /, **attributes: Any) -> TextElement:
    """An element; attribute names write `_` for `-` and end in `_` where Python reserves the word."""
    made = TextElement(tag=element, text=text)
    if classes:
        made.classes(classes)
    for key, value in attributes.items():
        made.props[key.rstrip("_").replace("_", "-")] = value
    return made


def icon(name: str, classes: str = "icon") -> None:
    """A symbol of our sprite; `name` is a constant of ours."""
    svg = f'<svg class="{classes}" aria-hidden="true"><use href="{address("icons.svg")}#{name}"/></svg>'
    ui.html(svg, sanitize=False, tag="span").style("display:inline-flex")


def link(text: str, href: str, classes: str = "", **attributes: Any) -> TextElement:
    """A real link: it opens in a new tab, and works from the keyboard."""
    return tag("a", classes, text, href=href, **attributes)


def sentence(text: str, classes: str = "sentence", name: str = "p") -> TextElement:
    """Words with **strong** parts."""
    made = tag(name, classes)
    with made:
        for place, part in enumerate(text.split("**")):
            if part:
                tag("b" if place % 2 else "span", "", part)
    return made


def card(title: str = "", classes: str = "", note: str = "") -> TextElement:
    """A white box; with a title, a section that a screen reader can jump to."""
    made = tag("section", f"card {classes}")
    if title:
        with made, tag("div", "card-head"):
            tag("h2", "", title)
            tag("span", "caption grow", note)
    return made
