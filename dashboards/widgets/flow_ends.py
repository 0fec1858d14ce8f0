"""Two ends, the line between: who sent how much to whom."""

from __future__ import annotations

from typing import NamedTuple

from dashboards.shell.markup import tag


class End(NamedTuple):
    """One end: where it lies, its address and port, and how that is known."""

    place: str
    address: str
    note: str


def flow_ends(source: End, destination: End, above: str, below: str) -> None:
    """`above` and `below` the arrow: how much, and over which line."""
    with tag("div", "ends"):
        _end(source)
        with tag("div", "way"):
            tag("div", "", above)
            tag("div", "arrow", aria_hidden="true")
            tag("div", "", below)
        _end(destination)


def _end(end: End) -> None:
    with tag("div", "end"):
        tag("div", "caption", end.place)
        tag("div", "mono", end.address)
        tag("div", "caption", end.note)
