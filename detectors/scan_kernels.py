"""Text → hits: small passes that find where something may be, then context, overlap and order.

Nearly every identifier holds a run of seven digits, or of seventeen capitals and digits, found 64 octets at a time; what else may begin
somewhere is found by the trigger masks, 32 octets at a time.
"""

import numpy as np

from detectors.kernel import kernel
from detectors.literal_kernels import (
    take_access_key,
    take_code,
    take_coordinates,
    take_email,
    take_marking,
    take_mrz,
    take_org_code,
    take_plate,
    take_private_key,
)
from detectors.number_kernels import (
    ADDRESS,
    BANK_CARD,
    COORDINATES,
    ICCID,
    IMEI,
    IMSI,
    LANDLINE,
    MEDIUM,
    MOBILE,
    NAME,
    PLATE,
    RESIDENT_ID_15,
    VIN,
    is_digit,
    run_stop,
    take_run,
)
from detectors.trigger import ascii_trigger_mask, code_mask, digit_mask, gap_mask, han_trigger_mask, high_mask, lowest_bit
from detectors.word_kernels import (
    GAP_LOOKED_AT,
    behind_last_break,
    han_at,
    name_before,
    nearest_word,
    next_break,
    take_address,
    take_labelled_name,
    take_names,
)

SHORTEST = 7
BLOCK = 64
CODE = 17
LANES = 32
NEIGHBOURHOOD = 96  # octets within which another personal value is context


@kernel
def digits_of_block(text, at, high):
    """Bit i: text[at + i] is a digit and lies before `high`; 64 octets."""
    if at >= high:
        return np.uint64(0)
    mask = np.uint64(digit_mask(text, at)) | np.uint64(digit_mask(text, at + LANES)) << np.uint64(LANES)
    if high - at < BLOCK:
        mask &= (np.uint64(1) << np.uint64(high - at)) - np.uint64(1)
    return mask


@kernel
def shift_in(mask, before, n):
    """`mask` moved n bits up, the highest bits of the block before it moving in."""
    return mask << np.uint64(n) | before >> np.uint64(BLOCK - n)


@kernel
def find_numbers(text, low, high, scan):
    """Candidates of all runs of SHORTEST digits or more in text[low:high]; their number. Single spaces and hyphens between digits count.

    A bit of `run`, `run2`, `run4`, `run7` says that so many octets of a run end there; the first bit of run7 is a run's seventh octet.
    """
    n = np.int64(0)
    digit, run, run2, run4, run7 = digits_of_block(text, low, high), np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    last_digit = np.uint64(0)
    for block in range(low, high, BLOCK):
        ahead = digits_of_block(text, block + BLOCK, high)
        if digit == 0:
            last_digit = run = run2 = run4 = run7 = digit
            digit = ahead
            continue
        gap = np.uint64(gap_mask(text, block)) | np.uint64(gap_mask(text, block + LANES)) << np.uint64(LANES)
        joined = digit | gap & shift_in(digit, last_digit, 1) & (digit >> np.uint64(1) | ahead << np.uint64(BLOCK - 1))
        two = joined & shift_in(joined, run, 1)
        four = two & shift_in(two, run2, 2)
        seven = four & shift_in(four, run4, 3)
        seventh = seven & ~shift_in(seven, run7, 1)
        last_digit, run, run2, run4, run7, digit = digit, joined, two, four, seven, ahead
        while seventh != 0:
            bit = lowest_bit(seventh)
            seventh &= seventh - np.uint64(1)
            beyond = ~joined >> np.uint64(bit)
            stop = block + bit + lowest_bit(beyond) if beyond != 0 else run_stop(text, block + BLOCK, high)
            n = take_run(text, block + bit - SHORTEST + 1, stop, low, high, scan, n)
    return n


@kernel
def codes_of_block(text, at, high):
    """Bit i: text[at + i] is a digit or a capital and lies before `high`; 64 octets."""
    if at >= high:
        return np.uint64(0)
    mask = np.uint64(code_mask(text, at)) | np.uint64(code_mask(text, at + LANES)) << np.uint64(LANES)
    if high - at < BLOCK:
        mask &= (np.uint64(1) << np.uint64(high - at)) - np.uint64(1)
    return mask


@kernel
def find_codes(text, low, high, scan, n):
    """VIN and USCI in text[low:high]: runs of CODE capitals and digits or one more, found as find_numbers finds its own."""
    run, run2, run4, run8, run16, run17 = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    for block in range(low, high, BLOCK):
        one = codes_of_block(text, block, high)
        two = one & shift_in(one, run, 1)
        four = two & shift_in(two, run2, 2)
        eight = four & shift_in(four, run4, 4)
        sixteen = eight & shift_in(eight, run8, 8)
        seventeen = sixteen & shift_in(sixteen, run16, 1)
        last = seventeen & ~shift_in(seventeen, run17, 1)
        run, run2, run4, run8, run16, run17 = one, two, four, eight, sixteen, seventeen
        while last != 0:
            stop = block + lowest_bit(last) + 1
            last &= last - np.uint64(1)
            start = stop - CODE
            while stop < high and stop - start <= CODE + 1 and (is_digit(text[stop]) or 65 <= text[stop] <= 90):
                stop += 1
            if stop - start <= CODE + 1:
                n = take_code(text, start, stop, low, high, scan, n)
    return n


@kernel
def find_literals(text, low, high, scan, n):
    """Everything that the trigger masks point at."""
    for block in range(low, high, LANES):
        mask = ascii_trigger_mask(text, block)
        if high_mask(text, block) | high_mask(text, block + 1):
            mask |= han_trigger_mask(text, block)
        while mask != 0:
            at = block + lowest_bit(mask)
            mask &= mask - 1
            if at < high:
                n = take_literal(text, at, low, high, scan, n)
    return n


@kernel
def take_literal(text, at, low, high, scan, n):
    """What may begin, or be announced, at `at`."""
    c = text[at]
    if c == 64:
        return take_email(text, at, low, high, scan, n)
    if c >= 0x80:
        code = han_at(text, at, high)
        if code == 0x53F7:  # 号
            return take_address(text, at, low, high, scan, n)
        if code in (0x540D, 0x4EBA, 0x8005):  # 名人者
            return take_labelled_name(text, at + 3, low, high, scan, n)
        if code == 0x6784:  # 构
            return take_org_code(text, at, high, scan, n)
        if code == 0x7EAC:  # 纬
            return take_coordinates(text, at, 3, low, high, scan, n)
        if c == 0xE2:  # ★
            return take_marking(text, at, low, high, scan, n)
        if at + 1 < high and 65 <= text[at + 1] <= 90:
            return take_plate(text, at, low, high, scan["han"], scan, n)
        return n
    if c in (0x22, 0x3D, 0x3A, 0x3E):
        return take_labelled_name(text, at + 1, low, high, scan, n)
    if at + 2 >= high:
        return n
    if c == 66:
        return take_private_key(text, at, low, high, scan, n)
    if c == 67:
        return take_mrz(text, at, low, high, scan, n)
    if (c | 0x20) == 108 and (text[at + 1] | 0x20) == 97:
        return take_coordinates(text, at, 3, low, high, scan, n)
    return take_access_key(text, at, low, high, scan, n)


@kernel
def wants_label_alone(kind):
    """Kinds that another hit beside them does not confirm."""
    return kind not in (MOBILE, LANDLINE, BANK_CARD, RESIDENT_ID_15, IMEI)


@kernel
def is_person_hit(kind):
    """Kinds beside which a mobile number or a name is believed."""
    return kind <= BANK_CARD and kind not in (IMEI, IMSI, ICCID) or kind in (PLATE, VIN, COORDINATES, NAME, ADDRESS)


@kernel
def settle_tier(text, low, scan, i, n):
    """The tier of candidate `order[i]`: its label, another hit beside it, or a negative word decide."""
    order = scan["order"]
    row = order[i]
    kind, with_context, without = scan["found"][row, 2], scan["found"][row, 3], scan["found"][row, 4]
    if with_context == without:
        return with_context
    if not wants_label_alone(kind) and kind != IMEI:
        for j in (i - 1, i + 1):
            if 0 <= j < n and confirms(text, scan, order[j], order[min(i, j)], order[max(i, j)]):
                return with_context
        if kind == MOBILE and name_before(text, low, scan["found"][row, 0], scan):
            return with_context
    label, negative = nearest_word(text, low, scan["found"][row, 0], kind, scan["words"], scan["word_at"], scan["word_by"])
    if label >= 0 and label > negative:
        return with_context
    return max(0, without - 1) if negative >= 0 else without


@kernel
def confirms(text, scan, other, first, second):
    """Whether candidate `other`, one of two neighbours, is sure by itself, a person's, and close."""
    return scan["found"][other, 4] >= MEDIUM and is_person_hit(scan["found"][other, 2]) and is_beside(text, scan, first, second)


@kernel
def is_beside(text, scan, first, second):
    """Whether two candidates lie close to each other in one record."""
    start, stop = scan["found"][first, 1], scan["found"][second, 0]
    return stop - start <= NEIGHBOURHOOD and (start >= stop or next_break(text, start, stop) == stop)


@kernel
def sort_by_start(scan, n):
    """Bring the candidates order[:n] into order of start: what the passes found one after another are a few runs that are merged."""
    runs = 2
    while runs > 1:
        runs, at = 0, 0
        while at < n:
            middle = run_end(scan, at, n)
            stop = run_end(scan, middle, n)
            merge(scan, at, middle, stop)
            runs += 1
            at = stop


@kernel
def run_end(scan, at, n):
    """Behind the candidates from order[at] on that stand in order."""
    order = scan["order"]
    if at < n:
        at += 1
    while at < n and scan["found"][order[at - 1], 0] <= scan["found"][order[at], 0]:
        at += 1
    return at


@kernel
def merge(scan, at, middle, stop):
    """Merge two neighbouring runs, stably."""
    if middle == stop:
        return
    order, spare = scan["order"], scan["spare"]
    for i in range(at, middle):
        spare[i] = order[i]
    left, right = at, middle
    for to in range(at, stop):
        if right == stop or (left < middle and scan["found"][spare[left], 0] <= scan["found"][order[right], 0]):
            if left == middle:
                return
            order[to] = spare[left]
            left += 1
        else:
            order[to] = order[right]
            right += 1


@kernel
def drop_overlaps(scan, n):
    """Of overlapping candidates keep the longest, then the highest: tiers of the others become 0. Only those with a tier count."""
    order, tiers = scan["order"], scan["tiers"]
    kept = np.int64(-1)
    for i in range(n):
        row = order[i]
        if tiers[row] == 0:
            continue
        if kept >= 0 and scan["found"][row, 0] < scan["found"][kept, 1]:
            longer = (scan["found"][row, 1] - scan["found"][row, 0]) - (scan["found"][kept, 1] - scan["found"][kept, 0])
            same = longer == 0 and tiers[row] == tiers[kept]
            # a resident ID can pass a credit identifier's check too: kinds stand in order of preference
            if longer > 0 or (longer == 0 and tiers[row] > tiers[kept]) or (same and scan["found"][row, 2] < scan["found"][kept, 2]):
                tiers[kept] = 0
            else:
                tiers[row] = 0
                continue
        kept = row


@kernel
def find_names(text, low, high, scan, n, more):
    """Names in the gaps beside the hits; the new number of candidates. They lie in no hit and need no settling."""
    order, tiers = scan["order"], scan["tiers"]
    before = low
    for i in range(n):
        row = order[i]
        if tiers[row] < MEDIUM:
            continue
        start, stop = scan["found"][row, 0], scan["found"][row, 1]
        if is_person_hit(scan["found"][row, 2]):
            first = behind_last_break(text, max(before, start - GAP_LOOKED_AT), start)
            more = take_names(text, align(text, first, start), start, scan, more)
            limit = next_start(scan, i, n, high)
            after = next_break(text, stop, min(limit, stop + GAP_LOOKED_AT))
            if limit - stop > GAP_LOOKED_AT or after < limit or limit == high:
                more = take_names(text, stop, after, scan, more)
                before = after
            else:
                before = stop
        else:
            before = stop
    return more


@kernel
def align(text, at, stop):
    """The next start of a UTF-8 character."""
    while at < stop and text[at] & 0xC0 == 0x80:
        at += 1
    return at


@kernel
def next_start(scan, i, n, high):
    """Where the next hit of medium tier begins."""
    order, tiers = scan["order"], scan["tiers"]
    for j in range(i + 1, n):
        if tiers[order[j]] >= MEDIUM:
            return scan["found"][order[j], 0]
    return high


@kernel
def scan_text(text, low, high, scan, unit, hits, n_hits):
    """Hits of text[low:high] as rows n_hits.. of `hits`, in order of start; the new number of rows.

    scan  a record of scan.SCAN: the catalogue's tables, and room for candidates
    256 octets behind `high` must be readable
    """
    order, tiers = scan["order"], scan["tiers"]
    n = find_numbers(text, low, high, scan)
    n = find_codes(text, low, high, scan, n)
    n = find_literals(text, low, high, scan, n)
    if n == 0:
        return n_hits
    for i in range(n):
        order[i] = i
    sort_by_start(scan, n)
    for i in range(n):
        tiers[order[i]] = settle_tier(text, low, scan, i, n)
    drop_overlaps(scan, n)
    more = find_names(text, low, high, scan, n, n)
    if more > n:
        for i in range(n, more):
            order[i], tiers[i] = i, scan["found"][i, 3]
        sort_by_start(scan, more)
        drop_overlaps(scan, more)
        n = more
    for i in range(n):
        row = order[i]
        signature = scan["signature_of"][scan["found"][row, 2]]
        if tiers[row] > 0 and signature >= 0 and n_hits < hits.unit.shape[0]:
            hits.unit[n_hits], hits.signature[n_hits], hits.tier[n_hits] = unit, signature, tiers[row]
            hits.start[n_hits], hits.stop[n_hits] = scan["found"][row, 0], scan["found"][row, 1]
            n_hits += 1
    return n_hits


@kernel
def scan_rows(text, bounds, rows, scans, hits, n_hits):
    """scan_text over bounds[row, 0]..bounds[row, 3] of each of `rows`; scans: one SCAN."""
    for i in range(rows.shape[0]):
        row = rows[i]
        n_hits = scan_text(text, bounds[row, 0], bounds[row, 3], scans[0], row, hits, n_hits)
    return n_hits
