"""Line, domestic end (codes.DomesticEnd) and destination of new flows."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from sensor.line.assign_kernels import BOTH, DST, NEITHER, SRC, UNSURE, assign_lines
from sensor.line.places import UNKNOWN, Places
from sensor.line.prefixes import prefix_table
from sensor.line.registry import Line, Prefix, Registry
from sensor.records import new_records

FROM_REGISTRY, FROM_PLACES, FROM_NOWHERE = range(3)
DAY_NS = 86_400_000_000_000
BEIJING_NS = 8 * 3_600_000_000_000  # the registry's days are those of the territory: UTC+8, no summer time since 1991


class Assignment(NamedTuple):
    """What is known of each new flow; arrays (n,)."""

    line: np.ndarray          # int16, index of the line, -1 for none
    domestic_end: np.ndarray  # uint8, SRC … UNSURE
    destination: np.ndarray   # int16, index into Places.codes
    source: np.ndarray        # uint8, FROM_REGISTRY …: where the destination is known from
    content: np.ndarray       # bool, whether what goes out may be looked into


class Fresh(NamedTuple):
    """New flows; arrays (n,)."""

    iface: np.ndarray
    vlan: np.ndarray
    mpls: np.ndarray
    src_high: np.ndarray
    src_low: np.ndarray
    dst_high: np.ndarray
    dst_low: np.ndarray
    first_ns: np.ndarray


class Rules(NamedTuple):
    """The registry as kernels read it, and the flows to be assigned."""

    lines: np.ndarray     # LINE, in the order in which they are asked
    prefixes: np.ndarray  # PREFIX
    tags: np.ndarray      # int64, VLANs and labels of every line
    takes: np.ndarray     # uint8 (lines, interfaces + 1), whether a line takes what comes on an interface
    fresh: Fresh


LINE = np.dtype([
    ("index", np.int16),        # in the registry
    ("takes_all", np.uint8),    # takes whatever its tags and interfaces let through
    ("home", np.int32), ("away", np.int32), ("end", np.int32),  # its domestic prefixes home..away, its foreign ones away..end
    ("vlans_begin", np.int32), ("mpls_begin", np.int32), ("mpls_end", np.int32),
], align=True)


class LineBook:
    """The registry, ready to be asked about many flows at once."""

    def __init__(self, registry: Registry, places: Places, interfaces: list[str]) -> None:
        self.lines, self.places, self.interfaces = registry.line, places, interfaces
        self._far = np.array([*(places.codes.index(line.far) if line.far else UNKNOWN for line in self.lines), UNKNOWN], np.int16)
        self._home = places.codes.index("CN")
        self._basis = np.array([*(_basis_days(line) for line in self.lines), (1, 0)], np.int64)
        # Lines told by tag come first, then by address (long prefixes first), then by interface, then the one that takes the rest.
        self.order = sorted(range(len(self.lines)), key=lambda i: _rank(self.lines[i]))
        self._columns = _columns([(i, self.lines[i]) for i in self.order])
        self._takes = self._interface_table()

    def _interface_table(self) -> np.ndarray:
        takes = np.zeros((len(self.lines), len(self.interfaces) + 1), np.uint8)
        for k, i in enumerate(self.order):
            wanted = self.lines[i].interfaces
            takes[k] = [not wanted or name in wanted for name in (*self.interfaces, "")]
        return takes

    def assign(self, fresh: Fresh) -> Assignment:
        """Line, ends and destination of every flow of `fresh`."""
        if self._takes.shape[1] != len(self.interfaces) + 1:  # a pcapng names its interfaces as it goes
            self._takes = self._interface_table()
        n = len(fresh.vlan)
        line, domestic_end = np.zeros(n, np.int16), np.zeros(n, np.uint8)
        assign_lines(Rules(*self._columns, self._takes, fresh), n, line, domestic_end)
        destination, source = np.zeros(n, np.int16), np.full(n, FROM_NOWHERE, np.uint8)
        far = self._far[line]
        by_registry = (domestic_end <= DST) & (far != UNKNOWN)
        destination[by_registry], source[by_registry] = far[by_registry], FROM_REGISTRY
        self._ask_places(fresh, np.flatnonzero(~by_registry), domestic_end, destination, source)
        crosses = (domestic_end <= DST) & (destination != self._home)
        day, basis = (fresh.first_ns + BEIJING_NS) // DAY_NS, self._basis[line]
        return Assignment(line, domestic_end, destination, source, crosses & (day >= basis[:, 0]) & (day <= basis[:, 1]))

    def _ask_places(self, fresh: Fresh, rows: np.ndarray, ends: np.ndarray, destination: np.ndarray, source: np.ndarray) -> None:
        """Ends and destination by geography, where the registry did not say."""
        if not len(rows):
            return
        src = self.places.look_up(fresh.src_high[rows], fresh.src_low[rows])
        dst = self.places.look_up(fresh.dst_high[rows], fresh.dst_low[rows])
        known = (src != UNKNOWN) & (dst != UNKNOWN)
        src_home, dst_home = src == self._home, dst == self._home
        guess = np.where(src_home & dst_home, BOTH, np.where(src_home, SRC, np.where(dst_home, DST, NEITHER)))
        unsure = ends[rows] == UNSURE
        ends[rows] = np.where(unsure & known, guess, ends[rows])
        end = ends[rows]
        far = np.where(end == SRC, dst, np.where(end == DST, src, np.where(end == BOTH, self._home, dst)))
        destination[rows] = far
        source[rows] = np.where(far != UNKNOWN, FROM_PLACES, FROM_NOWHERE)


def _columns(lines: list[tuple[int, Line]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lines (with their index) as LINE, PREFIX and tags."""
    rows, prefixes, tags = new_records(len(lines), LINE), list[Prefix](), list[int]()
    for k, (index, line) in enumerate(lines):
        home, vlans = len(prefixes), len(tags)
        prefixes += (*line.domestic, *line.foreign)
        tags += [*line.vlans, *line.mpls]
        takes_all = line.any or bool(line.vlans or line.mpls) or not (line.domestic or line.foreign)
        away, labels = home + len(line.domestic), vlans + len(line.vlans)
        rows[k] = (index, takes_all, home, away, len(prefixes), vlans, labels, len(tags))
    return rows, prefix_table(prefixes), np.array(tags, np.int64)


def _rank(line: Line) -> tuple[int, int]:
    longest = max((p.prefixlen + (96 if p.version == 4 else 0) for p in (*line.domestic, *line.foreign)), default=0)
    if line.any:
        return 3, 0
    if line.vlans or line.mpls:
        return 0, 0
    return (1, -longest) if longest else (2, 0)


def _basis_days(line: Line) -> tuple[int, int]:
    """First and last day (since 1970) on which content may be looked into; an empty span where never."""
    if line.legal_basis is None or line.inspection != "content":
        return 1, 0
    epoch = datetime.date(1970, 1, 1)
    return (line.legal_basis.since - epoch).days, (line.legal_basis.until - epoch).days
