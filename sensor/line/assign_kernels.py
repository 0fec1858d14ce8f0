"""Which line takes a flow, and which of the flow's ends is domestic."""

import numpy as np

from detectors.kernel import kernel

SRC, DST, BOTH, NEITHER, UNSURE = 0, 1, 2, 3, 4  # order of codes.DomesticEnd
FROM_REGISTRY, FROM_PLACES, FROM_NOWHERE = range(3)
DAY_NS = 86_400_000_000_000
BEIJING_NS = 8 * 3_600_000_000_000  # the registry's days are those of the territory: UTC+8, no summer time since 1991


@kernel
def any_holds(prefixes, begin, end, high, low):
    """Whether one of the prefixes begin..end holds the address."""
    for i in range(begin, end):
        prefix = prefixes[i]
        if high & prefix.mask_high == prefix.high and low & prefix.mask_low == prefix.low:
            return True
    return False


@kernel
def tags_match(line, tags, on_interface, vlan, mpls):
    """Whether a line may take what came on this interface with these tags."""
    if not on_interface:
        return False
    if line.vlans_begin == line.mpls_begin and line.mpls_begin == line.mpls_end:
        return True
    for i in range(line.vlans_begin, line.mpls_begin):
        if tags[i] == vlan:
            return True
    for i in range(line.mpls_begin, line.mpls_end):
        if tags[i] == mpls:
            return True
    return False


@kernel
def domestic_end(src_home, dst_home, src_away, dst_away):
    """The domestic end, from which of a line's prefixes hold the flow's ends; what is held twice decides last."""
    if src_away and dst_away:
        return np.uint8(NEITHER)
    if src_home and dst_home:
        return np.uint8(BOTH)
    if (dst_home or (src_away and not dst_away)) and not src_home:
        return np.uint8(DST)
    if src_home or (dst_away and not src_away):
        return np.uint8(SRC)
    return np.uint8(UNSURE)


@kernel
def take_line(rules, i):
    """The row of `rules.lines` that takes flow `i`, -1 for none, and the flow's domestic end as that line's prefixes tell it."""
    lines, prefixes, tags, takes, fresh = rules.lines, rules.prefixes, rules.tags, rules.takes, rules.fresh
    iface = min(np.int64(fresh.iface[i]), takes.shape[1] - 1)  # the last column: an interface without a name
    src_high, src_low, dst_high, dst_low = fresh.src_high[i], fresh.src_low[i], fresh.dst_high[i], fresh.dst_low[i]
    for k in range(lines.shape[0]):
        line = lines[k]
        if not tags_match(line, tags, takes[k, iface] != 0, np.int64(fresh.vlan[i]), np.int64(fresh.mpls[i])):
            continue
        src_home = any_holds(prefixes, line.home, line.away, src_high, src_low)
        dst_home = any_holds(prefixes, line.home, line.away, dst_high, dst_low)
        src_away = any_holds(prefixes, line.away, line.end, src_high, src_low)
        dst_away = any_holds(prefixes, line.away, line.end, dst_high, dst_low)
        if line.takes_all != 0:
            taken = True
        elif line.home < line.away and line.away < line.end:
            taken = (src_home and dst_away) or (dst_home and src_away)
        else:
            taken = src_home or dst_home or src_away or dst_away
        if taken:
            return k, domestic_end(src_home, dst_home, src_away, dst_away)
    return -1, np.uint8(UNSURE)


@kernel
def assign_lines(rules, n, given, asked):
    """Fill `given` (Assignment) for the new flows `rules.fresh` as far as the registry knows; return how many must be asked of geography.

    rules  Rules: lines in the order in which they are asked, their prefixes and tags, the interfaces they take, the flows
    asked  int64 (n,): filled with the rows of those flows; `settle_flows` completes them
    """
    n_asked = 0
    for i in range(n):
        k, end = take_line(rules, i)
        given.line[i], given.domestic_end[i] = rules.lines[k].index if k >= 0 else -1, end
        far = rules.far[k] if k >= 0 else 0
        if far != 0 and end <= DST:
            given.destination[i], given.source[i] = far, FROM_REGISTRY
        else:
            given.destination[i], given.source[i] = 0, FROM_NOWHERE
            asked[n_asked] = i
            n_asked += 1
        given.content[i] = 0
    return n_asked


@kernel
def far_place(end, src, dst, home):
    """Where the far end lies (a flow within the territory: in it)."""
    if end == DST:
        return src
    return home if end == BOTH else dst


@kernel
def guess_end(src, dst, home):
    """The domestic end, from where both ends lie (0: unknown)."""
    if src == 0 or dst == 0:
        return UNSURE
    if src == home:
        return BOTH if dst == home else SRC
    return DST if dst == home else NEITHER


@kernel
def settle_flows(rules, n, given, asked, src, dst):
    """Complete `given`: of the flows `asked` (int64 (k,)) ends and destination from the places src, dst (int16 (k,)) of their ends.

    Then, of all n, whether what goes out may be looked into: it crosses the border, on a day of the line's legal basis.
    """
    for j in range(asked.size):
        i = asked[j]
        if given.domestic_end[i] == UNSURE:
            given.domestic_end[i] = guess_end(src[j], dst[j], rules.home)
        far = far_place(given.domestic_end[i], src[j], dst[j], rules.home)
        given.destination[i] = far
        given.source[i] = FROM_PLACES if far != 0 else FROM_NOWHERE
    for i in range(n):
        line, day = given.line[i], (rules.fresh.first_ns[i] + BEIJING_NS) // DAY_NS
        if line >= 0 and given.domestic_end[i] <= DST and given.destination[i] != rules.home:
            given.content[i] = rules.basis[line, 0] <= day <= rules.basis[line, 1]
