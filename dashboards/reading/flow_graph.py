"""Who sent to whom: as many pairs of ends as a graph of MOST_ENDS nodes holds, the largest first, and how much that leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dashboards.reading.flow_search import cover_of_row
from dashboards.reading.graph_layout import lay_out
from dashboards.summary import Cover
from pipeline.search.run import Search

MOST_ENDS = 200
MOST_PAIRS = 400


class Pair(NamedTuple):
    """What one end within the territory sent to one beyond it, over any number of flows; `destination` is the jurisdiction's code."""

    near: str
    far: str
    destination: str
    flows: int
    octets_out: int
    cover: Cover
    unseen: int
    findings: int


class Graph(NamedTuple):
    """The pairs that are drawn, how many there are in all, and the same of ends and octets out."""

    pairs: list[Pair]
    all_pairs: int = 0
    all_ends: int = 0
    all_octets: int = 0
    places: list[tuple[float, float]] = []  # of the ends drawn, 0 to 1 from the left and from the top

    @property
    def ends(self) -> dict[str, int]:
        """The octets out of each end drawn, in the order of the pairs."""
        found: dict[str, int] = {}
        for pair in self.pairs:
            for end in dict.fromkeys((pair.near, pair.far)):
                found[end] = found.get(end, 0) + pair.octets_out
        return found


def read_graph(search: Search) -> Graph:
    """One question of the store; of no flows an empty graph."""
    rows = search.pairs(MOST_PAIRS).to_pylist()
    if not rows:
        return Graph([])
    pairs = within(map(_pair, rows))
    all_pairs, all_ends, all_octets = (int(rows[0][name]) for name in ("all_pairs", "all_ends", "all_octets"))
    graph = Graph(pairs, all_pairs, all_ends, all_octets)
    number = {end: place for place, end in enumerate(graph.ends)}
    return graph._replace(places=lay_out(len(number), [(number[pair.near], number[pair.far]) for pair in pairs]))


def within(pairs: Iterable[Pair], most: int = MOST_ENDS) -> list[Pair]:
    """The pairs, in their order, whose ends are among the first `most`: one that brings no new end is always taken."""
    ends: set[str] = set()
    taken = []
    for pair in pairs:
        both = ends | {pair.near, pair.far}
        if len(both) <= most:
            ends = both
            taken.append(pair)
    return taken


def _pair(row: Mapping[str, Any]) -> Pair:
    return Pair(
        row["near"],
        row["far"],
        row["destination"],
        int(row["flows"]),
        int(row["octets.out"]),
        cover_of_row(row),
        int(row["unseen"]),
        int(row["findings"]),
    )
