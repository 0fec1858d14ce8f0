"""Which line takes a flow, and which of the flow's ends is domestic."""

import numpy as np

from detectors.kernel import kernel

SRC, DST, BOTH, NEITHER, UNSURE = 0, 1, 2, 3, 4  # order of codes.DomesticEnd


@kernel
def any_holds(prefixes, begin, end, high, low):
    """Whether one of the prefixes begin..end holds the address."""
    for i in range(begin, end):
        prefix = prefixes[i]
        if high & prefix.mask_high == prefix.high and low & prefix.mask_low == prefix.low:
            return True
    return False


@kernel
def hold_addresses(prefixes, high, low, held):
    """Fill held (bool (n,)): whether one of `prefixes` (PREFIX (m,)) holds the address; high, low uint64 (n,)."""
    for i in range(high.size):
        held[i] = any_holds(prefixes, 0, prefixes.size, high[i], low[i])


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
def assign_lines(rules, n, line_of, end_of):
    """Fill line_of (int16 (n,), index of the registry, -1 none) and end_of (uint8 (n,)) for the new flows `rules.fresh`.

    rules  Rules: lines in the order in which they are asked, their prefixes and tags, the interfaces they take, the flows
    """
    lines, prefixes, tags, takes, fresh = rules.lines, rules.prefixes, rules.tags, rules.takes, rules.fresh
    for i in range(n):
        line_of[i], end_of[i] = -1, UNSURE
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
                line_of[i], end_of[i] = line.index, domestic_end(src_home, dst_home, src_away, dst_away)
                break
