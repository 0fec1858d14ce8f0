"""Runs of digits → what number they may be.

`scan` is a record of scan.SCAN: tables to look up, `digits` to work with, and `found`, where a candidate is a row of int64: start, stop,
kind, tier with its context, tier without it.
"""

import numpy as np

from detectors.check_kernels import card_range, is_date, number, passes_luhn, passes_mod11
from detectors.kernel import kernel
from detectors.kinds import KINDS
from detectors.mask_kernels import is_known
from detectors.trigger import LANES, count_bits, digit_mask, spread_digits

# int64 and no Python integers: a kernel is compiled once for all of them instead of once for each
RESIDENT_ID, RESIDENT_ID_15, RESIDENCE_PERMIT, FOREIGN_ID, HKMO_PERMIT, TW_PERMIT, EXIT_PERMIT, PASSPORT, MRZ = np.arange(9)
MOBILE, LANDLINE, EMAIL, IMEI, IMSI, ICCID, BANK_CARD, TRACK2, USCI, ORG_CODE, PLATE, VIN, COORDINATES = np.arange(9, 22)
PRIVATE_KEY, ACCESS_KEY, MARKING, NAME, ADDRESS = np.arange(22, len(KINDS))
NOTHING, LOW, MEDIUM, HIGH = np.arange(4)
LONGEST_NUMBER = 20
LENGTHS = sum(1 << n for n in (8, 9, 10, 11, *range(13, LONGEST_NUMBER + 1)))  # digits of a number without letters


@kernel
def is_digit(c):
    """0–9."""
    return 48 <= c <= 57


@kernel
def is_alnum(c):
    """0–9, A–Z, a–z."""
    return 48 <= c <= 57 or 65 <= (c & 0xDF) <= 90


@kernel
def bounded(text, start, stop, low, high):
    """Whether no letter, digit, mask or fraction touches text[start:stop]; the text itself ends at `low` and `high`."""
    if start > low:
        c = text[start - 1]
        if is_alnum(c) or c in (42, 95) or (c == 46 and start - 1 > low and is_digit(text[start - 2])):
            return c == 95  # after an underscore a value may begin, as in uid_138…
    if stop < high:
        c = text[stop]
        if is_alnum(c) or c == 42 or (c == 46 and stop + 1 < high and is_digit(text[stop + 1])):
            return False
    return True


@kernel
def put(scan, n, start, stop, kind, with_context, without):
    """Append a candidate if there is room; the new number."""
    found = scan["found"]
    if n < found.shape[0]:
        found[n, 0], found[n, 1], found[n, 2], found[n, 3], found[n, 4] = start, stop, kind, with_context, without
        n += 1
    return n


@kernel
def run_stop(text, at, high):
    """End of the digits at `at`, single spaces and hyphens between digits included."""
    while at < high:
        c = text[at]
        if is_digit(c) or (c == 32 or c == 45) and at + 1 < high and is_digit(text[at + 1]) and is_digit(text[at - 1]):
            at += 1
        else:
            break
    return at


@kernel
def count_digits(text, start, stop):
    """Digits in text[start:stop]."""
    count = np.int64(0)
    for at in range(start, stop, LANES):
        mask = digit_mask(text, at)
        if stop - at < LANES:
            mask &= (np.int64(1) << np.int64(stop - at)) - 1
        count += count_bits(np.uint64(mask))
    return count


@kernel
def take_run(text, start, stop, low, high, scan, n):
    """Candidates of the run text[start:stop]; the new number of them."""
    count = count_digits(text, start, stop)
    if count == stop - start:
        return take_number(text, start, stop, low, high, scan, count, n)
    if 11 <= count <= 19:
        before = n
        at = 0
        for i in range(start, stop):
            if is_digit(text[i]):
                scan["digits"][at] = np.int64(text[i]) - 48
                at += 1
        n = take_grouped(text, start, stop, low, high, scan, count, n)
        if n > before:
            return n
    at = start  # else each group for itself, and two groups as a landline
    while at < stop:
        end = at
        while end < stop and is_digit(text[end]):
            end += 1
        if end - at >= 7:
            if end - at <= 8 and at - 4 >= start and take_landline(text, start, at, end):
                first = landline_start(text, start, at)
                if bounded(text, first, end, low, high):
                    n = put(scan, n, first, end, LANDLINE, MEDIUM, LOW)
            elif at == start or end - at != 11 or text[at - 1] != 45 or is_country_code(text, at - 1, low):
                n = take_number(text, at, end, low, high, scan, end - at, n)
        at = end + 1
    return n


@kernel
def is_country_code(text, at, low):
    """Whether 86 ends at `at`."""
    return at - 2 >= low and text[at - 1] == 54 and text[at - 2] == 56


@kernel
def landline_start(text, low, at):
    """Where the area code before the number at `at` begins: a separator, then two or three digits after a 0."""
    first = at - 1
    while first > low and is_digit(text[first - 1]) and at - first < 6:
        first -= 1
    return first


@kernel
def take_landline(text, low, at, end):
    """Whether an area code stands before the seven or eight digits at `at`."""
    first = landline_start(text, low, at)
    code = at - 1 - first
    if text[first] != 48 or not 3 <= code <= 4 or not 50 <= text[at] <= 56:
        return False
    if code == 3:
        return end - at == 8 and (text[first + 1] == 50 or (text[first + 1] == 49 and text[first + 2] == 48))
    return 51 <= text[first + 1] <= 57


@kernel
def take_grouped(text, start, stop, low, high, scan, count, n):
    """A number written in groups: mobile 3-4-4, card 4-4-4-4…, resident ID 6-8-4."""
    digits = scan["digits"]
    if not bounded(text, start, stop, low, high):
        return n
    first = 0
    while is_digit(text[start + first]):
        first += 1
    if count == 11 and first == 3 and digits[0] == 1 and stop - start == 13 and text[start + 3] == text[start + 8]:
        return take_mobile(text, start, stop, scan, np.int64(0), n)
    if count == 13 and digits[0] == 8 and digits[1] == 6 and digits[2] == 1 and first == 2:
        return take_mobile(text, start, stop, scan, np.int64(2), n)
    if count == 18 and first == 6:
        return take_id(text, start, stop, scan, 48 + digits[17], n)
    if first == 4 and 14 <= count <= 19:
        return take_card(text, start, stop, low, high, scan, count, n)
    return n


@kernel
def take_number(text, start, stop, low, high, scan, count, n):
    """Candidates of the unbroken digits text[start:stop]."""
    digits = scan["digits"]
    lettered = start > low and 65 <= text[start - 1] <= 90
    if not lettered and (count > LONGEST_NUMBER or not LENGTHS >> count & 1):
        return n
    spread_digits(digits, text, start)
    if stop < high and (text[stop] | 0x20) == 120 and count == 17 and bounded(text, start, stop + 1, low, high):
        return take_id(text, start, stop + 1, scan, np.int64(120), n)
    if lettered:
        return take_lettered(text, start, stop, low, high, count, scan, n)
    if stop < high and (text[stop] == 61 or text[stop] == 68) and 13 <= count <= 19:
        return take_track(text, start, stop, low, high, scan, count, n)
    if not bounded(text, start, stop, low, high):
        return n
    if count == 11:
        if digits[0] == 1:
            return take_mobile(text, start, stop, scan, np.int64(0), n)
        if digits[0] == 0 and digits[1] in (1, 2) and 2 <= digits[3] <= 8:
            return put(scan, n, start, stop, LANDLINE, MEDIUM, LOW)
    elif count == 13 and digits[0] == 8 and digits[1] == 6:
        return take_mobile(text, start, stop, scan, np.int64(2), n)
    elif count == 18:
        before = n
        n = take_id(text, start, stop, scan, 48 + digits[17], n)
        return n if n > before else take_card(text, start, stop, low, high, scan, count, n)
    elif count == 15:
        n = take_fifteen(text, start, stop, scan, n)
    elif count in (8, 10):
        return put(scan, n, start, stop, TW_PERMIT, MEDIUM, NOTHING)
    elif count == 9 and digits[0] == 1 and digits[1] in (4, 5):
        return put(scan, n, start, stop, PASSPORT, MEDIUM, NOTHING)
    elif count in (19, 20) and digits[0] == 8 and digits[1] == 9 and digits[2] == 8 and digits[3] == 6:
        if count == 20:
            return put(scan, n, start, stop, ICCID, HIGH, HIGH) if passes_luhn(digits, count) else n
        return put(scan, n, start, stop, ICCID, MEDIUM, LOW)
    if 15 <= count <= 19:
        n = take_card(text, start, stop, low, high, scan, count, n)
    return n


@kernel
def is_test(text, start, stop, scan):
    """Whether the number text[start:stop], four octets or more, stands for nobody. The last three octets rule most of the others out."""
    tail = (np.int64(text[stop - 3]) & 15) * 100 + (np.int64(text[stop - 2]) & 15) * 10 + (np.int64(text[stop - 1]) & 15)
    return scan["tails"][tail] and is_known(text, start, stop, scan["tests"])


@kernel
def take_mobile(text, start, stop, scan, at, n):
    """Eleven digits from digits[at] on."""
    digits = scan["digits"]
    if not 3 <= digits[at + 1] <= 9 or is_test(text, start, stop, scan):
        return n
    same = 0  # 13800000000 and the like stand in forms, not for persons
    for i in range(at + 4, at + 11):
        same += digits[i] == digits[at + 3]
    if same == 7:
        return n
    known = scan["mobile"][digits[at] * 100 + digits[at + 1] * 10 + digits[at + 2]]
    if at == 2 and start > 0 and text[start - 1] == 43:
        start -= 1
    return put(scan, n, start, stop, MOBILE, MEDIUM, LOW if known else NOTHING)


@kernel
def take_id(text, start, stop, scan, check, n):
    """Eighteen characters: resident ID, residence permit, foreign permanent residence."""
    digits = scan["digits"]
    year = digits[6] * 1000 + digits[7] * 100 + digits[8] * 10 + digits[9]
    month, day = digits[10] * 10 + digits[11], digits[12] * 10 + digits[13]
    if not is_date(year, month, day) or not passes_mod11(digits, check) or is_test(text, start, stop, scan):
        return n
    province = digits[0] * 10 + digits[1]
    if digits[0] == 9:
        inner = digits[1] * 10 + digits[2]
        return put(scan, n, start, stop, FOREIGN_ID, HIGH, HIGH) if scan["province"][inner] or inner == 11 else n
    if province in (81, 82, 83) and digits[2] == 0 and digits[3] == 0 and digits[4] == 0 and digits[5] == 0:
        return put(scan, n, start, stop, RESIDENCE_PERMIT, HIGH, HIGH)
    if not scan["province"][province]:
        return n
    prefecture = digits[2] * 10 + digits[3]
    sure = prefecture <= 70 or prefecture == 90
    return put(scan, n, start, stop, RESIDENT_ID, HIGH, HIGH if sure else MEDIUM)


@kernel
def take_fifteen(text, start, stop, scan, n):
    """Fifteen digits: IMSI, IMEI, old resident ID; labels decide between them."""
    digits = scan["digits"]
    if is_test(text, start, stop, scan):
        return n
    if digits[0] == 4 and digits[1] == 6 and digits[2] == 0 and scan["imsi"][digits[3] * 10 + digits[4]]:
        n = put(scan, n, start, stop, IMSI, MEDIUM, LOW)
    if passes_luhn(digits, np.int64(15)):
        n = put(scan, n, start, stop, IMEI, HIGH, LOW)
    if scan["province"][digits[0] * 10 + digits[1]]:
        year, month, day = 1900 + digits[6] * 10 + digits[7], digits[8] * 10 + digits[9], digits[10] * 10 + digits[11]
        if is_date(year, month, day):
            n = put(scan, n, start, stop, RESIDENT_ID_15, MEDIUM, NOTHING)
    return n


@kernel
def take_card(text, start, stop, low, high, scan, count, n):  # noqa: ARG001
    """Thirteen to nineteen digits of a bank card."""
    issuer = card_range(scan["digits"], count, scan["cards"])
    if issuer == 0 or is_test(text, start, stop, scan):
        return n
    if passes_luhn(scan["digits"], count):
        return put(scan, n, start, stop, BANK_CARD, HIGH, MEDIUM if issuer == 2 else LOW)
    return put(scan, n, start, stop, BANK_CARD, MEDIUM, NOTHING)


@kernel
def take_track(text, start, stop, low, high, scan, count, n):
    """Track 2: a card number, a separator, expiry and service code (ISO/IEC 7813)."""
    end = stop + 1
    while end < high and is_digit(text[end]):
        end += 1
    whole = end - stop - 1 >= 7 and start - 1 >= low and not is_alnum(text[start - 1]) or (start == low and end - stop - 1 >= 7)
    if whole and card_range(scan["digits"], count, scan["cards"]) and 1 <= number(text, stop + 3, 2) <= 12:
        return put(scan, n, start, end, TRACK2, HIGH, HIGH)
    if text[stop] == 61 and bounded(text, start, stop, low, high):
        return take_card(text, start, stop, low, high, scan, count, n)
    return n


@kernel
def take_lettered(text, start, stop, low, high, count, scan, n):
    """Digits behind one to three capitals: passports, travel permits, the older foreign permanent residence number."""
    first = start - 1
    while first > low and 65 <= text[first - 1] <= 90:
        first -= 1
    letters = start - first
    if letters > 3 or not bounded(text, first, stop, low, high):
        return n
    a, b = text[first], text[start - 1]
    if letters == 3:
        if count == 12 and is_old_foreign_id(text, first):
            return put(scan, n, first, stop, FOREIGN_ID, HIGH, HIGH)
        return n
    if letters == 1 and (count == 8 or count == 10) and a in (72, 77):
        n = put(scan, n, first, stop, HKMO_PERMIT, MEDIUM, NOTHING)
    if (letters == 1 and count == 8 and a in (67, 87, 76)) or (letters == 2 and count == 7 and a in (67, 87, 76)):
        n = put(scan, n, first, stop, EXIT_PERMIT, MEDIUM, NOTHING)
    if is_passport(letters, count, a, b):
        n = put(scan, n, first, stop, PASSPORT, MEDIUM, NOTHING)
    return n


@kernel
def is_passport(letters, count, a, b):
    """The forms of Chinese passports: mainland, Hong Kong SAR, Macao SAR."""
    if letters == 1:
        return (count == 8 and a in (69, 71, 83, 68, 80, 72, 75, 77)) or (count == 7 and a in (83, 68, 80))
    if count != 7:
        return False
    if b == 69 and a in (83, 68, 80):
        return True
    return (a == 69 and b not in (73, 79)) or a == 72 or (a == 75 and b == 74) or (a == 77 and b in (65, 66))


@kernel
def is_old_foreign_id(text, at):
    """Three letters, four digits of region, date of birth, sequence, and a 7-3-1 check digit."""
    total, weight = np.int64(0), 0
    for i in range(14):
        c = np.int64(text[at + i])
        value = c - 55 if c >= 65 else c - 48
        total += value * (7 if weight == 0 else 3 if weight == 1 else 1)
        weight = weight + 1 if weight < 2 else 0
    month, day = number(text, at + 9, 2), number(text, at + 11, 2)
    return total % 10 == np.int64(text[at + 14]) - 48 and 1 <= month <= 12 and 1 <= day <= 31
