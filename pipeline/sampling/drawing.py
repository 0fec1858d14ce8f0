"""The draw: simple random sampling within each stratum, fixed by a seed, so that anyone who has the frame can repeat it.

Method: every flow of a stratum gets the number SHA-256(seed | "|" | stratum | "|" | flow id in decimal); the `n` smallest are drawn.
The order of a keyed hash is, to anyone who did not choose the seed, a random permutation (permanent random numbers; Ohlsson 1995), and it
does not depend on the order in which the frame is read. Inclusion probability of each flow of a stratum: n / N.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

Frame = Mapping[str, Iterable[int]]  # stratum → its flow ids


class Pick(NamedTuple):
    """One drawn flow."""

    rank: int  # place on the worklist, 1 first: by hash over all strata, so that whoever judges does not see strata in blocks
    flow_id: int
    stratum: str
    probability: float


class Stratum(NamedTuple):
    """One stratum of a draw."""

    name: str
    size: int
    drawn: int

    @property
    def probability(self) -> float:
        """Chance of each of its flows to be drawn."""
        return self.drawn / self.size if self.size else 0.0


class Drawn(NamedTuple):
    """A whole draw with what proves it."""

    strata: tuple[Stratum, ...]
    picks: tuple[Pick, ...]
    frame_digest: str
    draw_digest: str


def draw(seed: str, frame: Frame, sizes: Mapping[str, int]) -> Drawn:
    """Draw `sizes[stratum]` flows (all, where the stratum has fewer) of each stratum of `frame`; twins in the frame count once."""
    strata, keyed = [], []
    unique = {name: sorted(set(frame[name])) for name in sorted(frame)}
    for name, ids in unique.items():
        chosen = heapq.nsmallest(sizes.get(name, 0), ((_key(seed, name, flow), flow) for flow in ids))
        stratum = Stratum(name, len(ids), len(chosen))
        strata.append(stratum)
        keyed += [(key, flow, stratum) for key, flow in chosen]
    keyed.sort(key=lambda row: row[:2])
    picks = tuple(Pick(rank, flow, s.name, s.probability) for rank, (_, flow, s) in enumerate(keyed, 1))
    return Drawn(tuple(strata), picks, digest_frame(unique), _digest(f"{p.rank} {p.stratum} {p.flow_id}" for p in picks))


def digest_frame(frame: Frame) -> str:
    """SHA-256 over lines "stratum flow" in order: two frames with the same digest hold the same flows."""
    return _digest(f"{name} {flow}" for name in sorted(frame) for flow in sorted(set(frame[name])))


def _key(seed: str, stratum: str, flow: int) -> bytes:
    return hashlib.sha256(f"{seed}|{stratum}|{flow}".encode()).digest()


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
