"""Our own static files under addresses that carry their digest, so that a browser may keep them for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from dashboards.theme.tokens import stylesheet

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOLDER = Path(__file__).parent
NAMES = ("app.css", "gk.js", "icons.svg")


@cache
def content(name: str) -> bytes:
    """The file's octets; the stylesheet begins with the tokens."""
    if name not in NAMES:
        raise KeyError(name)
    octets = (_FOLDER / name).read_bytes()
    return stylesheet().encode() + octets if name == "app.css" else octets


@cache
def address(name: str) -> str:
    """The path a page links to."""
    return f"/static/{hashlib.sha256(content(name)).hexdigest()[:12]}/{name}"


def media_type(name: str) -> str:
    """The Content-Type of one of our files."""
    return _TYPES[Path(name).suffix]
