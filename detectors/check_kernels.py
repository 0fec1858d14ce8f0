"""Checksums and ranges: whether octets that have the form of a value can be one.

Each takes the text and where the value starts; the caller has seen to it that all its octets are there and have the form.
"""

import numpy as np

from detectors.kernel import kernel

ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int64)
ID_CHECKS = np.frombuffer(b"10X98765432", np.uint8).astype(np.int64)
USCI_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], np.int64)
ORG_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], np.int64)
VIN_WEIGHTS = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2], np.int64)


def _values(alphabet):
    """Value of each octet in an alphabet, -1 outside it: int64 (256,)."""
    table = np.full(256, -1, np.int64)
    for value, letter in enumerate(alphabet):
        table[ord(letter)] = value
    return table


USCI_VALUES = _values("0123456789ABCDEFGHJKLMNPQRTUWXY")
VIN_VALUES = _values("0123456789")
for _letters, _first in (("ABCDEFGH", 1), ("JKLMN", 1), ("P", 7), ("R", 9), ("STUVWXYZ", 2)):
    for _i, _letter in enumerate(_letters):
        VIN_VALUES[ord(_letter)] = _first + _i
MONTH_DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
LATEST_YEAR = 2030


@kernel
def number(text, at, digits):
    """The decimal number of so many digits at `at`."""
    value = np.int64(0)
    for i in range(at, at + digits):
        value = value * 10 + np.int64(text[i]) - 48
    return value


@kernel
def is_date(year, month, day):
    """Whether this is a calendar date from 1900 on."""
    if not 1900 <= year <= LATEST_YEAR or not 1 <= month <= 12 or not 1 <= day <= MONTH_DAYS[month - 1]:
        return False
    return month != 2 or day < 29 or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


@kernel
def passes_mod11(digits, check):
    """MOD 11-2 over 17 digits, int64 (17,); `check` is the 18th octet (GB 11643)."""
    total = np.int64(0)
    for i in range(17):
        total += digits[i] * ID_WEIGHTS[i]
    return ID_CHECKS[total % 11] == (check - 32 if check == 120 else check)


@kernel
def passes_luhn(digits, n):
    """Luhn over digits[:n]."""
    total = np.int64(0)
    for i in range(n):
        d = digits[n - 1 - i]
        if i & 1:
            d = d * 2 - 9 if d > 4 else d * 2
        total += d
    return total % 10 == 0


@kernel
def passes_usci(text, at):
    """Modulo 31 over 18 characters (GB 32100)."""
    first, second = text[at], text[at + 1]
    if not (49 <= first <= 57 or first in (65, 78, 89)) or second not in (49, 53, 57, 50, 51, 52):
        return False
    for i in range(2, 8):
        if not 48 <= text[at + i] <= 57:
            return False
    if not 49 <= text[at + 2] <= 56:  # regions of GB/T 2260 begin with 1 to 8
        return False
    total = np.int64(0)
    for i in range(17):
        value = USCI_VALUES[text[at + i]]
        if value < 0:
            return False
        total += value * USCI_WEIGHTS[i]
    return USCI_VALUES[text[at + 17]] == (31 - total % 31) % 31


@kernel
def passes_vin(text, at):
    """Check digit at position 9 of 17 characters, with letters and digits both (GB 16735)."""
    total, letters, digits = np.int64(0), 0, 0
    for i in range(17):
        c = text[at + i]
        value = VIN_VALUES[c]
        if value < 0:
            return False
        letters += c >= 65
        digits += c < 65
        total += value * VIN_WEIGHTS[i]
    rest = total % 11
    want = 88 if rest == 10 else 48 + rest
    return text[at + 8] == want and letters >= 3 and digits >= 3


@kernel
def alnum_value(c):
    """0–9, then A–Z from 10; `<` is 0; -1 for anything else."""
    if 48 <= c <= 57:
        return np.int64(c) - 48
    if 65 <= c <= 90:
        return np.int64(c) - 55
    return np.int64(0) if c == 60 else np.int64(-1)


@kernel
def sum_731(text, start, stop):
    """7-3-1 weighted sum modulo 10 (ICAO 9303), or -1 where a character has no value."""
    total, weight = np.int64(0), 0
    for i in range(start, stop):
        value = alnum_value(text[i])
        if value < 0:
            return np.int64(-1)
        total += value * (7 if weight == 0 else 3 if weight == 1 else 1)
        weight = weight + 1 if weight < 2 else 0
    return total % 10


@kernel
def passes_mrz(text, at):
    """The second line of a passport's machine-readable zone, 44 characters at `at`: its four checks."""
    for i in range(at, at + 44):
        if alnum_value(text[i]) < 0:
            return False
    ends = ((0, 9), (13, 19), (21, 27))
    for start, stop in ends:
        if sum_731(text, at + start, at + stop) != alnum_value(text[at + stop]):
            return False
    total = np.int64(0)
    place = 0
    for i in range(43):
        if i < 10 or 13 <= i < 20 or i >= 21:
            total += alnum_value(text[at + i]) * (7 if place == 0 else 3 if place == 1 else 1)
            place = place + 1 if place < 2 else 0
    return total % 10 == alnum_value(text[at + 43])


@kernel
def passes_org(text, at, check):
    """Modulo 11 over eight characters, and the check character (GB 11714)."""
    total = np.int64(0)
    for i in range(8):
        value = alnum_value(text[at + i])
        if value < 0 or text[at + i] == 60:
            return False
        total += value * ORG_WEIGHTS[i]
    rest = 11 - total % 11
    want = 88 if rest == 10 else 48 if rest == 11 else 48 + rest
    return check == want


@kernel
def card_range(digits, n, cards):
    """0: no issuer's range; 1: one of them and the right length; 2: UnionPay's. cards: see compile.TABLES."""
    prefix = np.int64(0)
    for i in range(6):
        prefix = prefix * 10 + digits[i]
    for i in range(cards.shape[0]):
        if cards[i, 2] == 0:
            break
        if cards[i, 0] <= prefix <= cards[i, 1] and cards[i, 2] <= n <= cards[i, 3]:
            return 2 if prefix // 10000 in (62, 81) else 1
    return 0
