"""What is found by its own first octets: e-mail, plates, coordinates, keys, markings, VIN and USCI."""

import numpy as np

from detectors.check_kernels import passes_mrz, passes_org, passes_usci, passes_vin
from detectors.kernel import kernel
from detectors.mask_kernels import is_known
from detectors.number_kernels import (
    ACCESS_KEY,
    COORDINATES,
    EMAIL,
    HIGH,
    LOW,
    MARKING,
    MEDIUM,
    MRZ,
    NOTHING,
    ORG_CODE,
    PLATE,
    PRIVATE_KEY,
    USCI,
    VIN,
    bounded,
    is_alnum,
    is_digit,
    put,
)
from detectors.word_kernels import HAN_FIRST, han_at, same_word

PROVINCE_OF_PLATE = 2
BEGIN = np.frombuffer(b"-----begin ", np.uint8)
PRIVATE = np.frombuffer(b"private key", np.uint8)


@kernel
def is_local(c):
    """Octets of an e-mail address before the @."""
    return is_alnum(c) or c in (46, 95, 37, 43, 45)


@kernel
def take_email(text, at, low, high, scan, n):
    """The e-mail address around the @ at `at`."""
    start = at
    while start > low and at - start < 64 and is_local(text[start - 1]):
        start -= 1
    while start < at and text[start] in (46, 45, 37, 43):
        start += 1
    end, dot = at + 1, np.int64(-1)
    while end < high and end - at < 255 and (is_alnum(text[end]) or text[end] in (45, 46)):
        if text[end] == 46:
            dot = end
        end += 1
    while end > at + 1 and text[end - 1] in (46, 45):
        end -= 1
        if dot >= end:
            dot = end - 1
            while dot > at and text[dot] != 46:
                dot -= 1
    if start == at or dot <= at + 1 or not is_known(text, dot + 1, end, scan["domains"]) or is_known(text, at + 1, end, scan["tests"]):
        return n
    if is_known(text, start, at, scan["roles"]):
        return put(scan, n, start, end, EMAIL, LOW, LOW)
    return put(scan, n, start, end, EMAIL, MEDIUM, MEDIUM)


@kernel
def is_plate_letter(c):
    """A–Z without I and O."""
    return 65 <= c <= 90 and c != 73 and c != 79


@kernel
def take_plate(text, at, low, high, han, scan, n):
    """The number plate whose province's last octet is at `at` (GA 36)."""
    start = at - 2
    province = han_at(text, start, high) if start >= low else np.int64(-1)
    if province < 0 or not han[province - HAN_FIRST] & PROVINCE_OF_PLATE or not 65 <= text[at + 1] <= 90:
        return n
    first = at + 2
    if first + 1 < high and text[first] == 0xC2 and text[first + 1] == 0xB7:
        first += 2
    end, digits, odd = first, 0, not is_plate_letter(text[at + 1])
    while end < high and end - first < 7 and (65 <= text[end] <= 90 or is_digit(text[end])):
        digits += is_digit(text[end])
        odd |= not is_digit(text[end]) and not is_plate_letter(text[end])
        end += 1
    length = end - first
    if length == 4 and han_at(text, end, high) in (0x6302, 0x5B66, 0x8B66, 0x6E2F, 0x6FB3):  # 挂学警港澳
        return put(scan, n, start, end + 3, PLATE, MEDIUM, MEDIUM)
    if not 5 <= length <= 6 or (end < high and is_alnum(text[end])):
        return n
    strict = digits > 0 and not odd and (length == 5 or is_new_energy(text, first))
    return put(scan, n, start, end, PLATE, MEDIUM, MEDIUM if strict else NOTHING)


@kernel
def is_new_energy(text, first):
    """Six characters: a letter A–K, one more, four digits; or five digits and a letter A–K."""
    if 65 <= text[first] <= 75 and text[first] != 73:
        for i in range(2, 6):
            if not is_digit(text[first + i]):
                return False
        return True
    for i in range(5):
        if not is_digit(text[first + i]):
            return False
    return 65 <= text[first + 5] <= 75 and text[first + 5] != 73


@kernel
def read_degrees(text, at, high):
    """(whole degrees × 10^4, end) of the decimal number with four decimals or more that begins within 12 octets of `at`; end -1: none."""
    p = at
    while p < high and p - at < 12 and not is_digit(text[p]) and text[p] != 45:
        if text[p] in (10, 125, 44) and p > at:
            return np.int64(0), np.int64(-1)
        p += 1
    negative = p < high and text[p] == 45
    p += negative
    value, digits = np.int64(0), 0
    while p < high and is_digit(text[p]) and digits < 3:
        value = value * 10 + np.int64(text[p]) - 48
        digits += 1
        p += 1
    if digits == 0 or p + 4 >= high or text[p] != 46:
        return np.int64(0), np.int64(-1)
    p += 1
    decimals = 0
    while p < high and is_digit(text[p]):
        if decimals < 4:
            value = value * 10 + np.int64(text[p]) - 48
        decimals += 1
        p += 1
    if decimals < 4:
        return np.int64(0), np.int64(-1)
    return (-value if negative else value), p


@kernel
def is_longitude_key(text, at, high):
    """lon, lng, 经: the key of a longitude at `at`."""
    if at + 2 >= high:
        return False
    a, b, c = text[at] | 0x20, text[at + 1] | 0x20, text[at + 2] | 0x20
    return (a == 108 and ((b == 111 and c == 110) or (b == 110 and c == 103))) or han_at(text, at, high) == 0x7ECF


@kernel
def skip_letters(text, at, high):
    """Behind the letters of a key (latitude, 纬度)."""
    while at < high and (65 <= (text[at] & 0xDF) <= 90):
        at += 1
    if han_at(text, at, high) == 0x5EA6:
        at += 3
    return at


@kernel
def take_coordinates(text, at, key, low, high, scan, n):
    """A pair under a latitude key of `key` octets at `at` and a longitude key beside it, either order."""
    latitude, end = read_degrees(text, skip_letters(text, at + key, high), high)
    if end < 0 or not 34000 <= latitude <= 536000:
        return n
    for p in range(end, min(end + 24, high)):
        if is_longitude_key(text, p, high):
            longitude, stop = read_degrees(text, skip_letters(text, p + 3, high), high)
            if stop > 0 and 735000 <= longitude <= 1351000:
                return put(scan, n, first_digit(text, at, end), stop, COORDINATES, MEDIUM, MEDIUM)
            break
    for p in range(at - 3, max(low, at - 40) - 1, -1):
        if is_longitude_key(text, p, high):
            longitude, stop = read_degrees(text, skip_letters(text, p + 3, high), at)
            if stop > 0 and 735000 <= longitude <= 1351000:
                return put(scan, n, first_digit(text, p, stop), end, COORDINATES, MEDIUM, MEDIUM)
            break
    return n


@kernel
def first_digit(text, at, stop):
    """Where the first number in text[at:stop] begins."""
    while at < stop and not is_digit(text[at]):
        at += 1
    return at


@kernel
def take_private_key(text, at, low, high, scan, n):
    """A private key whose head's `BEG` is at `at`: head, line end, base64 (RFC 7468)."""
    start = at - 5
    if start < low or start + 27 > high or not same_word(text, start, BEGIN, 0, 11):
        return n
    p = at + 6
    while p < min(high - 11, at + 24) and not same_word(text, p, PRIVATE, 0, 11):
        p += 1
    if p + 11 > high or not same_word(text, p, PRIVATE, 0, 11):
        return n
    end = p + 11
    while end < high and text[end] not in (10, 13, 92) and end - p < 40:
        end += 1
    body = end
    while body < high and body - end < 8 and not is_alnum(text[body]):
        body += 1
    if body < high and text[body] in (110, 114) and text[body - 1] == 92:  # an escaped line end in JSON
        body += 1
    run = body
    while run < high and run - body < 40 and (is_alnum(text[run]) or text[run] in (43, 47, 61)):
        run += 1
    if run - body < 32:
        return n
    while run < high and run - body < 8192 and (is_alnum(text[run]) or text[run] in (43, 47, 61, 10, 13)):
        run += 1
    return put(scan, n, start, run, PRIVATE_KEY, HIGH, HIGH)


@kernel
def take_access_key(text, at, low, high, scan, n):
    """LTAI…, AKID…, AKIA… at `at`."""
    fourth = text[at + 3] if at + 3 < high else 0
    alibaba, tencent, amazon = text[at] == 76 and fourth == 73, fourth == 68, text[at] == 65 and fourth == 65
    end, digits = at + 4, 0
    while end < high and end - at < 48 and is_alnum(text[end]):
        digits += is_digit(text[end])
        end += 1
    body = end - at - 4
    fits = (alibaba and 12 <= body <= 20) or (tencent and 13 <= body <= 40) or (amazon and body == 16)
    if fits and digits >= 2 and bounded(text, at, end, low, high):
        return put(scan, n, at, end, ACCESS_KEY, MEDIUM, MEDIUM)
    return n


@kernel
def take_marking(text, star, low, high, scan, n):
    """A classification marking around the ★ at `star`."""
    start = star
    while start > low and text[start - 1] == 32:
        start -= 1
    if start - 6 < low or han_at(text, start - 3, high) != 0x5BC6:  # 密
        return n
    grade = han_at(text, start - 6, high)
    longest = 30 if grade == 0x7EDD else 20 if grade == 0x673A else 10 if grade == 0x79D8 else 0
    if longest == 0:
        return n
    at = star + 3
    while at < high and text[at] == 32:
        at += 1
    period, end = np.int64(0), at
    while end < high and end - at < 2 and is_digit(text[end]):
        period = period * 10 + np.int64(text[end]) - 48
        end += 1
    code, after = han_at(text, end, high), han_at(text, end + 3, high)
    if end == at and code == 0x957F and after == 0x671F:  # 长期
        return put(scan, n, start - 6, end + 6, MARKING, HIGH, HIGH)
    if 0 < period <= longest and code == 0x5E74:  # 年
        return put(scan, n, start - 6, end + 3, MARKING, HIGH, HIGH)
    if period > 0 and code == 0x4E2A and after == 0x6708:  # 个月
        return put(scan, n, start - 6, end + 6, MARKING, HIGH, HIGH)
    return put(scan, n, start - 6, star + 3, MARKING, LOW, LOW)


@kernel
def take_mrz(text, chn, low, high, scan, n):
    """A passport's machine-readable zone whose first line has CHN at `chn`."""
    start = chn - 2
    if start < low or text[start] != 80 or start + 88 > high:
        return n
    second = start + 44
    while second < high and second - start < 48 and text[second] in (10, 13, 92, 110, 114, 32):
        second += 1
    if second + 44 <= high and text[start + 43] in (60, 65) and passes_mrz(text, second):
        return put(scan, n, start, second + 44, MRZ, HIGH, HIGH)
    return n


@kernel
def take_org_code(text, at, high, scan, n):
    """The code behind the label whose 构 is at `at`: 机构代码."""
    if han_at(text, at + 3, high) != 0x4EE3 or han_at(text, at + 6, high) != 0x7801:
        return n
    p = at + 9
    while p < high and p - at < 24 and not is_alnum(text[p]):
        p += 1
    if p + 9 > high:
        return n
    check = p + 8
    check += text[check] == 45
    if check >= high or (check + 1 < high and is_alnum(text[check + 1])) or not passes_org(text, p, text[check]):
        return n
    return put(scan, n, p, check + 1, ORG_CODE, MEDIUM, MEDIUM)


@kernel
def take_code(text, start, stop, low, high, scan, n):
    """A run of seventeen or eighteen capitals and digits: VIN or USCI."""
    if not bounded(text, start, stop, low, high):
        return n
    if stop - start == 18 and passes_usci(text, start):
        return put(scan, n, start, stop, USCI, HIGH, HIGH)
    if stop - start == 17 and passes_vin(text, start):
        return put(scan, n, start, stop, VIN, HIGH, HIGH if text[start] in (72, 76) else MEDIUM)
    return n


