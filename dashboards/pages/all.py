"""Every page and its address."""

from __future__ import annotations

from dashboards.desk import Desk
from dashboards.pages.overview import overview
from dashboards.shell.page import Body, add_page

PAGES: tuple[tuple[str, str, Body], ...] = (
    ("/", "overview", overview),
)


def add_pages(desk: Desk) -> None:
    """Register them all."""
    for address, name, body in PAGES:
        add_page(desk, address, name, body)
