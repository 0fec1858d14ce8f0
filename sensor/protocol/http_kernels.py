"""HTTP/1.x heads: the fields that frame the body and those that flow records keep.

Source: RFC 9112. A head is found by its empty line; a field is where its line says, offsets are into the caller's buffer.
"""

import numpy as np

from detectors.kernel import kernel

# Names are compared as lower-case 64-bit words of up to eight octets at a time, by `same_name`.
REQUEST, RESPONSE, BROKEN = 1, 2, 0
IDENTITY, GZIP, DEFLATE, OTHER_CODING = 0, 1, 2, 3
NO_LENGTH = -1


@kernel
def find_head_end(buf, start, stop):
    """Behind the empty line that ends a head in buf[start:stop], or -1."""
    for i in range(start, stop):
        if buf[i] == 10:
            if i + 1 < stop and buf[i + 1] == 10:
                return i + 2
            if i + 2 < stop and buf[i + 1] == 13 and buf[i + 2] == 10:
                return i + 3
    return np.int64(-1)


@kernel
def same_name(buf, start, stop, name):
    """Whether buf[start:stop] is `name` (lower-case octets), in any case."""
    if stop - start != len(name):
        return False
    for i in range(len(name)):
        c = buf[start + i]
        if 65 <= c <= 90:
            c += 32
        if c != name[i]:
            return False
    return True


@kernel
def holds_word(buf, start, stop, word):
    """Whether `word` (lower-case octets) stands somewhere in buf[start:stop], in any case."""
    for i in range(start, stop - len(word) + 1):
        if same_name(buf, i, i + len(word), word):
            return True
    return False


@kernel
def read_number(buf, start, stop):
    """The decimal number in buf[start:stop], or NO_LENGTH for anything else or more than 15 digits."""
    if stop <= start or stop - start > 15:
        return np.int64(NO_LENGTH)
    value = np.int64(0)
    for i in range(start, stop):
        if not 48 <= buf[i] <= 57:
            return np.int64(NO_LENGTH)
        value = value * 10 + np.int64(buf[i]) - 48
    return value


@kernel
def line_end(buf, start, stop):
    """(end of the line's text, start of the next line)."""
    for i in range(start, stop):
        if buf[i] == 10:
            return (i - 1 if i > start and buf[i - 1] == 13 else i), i + 1
    return stop, stop


@kernel
def parse_start_line(buf, start, stop, head):
    """Method and target, or status, of the line buf[start:stop]; REQUEST, RESPONSE or BROKEN."""
    if stop - start >= 12 and buf[start] == 72 and buf[start + 4] == 47:  # HTTP/1.1 200; also 1.10, 1.01 and what else browsers forgive
        code = start + 6
        while code < min(stop - 3, start + 12) and buf[code - 1] != 32:
            code += 1
        head.status = max(np.int64(0), read_number(buf, code, code + 3))
        return RESPONSE if head.status >= 100 else BROKEN
    space = start
    while space < stop and buf[space] != 32:
        space += 1
    end = stop
    while end > space and buf[end - 1] != 32:
        end -= 1
    if space == stop or end - 1 <= space or stop - end < 8 or buf[end] != 72 or buf[end + 4] != 47:
        return BROKEN
    head.method, head.method_len = start, min(space - start, 32)
    head.target, head.target_len = space + 1, end - 1 - space - 1
    return REQUEST


@kernel
def parse_head(buf, start, stop, head):
    """The head buf[start:stop] into `head` (HEAD); REQUEST, RESPONSE or BROKEN."""
    head.host_len = head.agent_len = head.kind_len = head.method_len = head.target_len = 0
    head.status = head.chunked = head.upgrade = head.coding = 0
    head.length = NO_LENGTH
    end, at = line_end(buf, start, stop)
    head.what = parse_start_line(buf, start, end, head)
    while at < stop:
        begin = at
        end, at = line_end(buf, begin, stop)
        colon = begin
        while colon < end and buf[colon] != 58:
            colon += 1
        if colon == end:
            continue
        value = colon + 1
        while value < end and (buf[value] == 32 or buf[value] == 9):
            value += 1
        while end > value and (buf[end - 1] == 32 or buf[end - 1] == 9):
            end -= 1
        parse_field(buf, begin, colon, value, end, head)
    return head.what


@kernel
def parse_field(buf, name, colon, value, end, head):
    """One field into `head`: name buf[name:colon], value buf[value:end]."""
    length = colon - name
    first = buf[name] | 32 if length > 0 else 0
    if length == 4 and first == 104 and same_name(buf, name, colon, b"host"):
        if head.host_len == 0:
            head.host, head.host_len = value, end - value
    elif length == 10 and first == 117 and same_name(buf, name, colon, b"user-agent"):
        head.agent, head.agent_len = value, end - value
    elif length == 7 and first == 117 and same_name(buf, name, colon, b"upgrade"):
        head.upgrade = 1
    elif length == 12 and first == 99 and same_name(buf, name, colon, b"content-type"):
        head.kind, head.kind_len = value, end - value
    elif length == 14 and first == 99 and same_name(buf, name, colon, b"content-length"):
        head.length = read_number(buf, value, end)
    elif length == 16 and first == 99 and same_name(buf, name, colon, b"content-encoding"):
        head.coding = parse_coding(buf, value, end)
    elif length == 17 and first == 116 and same_name(buf, name, colon, b"transfer-encoding"):
        head.chunked = holds_word(buf, value, end, b"chunked")
        if holds_word(buf, value, end, b"gzip"):
            head.coding = GZIP


@kernel
def parse_coding(buf, start, stop):
    """The content coding that buf[start:stop] names."""
    if stop == start or same_name(buf, start, stop, b"identity"):
        return IDENTITY
    if same_name(buf, start, stop, b"gzip") or same_name(buf, start, stop, b"x-gzip"):
        return GZIP
    return DEFLATE if same_name(buf, start, stop, b"deflate") else OTHER_CODING


@kernel
def is_method(buf, head, name):
    """Whether the head's method is `name` (lower-case octets)."""
    return same_name(buf, head.method, head.method + head.method_len, name)


# Media and charsets: order of detectors.units.Media and Charset.
M_UNKNOWN, M_TEXT, M_JSON, M_FORM, M_XML, M_HTML, M_CSV, M_MULTIPART, M_HEAD, M_IMAGE, M_AUDIO, M_VIDEO, M_ARCHIVE = range(13)
C_UNKNOWN, C_UTF8, C_GB18030, C_UTF16LE, C_UTF16BE, C_LATIN1 = range(6)


@kernel
def parse_media(buf, start, stop):
    """The kind of content that a Content-Type value names."""
    if stop - start < 5:
        return M_UNKNOWN
    first = buf[start] | 32
    if holds_word(buf, start, stop, b"json"):
        return M_JSON
    if holds_word(buf, start, stop, b"x-www-form-urlencoded"):
        return M_FORM
    if first == 109 and holds_word(buf, start, stop, b"multipart/"):
        return M_MULTIPART
    if holds_word(buf, start, stop, b"html"):
        return M_HTML
    if first != 105 and holds_word(buf, start, stop, b"xml") and not holds_word(buf, start, stop, b"openxml"):
        return M_XML
    if holds_word(buf, start, stop, b"csv"):
        return M_CSV
    if first == 105 and holds_word(buf, start, stop, b"image/") and not holds_word(buf, start, stop, b"svg"):
        return M_IMAGE
    if first == 97 and holds_word(buf, start, stop, b"audio/"):
        return M_AUDIO
    if first == 118 and holds_word(buf, start, stop, b"video/"):
        return M_VIDEO
    return M_TEXT if first == 116 else M_UNKNOWN


@kernel
def parse_charset(buf, start, stop):
    """The charset that a Content-Type value names."""
    for i in range(start, stop - 8):
        if same_name(buf, i, i + 8, b"charset="):
            at = i + 8
            if holds_word(buf, at, min(stop, at + 8), b"utf-16le"):
                return C_UTF16LE
            if holds_word(buf, at, min(stop, at + 9), b"utf-16be"):
                return C_UTF16BE
            if holds_word(buf, at, min(stop, at + 6), b"utf-8"):
                return C_UTF8
            if holds_word(buf, at, min(stop, at + 4), b"gb"):
                return C_GB18030
            if holds_word(buf, at, min(stop, at + 11), b"iso-8859-1"):
                return C_LATIN1
            return C_UNKNOWN
    return C_UNKNOWN
