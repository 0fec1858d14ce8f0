"""Line, domestic end (codes.DomesticEnd) and destination of new flows."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from sensor.line.assign_kernels import FROM_PLACES, FROM_REGISTRY, assign_lines, settle_flows
from sensor.line.places import Places
from sensor.line.prefixes import prefix_table
from sensor.line.registry import Line, Prefix, Registry
from sensor.records import new_records

__all__ = ["FROM_PLACES", "FROM_REGISTRY", "Assignment", "Fresh", "LineBook"]


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
    far: np.ndarray       # int16 (lines,), where the far end lies, 0 where the registry does not say
    basis: np.ndarray     # int64 (lines of the registry, 2), first and last day (since 1970) on which content may be looked into
    home: int             # index of the territory in Places.codes
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
        # Lines told by tag come first, then by address (long prefixes first), then by interface, then the one that takes the rest.
        self.order = sorted(range(len(self.lines)), key=lambda i: _rank(self.lines[i]))
        far = [places.codes.index(self.lines[i].far or "") for i in self.order]
        basis = np.array([_basis_days(line) for line in self.lines], np.int64).reshape(-1, 2)
        self._columns = (*_columns([(i, self.lines[i]) for i in self.order]), np.array(far, np.int16), basis, places.codes.index("CN"))
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
        n, fresh = len(fresh.vlan), Fresh(*map(np.ascontiguousarray, fresh))  # one way to lie in memory: one compiled kernel
        given = Assignment(*(np.zeros(n, kind) for kind in (np.int16, np.uint8, np.int16, np.uint8, np.bool_)))
        rules, asked = Rules(*self._columns, self._takes, fresh), np.zeros(n, np.int64)
        asked = asked[: assign_lines(rules, n, given, asked)]
        ends = np.concatenate((fresh.src_high[asked], fresh.dst_high[asked])), np.concatenate((fresh.src_low[asked], fresh.dst_low[asked]))
        places = self.places.look_up(*ends)
        settle_flows(rules, n, given, asked, places[: len(asked)], places[len(asked) :])
        return given


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
