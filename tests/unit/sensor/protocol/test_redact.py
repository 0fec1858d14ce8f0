"""Names that are kept never show what may be somebody's identifier."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.protocol.redact import LONGEST, media_type, redact_agent, redact_name, shape_path


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"API.Example.com", "api.example.com"),
        (b"13912345678.example.com", "*.example.com"),
        (b"zhang.san@example.com", "*@example.com"),
        (b"a b\xe5\x8d\x8e.com", "a*b***.com"),
        (b"v2-1234.example", "v2-1234.example"),
        (b"", ""),
    ],
)
def test_names(name: bytes, kept: str) -> None:
    assert redact_name(name) == kept


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        (b"/v1/sync/13912345678?id=1", "/v1/sync/{}"),
        (b"http://h.example/a/b", "/a/b"),
        (b"/%E5%BC%A0/x", "/{}/x"),
        (b"/", "/"),
        (b"*", "{}"),
        (b"/user/110101199003070038/info#x", "/user/{}/info"),
        (b"/a.b/page2", "/a.b/page2"),
    ],
)
def test_paths_keep_their_shape(target: bytes, kept: str) -> None:
    assert shape_path(target) == kept


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"Text/HTML; charset=x", "text/html"),
        (b"application/vnd.x+json", "application/vnd.x+json"),
        (b"13912345678/x", ""),
        (b"nonsense", ""),
    ],
)
def test_media_types(value: bytes, kept: str) -> None:
    assert media_type(value) == kept


@given(st.binary(max_size=400))
def test_no_five_digits_and_no_mailbox_ever_stay(octets: bytes) -> None:
    for kept in (redact_name(octets), redact_agent(octets), shape_path(octets), media_type(octets)):
        assert re.search(r"[0-9]{5}", kept) is None
        assert re.search(r"[\w.+-]@", kept) is None
        assert kept.isascii()
    assert len(redact_name(octets)) <= LONGEST


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["/u/{}", "/{}.json", "/a?tel={}", "{}.example.com", "made/{}"]))
def test_mobiles_never_stay(number: str, form: str) -> None:
    octets = form.format(number).encode()
    assert all(number not in kept for kept in (redact_name(octets), redact_agent(octets), shape_path(octets)))
