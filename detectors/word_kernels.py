"""Words around values: labels and negative words before them, names and addresses in Han characters."""

import numpy as np

from detectors.kernel import kernel
from detectors.kinds import NEGATIVE
from detectors.mask_kernels import is_known
from detectors.number_kernels import ADDRESS, HIGH, MEDIUM, NAME, is_digit, put
from detectors.trigger import LANES, break_mask, han_mask, highest_bit, lowest_bit

WINDOW = 64          # octets before a value in which a label counts: some thirty characters
GAP_LOOKED_AT = 120  # octets beside a hit in which a name belongs to it
LONGEST_RUN = 48     # Han characters of one run that are looked at
HAN_FIRST, HAN_LAST = 0x4E00, 0x9FFF
SURNAME = 1
HAO, SHI, QU, XIAN, LU = 0x53F7, 0x5E02, 0x533A, 0x53BF, 0x8DEF


@kernel
def nearest_word(text, low, at, bit, words, word_at, word_by):
    """(where the last label of a kind ends before `at`, where the last negative word does); -1 for none. bit: the kind's number."""
    label, negative = np.int64(-1), np.int64(-1)
    wanted = np.int64(1) << bit
    for p in range(max(low, at - WINDOW), at):
        c = np.int64(text[p])
        if 65 <= c <= 90:
            c += 32
        for w in range(word_by[c], word_by[c + 1]):
            length = word_at[w, 1]
            kinds = word_at[w, 2]
            if p + length > at or kinds & (wanted | (np.int64(1) << NEGATIVE)) == 0:
                continue
            if not begins_word(text, p, low, word_at[w, 3]) or not ends_word(text, p + length, at, word_at[w, 3], length):
                continue
            if same_word(text, p, words, word_at[w, 0], length):
                if kinds & wanted:
                    label = p + length
                else:
                    negative = p + length
    return label, negative


@kernel
def same_word(text, at, words, start, length):
    """Whether the word words[start:start+length] stands at `at`, in any case."""
    for i in range(length):
        c = text[at + i]
        if 65 <= c <= 90:
            c += 32
        if c != words[start + i]:
            return False
    return True


@kernel
def begins_word(text, at, low, latin):
    """A Latin word begins where no letter stands before it, or where a capital follows a small letter."""
    if not latin or at == low:
        return True
    c, before = text[at], text[at - 1]
    letter = 65 <= (before & 0xDF) <= 90
    return not letter or (65 <= c <= 90 and 97 <= before <= 122)


@kernel
def ends_word(text, at, stop, latin, length):
    """A Latin word of up to three letters must also end there: `id`, not `idea`."""
    return not latin or length > 3 or at >= stop or not 97 <= text[at] <= 122


@kernel
def han_at(text, at, high):
    """The Han character of three octets at `at`, or -1."""
    if at + 2 >= high or not 0xE4 <= text[at] <= 0xE9:
        return np.int64(-1)
    code = ((np.int64(text[at]) & 0x0F) << 12) | ((np.int64(text[at + 1]) & 0x3F) << 6) | (np.int64(text[at + 2]) & 0x3F)
    return code if HAN_FIRST <= code <= HAN_LAST else np.int64(-1)


@kernel
def surname_length(text, at, stop, han, compounds):
    """Characters of the surname at `at`: 2 for a compound one, 1, or 0."""
    if stop - at >= 9 and is_known(text, at, at + 6, compounds):
        return 2
    code = han_at(text, at, stop)
    return 1 if code >= 0 and han[code - HAN_FIRST] & SURNAME else 0


@kernel
def name_at(text, at, stop, scan):
    """Octets of the name at the start of the Han run text[at:stop], or 0: all of the run, or up to a word that follows names."""
    surname = surname_length(text, at, stop, scan["han"], scan["compounds"])
    if surname == 0:
        return 0
    characters = (stop - at) // 3
    if surname + 1 <= characters <= surname + 2:
        return characters * 3 if is_name(text, at, stop, scan["not_names"]) else 0
    for given in (2, 1):
        end = at + (surname + given) * 3
        if end < stop and follows_name(text, end, stop, scan["after"]) and is_name(text, at, end, scan["not_names"]):
            return (surname + given) * 3
    return 0


@kernel
def is_name(text, at, end, not_names):
    """Whether a word that has a name's form is no other word: not listed, and not ending as labels do (号码址证额费率)."""
    last = han_at(text, end - 3, end)
    return not is_one_of(last, (0x53F7, 0x7801, 0x5740, 0x8BC1, 0x989D, 0x8D39, 0x7387)) and not is_known(text, at, end, not_names)


@kernel
def follows_name(text, at, stop, after):
    """Whether a word that follows names stands at `at`."""
    for characters in (1, 2):
        if at + characters * 3 <= stop and is_known(text, at, at + characters * 3, after):
            return True
    return False


@kernel
def cue_before(text, low, at, before):
    """Whether a word that precedes names ends at `at`."""
    for characters in (1, 2, 3, 4):
        if at - characters * 3 >= low and is_known(text, at - characters * 3, at, before):
            return True
    return False


@kernel
def next_break(text, at, stop):
    """Where a line or an object ends first in text[at:stop], or `stop`."""
    while at < stop:
        mask = break_mask(text, at)
        if mask != 0:
            return min(stop, at + lowest_bit(mask))
        at += LANES
    return stop


@kernel
def behind_last_break(text, low, stop):
    """Behind the last end of a line or an object in text[low:stop], or `low`."""
    last = low
    for at in range(low, stop, LANES):
        mask = break_mask(text, at)
        if stop - at < LANES:
            mask &= (np.int64(1) << np.int64(stop - at)) - 1
        if mask != 0:
            last = at + highest_bit(mask) + 1
    return last


@kernel
def next_han(text, at, stop):
    """Where a Han character may begin first in text[at:stop], or `stop`."""
    while at < stop:
        mask = han_mask(text, at)
        if mask != 0:
            return min(stop, at + lowest_bit(mask))
        at += LANES
    return stop


@kernel
def take_names(text, low, high, scan, n):
    """Names in text[low:high], which lies beside a hit: whole runs of Han, beginnings of runs, and what follows a cue in a run."""
    at = next_han(text, low, high)
    while at < high:
        stop = at
        while stop - at < LONGEST_RUN * 3 and han_at(text, stop, high) >= 0:
            stop += 3
        if stop == at:
            at = next_han(text, at + 1, high)
            continue
        place = at
        while place < stop:
            if place == at or cue_before(text, at, place, scan["before"]):
                length = name_at(text, place, stop, scan)
                if length:
                    n = put(scan, n, place, place + length, NAME, MEDIUM, MEDIUM)
                    place += length
                    continue
            place += 3
        at = next_han(text, stop, high)
    return n


@kernel
def take_labelled_name(text, at, low, high, scan, n):
    """A name that a label announces: `at` is behind the label or the opening quote."""
    while at < high and text[at] in (32, 34, 39, 58, 61, 62, 9):
        at += 1
    if at + 2 < high and text[at] == 0xEF and text[at + 1] == 0xBC and text[at + 2] == 0x9A:  # ：
        at += 3
    stop = at
    while stop - at < LONGEST_RUN * 3 and han_at(text, stop, high) >= 0:
        stop += 3
    if stop == at:
        return n
    length = name_at(text, at, stop, scan)  # first: cheaper than looking for the label, and mostly there is no surname
    if length == 0:
        return n
    label, negative = nearest_word(text, max(low, at - 24), at, np.int64(NAME), scan["words"], scan["word_at"], scan["word_by"])
    if label < 0 or negative > label or not is_person_label(text, label, low):
        return n
    if label == at and at + length < stop:  # in one run with its label a name must end the run: 负责人应当…
        return n
    return put(scan, n, at, at + length, NAME, MEDIUM, MEDIUM)


@kernel
def name_before(text, low, at, scan):
    """Whether a name stands right before `at`, but for a bracket, a comma, a quote or the like."""
    end = at
    while end > low and at - end < 6 and (text[end - 1] in (32, 9, 34, 39, 40, 44, 58, 59, 124) or is_wide_sign(text, end, low)):
        end -= 1 if text[end - 1] < 0x80 else 3
    start = end
    while start - 3 >= low and end - start < 15 and han_at(text, start - 3, end) >= 0:
        start -= 3
    return 6 <= end - start <= 12 and name_at(text, start, end, scan) == end - start


@kernel
def is_wide_sign(text, end, low):
    """Whether a full-width bracket, comma or colon, or 和, 、 ends at `end`: U+FF08, U+FF0C, U+FF1A, U+3001."""
    if end - 3 < low:
        return False
    a, b, c = text[end - 3], text[end - 2], text[end - 1]
    return (a == 0xEF and b == 0xBC and c in (0x88, 0x8C, 0x9A)) or (a == 0xE3 and b == 0x80 and c == 0x81)


@kernel
def is_person_label(text, label, low):
    """`name` is a person's unless it is that of a file, a host, a product …: file_name, hostname, 品名."""
    if label - 4 < low or (text[label - 1] | 0x20) != 101 or (text[label - 4] | 0x20) != 110:
        return True
    if label - 5 < low:
        return True
    before = text[label - 5]
    return not (65 <= (before & 0xDF) <= 90 or before in (95, 45, 46))


@kernel
def address_start(text, hao, low):
    """Walk back from the number before 号 over Han characters and digits; where the address may begin."""
    at = hao
    for _ in range(40):
        if at - 3 >= low and han_at(text, at - 3, at) >= 0:
            at -= 3
        elif at - 1 >= low and (is_digit(text[at - 1]) or text[at - 1] == 45):
            at -= 1
        else:
            break
    return at


@kernel
def is_one_of(code, codes):
    """Whether a character is one of a few."""
    for c in codes:
        if code == c:
            return True
    return False


@kernel
def take_address(text, hao, low, high, scan, n):
    """The address whose number ends at `hao`, where 号 stands (three octets)."""
    if hao - 1 < low or not is_digit(text[hao - 1]):
        return n
    start = address_start(text, hao, low)
    levels, street, city = 0, False, np.int64(-1)
    at, first_unit = start, np.int64(-1)
    while at < hao:
        code = han_at(text, at, high)
        if code < 0:
            at += 1
            continue
        if is_one_of(code, (0x7701, 0x5E02, 0x533A, 0x53BF, 0x65D7, 0x76DF, 0x5DDE)):  # 省市区县旗盟州
            levels += 1
            if first_unit < 0:
                first_unit = at
            city = at
        elif is_one_of(code, (0x8DEF, 0x8857, 0x9053, 0x5DF7, 0x5F04, 0x91CC, 0x6751, 0x9547, 0x4E61)) and city >= 0:  # 路街道巷弄里村镇乡
            levels += not street
            street = True
        at += 3
    if levels < 2 or not street:
        return n
    begin = place_start(text, start, first_unit)
    stop = address_stop(text, hao + 3, high)
    levels += stop > hao + 3
    return put(scan, n, begin, stop, ADDRESS, HIGH if levels >= 3 else MEDIUM, HIGH if levels >= 3 else MEDIUM)


@kernel
def place_start(text, start, unit):
    """Where the first place name begins: at most four characters before its 省, 市 …, and behind words that lead to an address."""
    at = max(start, unit - 15)
    for p in range(unit - 3, at - 3, -3):
        code = han_at(text, p, unit + 3)
        # 址 为 住 在 于 到 往 地 (of 居住地, 所在地) 是 至
        if is_one_of(code, (0x5740, 0x4E3A, 0x4F4F, 0x5728, 0x4E8E, 0x5230, 0x5F80, 0x5730, 0x662F, 0x81F3)):
            return p + 3
    return at


@kernel
def address_stop(text, at, high):
    """Behind building, unit and room numbers that follow 号."""
    while at < high:
        end = at
        while end < high and (is_digit(text[end]) or text[end] == 45 or 65 <= text[end] <= 90) and end - at < 6:
            end += 1
        code = han_at(text, end, high)
        if end == at or not is_one_of(code, (0x680B, 0x5E62, 0x697C, 0x5BA4, 0x5355, 0x53F7, 0x5C42, 0x5EA7)):  # 栋幢楼室单号层座
            break
        at = end + 3
        if code in (0x5355, 0x53F7) and han_at(text, at, high) in (0x5143, 0x697C):  # 单元, 号楼
            at += 3
    return at
