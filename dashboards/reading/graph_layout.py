"""Places for a graph's nodes: those with a line between them near each other, all others apart. The same graph has the same places.

ECharts' own layout of this kind runs over the edge of its chart.
"""

from __future__ import annotations

from collections.abc import Sequence

import networkx
import numpy as np


def lay_out(n: int, lines: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """`n` places, each 0 to 1 both ways, stretched to fill the whole; some 100 ms for 200 nodes, so ask for it in a thread."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(lines)
    # Strong gravity, or parts that no line joins would fly off and leave no room for the rest.
    placed = networkx.forceatlas2_layout(graph, strong_gravity=True, gravity=0.2, scaling_ratio=10, seed=1)
    at = np.array([placed[node] for node in range(n)], float).reshape(-1, 2)
    span = np.ptp(at, axis=0) if n else np.ones(2)
    filled = np.where(span > 1e-9, (at - at.min(axis=0, initial=np.inf)) / np.maximum(span, 1e-9), 0.5)
    return [(float(x), float(y)) for x, y in filled]
