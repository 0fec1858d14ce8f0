"""Names from the wire, made fit to keep: what could be somebody's identifier is starred out."""

from __future__ import annotations

import re
from functools import lru_cache

_DIGITS = re.compile(r"\d{5,}")
_MAIL = re.compile(r"[\w.+-]+@")
_ODD = re.compile(r"[^\x21-\x7e]")
_PLAIN = re.compile(r"[A-Za-z._-]{1,32}(v?\d{1,3})?|v\d{1,2}")
LONGEST = 255


@lru_cache(maxsize=1 << 16)
def redact_name(octets: bytes) -> str:
    """A host, question or certificate name: runs of five or more digits and mailboxes become stars, octets beyond ASCII too."""
    text = octets[:LONGEST].decode("latin-1").lower()
    return _DIGITS.sub("*", _MAIL.sub("*@", _ODD.sub("*", text)))


@lru_cache(maxsize=1 << 12)
def redact_agent(octets: bytes) -> str:
    """A user agent, the same way; spaces stay."""
    text = octets[:LONGEST].decode("latin-1")
    return _DIGITS.sub("*", _MAIL.sub("*@", re.sub(r"[^\x20-\x7e]", "*", text)))


@lru_cache(maxsize=1 << 16)
def shape_path(octets: bytes) -> str:
    """The shape of a request target: plain words stay, every other segment is {}, the query goes: /v1/sync/{}."""
    text = octets[:1024].decode("latin-1")
    scheme = text.find("://")
    if 0 < scheme < 8:
        text = "/" + text[scheme + 3 :].partition("/")[2]
    path = text.partition("?")[0].partition("#")[0]
    parts = [part if not part or _PLAIN.fullmatch(part) else "{}" for part in path.split("/")[:9]]
    return "/".join(parts)


@lru_cache(maxsize=1 << 12)
def media_type(octets: bytes) -> str:
    """The media type of a Content-Type value, without its parameters."""
    text = octets[:100].decode("ascii", "replace").partition(";")[0].strip().lower()
    return text if re.fullmatch(r"[\w.+-]+/[\w.+-]+", text, re.ASCII) and not _DIGITS.search(text) else ""
