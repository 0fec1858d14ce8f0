"""Cases: the same persons through each content coding, charset and escape; and what no decoder reads."""

from __future__ import annotations

import gzip
import html
import zlib
from urllib.parse import quote, urlencode

from tests.golden.case import OK, Case, persons_json, post, talk

# made by the demonstration, which `case` has put on the path
from people import make_persons  # isort: skip

PERSONS = persons_json()
PACKED = gzip.compress(PERSONS, mtime=0)


def sent(body: bytes, kind: str = "application/json", more: str = "") -> Case:
    """One request with this body."""
    return Case(lambda: talk(post(body, kind, more), OK))


def raw_deflate(body: bytes) -> bytes:
    """Deflate without zlib's header (what some servers call deflate)."""
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(body) + engine.flush()


def chunks(body: bytes, size: int) -> bytes:
    """Chunked transfer coding, with an extension and a trailer."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;n=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX-Sum: 1\r\n\r\n"


def chunked(body: bytes, size: int, more: str = "") -> Case:
    """One request whose body comes in chunks."""
    head = f"POST /v1/sync HTTP/1.1\r\nHost: api.example.net\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n{more}\r\n"
    return Case(lambda: talk(head.encode() + chunks(body, size), OK))


def form() -> bytes:
    """A person as a form."""
    (p,) = make_persons(1, 11)
    return urlencode({"姓名": p.name, "身份证号": p.resident_id, "手机": p.mobile}, quote_via=quote).encode()


def table(charset: str) -> bytes:
    """Persons as a table."""
    rows = [f"{p.name},{p.resident_id},{p.mobile},{p.address}" for p in make_persons(2, 11)]
    return "\r\n".join(["姓名,身份证号,手机号,住址", *rows]).encode(charset)


def multipart() -> bytes:
    """A table and a picture in one body."""
    picture = b"\x89PNG\r\n\x1a\n" * 20
    parts = (('name="file"; filename="a.csv"', "text/csv", table("utf-8")), ('name="photo"; filename="a.png"', "image/png", picture))
    whole = b"".join(f"--m\r\nContent-Disposition: form-data; {said}\r\nContent-Type: {kind}\r\n\r\n".encode() + data + b"\r\n"
                     for said, kind, data in parts)
    return whole + b"--m--\r\n"


CASES = {
    "coding_gzip": sent(PACKED, more="Content-Encoding: gzip\r\n"),
    "coding_deflate": sent(zlib.compress(PERSONS), more="Content-Encoding: deflate\r\n"),
    "coding_raw_deflate": sent(raw_deflate(PERSONS), more="Content-Encoding: deflate\r\n"),
    "coding_chunked": chunked(PERSONS, 7),
    "coding_chunked_gzip": chunked(PACKED, 20, "Content-Encoding: gzip\r\n"),
    "coding_gzip_damaged": sent(PACKED[:60] + bytes(len(PACKED) - 60), more="Content-Encoding: gzip\r\n"),
    "coding_brotli": sent(bytes(range(1, 200)), more="Content-Encoding: br\r\n"),
    "coding_zstd": sent(b"\x28\xb5\x2f\xfd" + bytes(range(100)), more="Content-Encoding: zstd\r\n"),
    "charset_gb18030": sent(table("gb18030"), "text/csv; charset=gb18030"),
    "charset_utf16": sent(table("utf-16-le"), "text/csv; charset=utf-16le"),
    "charset_undeclared": sent(table("gb18030"), "text/csv"),
    "escape_json": sent(persons_json(ascii_only=True)),
    "escape_form": sent(form(), "application/x-www-form-urlencoded"),
    "escape_html": sent("".join(f"&#{ord(c)};" if ord(c) > 127 else html.escape(c) for c in PERSONS.decode()).encode(), "text/html"),
    "multipart": sent(multipart(), "multipart/form-data; boundary=m"),
    "picture": sent(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "image/png"),
}
