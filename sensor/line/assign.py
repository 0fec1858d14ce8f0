"""Line, domestic end and destination of new flows."""

from __future__ import annotations

import datetime
from typing import NamedTuple

import numpy as np

from sensor.line.places import UNKNOWN, Places
from sensor.line.registry import Line, Prefix, Registry

SRC, DST, BOTH, NEITHER, UNSURE = range(5)  # order of codes.DomesticEnd
FROM_REGISTRY, FROM_PLACES, FROM_NOWHERE = range(3)
DAY_NS = 86_400_000_000_000


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


class LineBook:
    """The registry, ready to be asked about many flows at once."""

    def __init__(self, registry: Registry, places: Places, interfaces: list[str]) -> None:
        self.lines, self.places, self.interfaces = registry.line, places, interfaces
        self._domestic = [_Prefixes(line.domestic) for line in self.lines]
        self._foreign = [_Prefixes(line.foreign) for line in self.lines]
        self._far = [places.codes.index(line.far) if line.far else UNKNOWN for line in self.lines]
        self._home = places.codes.index("CN")
        self._basis = [_basis_days(line) for line in self.lines]
        # Lines told by tag come first, then by address (long prefixes first), then by interface, then the one that takes the rest.
        self._order = sorted(range(len(self.lines)), key=lambda i: _rank(self.lines[i]))
        self._candidates: dict[tuple[int, int, int], list[int]] = {}

    def assign(self, fresh: Fresh) -> Assignment:
        """Line, ends and destination of every flow of `fresh`."""
        n = len(fresh.vlan)
        line = np.full(n, -1, np.int16)
        domestic_end, destination = np.full(n, UNSURE, np.uint8), np.zeros(n, np.int16)
        source, content = np.full(n, FROM_NOWHERE, np.uint8), np.zeros(n, bool)
        tags = np.stack((fresh.iface.astype(np.int64), fresh.vlan.astype(np.int64), fresh.mpls.astype(np.int64)), axis=1)
        groups, back = np.unique(tags, axis=0, return_inverse=True)
        for g, (iface, vlan, mpls) in enumerate(groups.tolist()):
            rows = np.flatnonzero(back.reshape(-1) == g)
            for i in self._lines_for(iface, vlan, mpls):
                taken, ends = self._on_line(i, fresh, rows)
                line[rows[taken]], domestic_end[rows[taken]] = i, ends[taken]
                rows = rows[~taken]
        sure = (domestic_end == SRC) | (domestic_end == DST)
        far = np.array([*self._far, UNKNOWN], np.int16)[line]
        by_registry = sure & (far != UNKNOWN)
        destination[by_registry], source[by_registry] = far[by_registry], FROM_REGISTRY
        self._ask_places(fresh, np.flatnonzero(~by_registry), domestic_end, destination, source)
        crosses = ((domestic_end == SRC) | (domestic_end == DST)) & (destination != self._home)
        for i, (since, until) in enumerate(self._basis):
            day = fresh.first_ns // DAY_NS
            content |= crosses & (line == i) & (day >= since) & (day <= until)
        return Assignment(line, domestic_end, destination, source, content)

    def _lines_for(self, iface: int, vlan: int, mpls: int) -> list[int]:
        key = (iface, vlan, mpls)
        found = self._candidates.get(key)
        if found is None:
            name = self.interfaces[iface] if iface < len(self.interfaces) else ""
            found = [i for i in self._order if _tags_match(self.lines[i], name, vlan, mpls)]
            if len(self._candidates) < 1 << 16:
                self._candidates[key] = found
        return found

    def _on_line(self, i: int, fresh: Fresh, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which rows line `i` takes, and their domestic ends by its prefixes."""
        line = self.lines[i]
        home, away = self._domestic[i], self._foreign[i]
        src_home, dst_home = home.hold(fresh.src_high[rows], fresh.src_low[rows]), home.hold(fresh.dst_high[rows], fresh.dst_low[rows])
        src_away, dst_away = away.hold(fresh.src_high[rows], fresh.src_low[rows]), away.hold(fresh.dst_high[rows], fresh.dst_low[rows])
        ends = np.full(len(rows), UNSURE, np.uint8)
        ends[src_home | (dst_away & ~src_away)] = SRC
        ends[(dst_home | (src_away & ~dst_away)) & ~src_home] = DST
        ends[src_home & dst_home] = BOTH
        ends[src_away & dst_away] = NEITHER
        if line.any or line.vlans or line.mpls or not (line.domestic or line.foreign):
            return np.ones(len(rows), bool), ends
        if line.domestic and line.foreign:
            return (src_home & dst_away) | (dst_home & src_away), ends
        return src_home | dst_home | src_away | dst_away, ends

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


class _Prefixes:
    """Membership of addresses in a few prefixes, v4 as v4-mapped."""

    def __init__(self, prefixes: list[Prefix]) -> None:
        self._rows = []
        for prefix in prefixes:
            v4 = prefix.version == 4
            length = prefix.prefixlen + (96 if v4 else 0)
            value = int(prefix.network_address) | (0xFFFF << 32 if v4 else 0)
            mask = ((1 << 128) - 1) ^ ((1 << (128 - length)) - 1)
            self._rows.append(tuple(np.uint64(x) for x in (value >> 64, value & (1 << 64) - 1, mask >> 64, mask & (1 << 64) - 1)))

    def hold(self, high: np.ndarray, low: np.ndarray) -> np.ndarray:
        """bool (n,): whether some prefix holds the address."""
        inside = np.zeros(len(high), bool)
        for value_high, value_low, mask_high, mask_low in self._rows:
            inside |= ((high & mask_high) == value_high) & ((low & mask_low) == value_low)
        return inside


def _tags_match(line: Line, interface: str, vlan: int, mpls: int) -> bool:
    tagged = line.vlans or line.mpls
    if line.interfaces and interface not in line.interfaces:
        return False
    return not tagged or vlan in line.vlans or mpls in line.mpls


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
