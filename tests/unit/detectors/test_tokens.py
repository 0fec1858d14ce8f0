"""Tokens: SipHash's published vectors, one token however a value is written, keys that stay private, principals."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.masks import domain_of
from detectors.token_kernels import EMAIL, NUMBERS, PHONE, WHOLE, sip_begin, sip_end, sip_word, token_of
from detectors.tokens import FixedKeys, TokenKeys, year_of

NEW_YEAR_2026_BEIJING_NS = 1_767_196_800 * 1_000_000_000
# Aumasson and Bernstein 2012, appendix A, and the authors' vectors.h: messages 00, 00 01, … of these lengths under key 00 01 … 0f.
VECTORS = {
    0: "310e0edd47db6f72", 1: "fd67dc93c539f874", 7: "37d1018bf50002ab", 8: "6224939a79f5f593", 15: "e545be4961ca29a1",
    63: "724506eb4c328a95",
}


KEY = np.frombuffer(bytes(range(16)), "<u8").astype(np.uint64)


def siphash(data: bytes) -> int:
    """Of whole octets, from the kernels' steps."""
    words = [np.uint64(int.from_bytes(data[at : at + 8], "little")) for at in range(0, len(data) + 1, 8)]
    with np.errstate(over="ignore"):
        state = sip_begin(KEY)
        for word in words[:-1]:
            state = sip_word(*map(np.uint64, state), word)  # what compiled kernels return are Python's integers
        return int(sip_end(*map(np.uint64, state), words[-1], len(data)))


@pytest.mark.parametrize("length", VECTORS)
def test_siphash_gives_its_published_values(length: int) -> None:
    assert siphash(bytes(range(length))).to_bytes(8, "little").hex() == VECTORS[length]


def normal_form(value: bytes, rule: int) -> bytes:
    """A value as it is hashed, the plain way."""
    if rule == PHONE:
        digits = bytes(c for c in value if 48 <= c <= 57)
        if len(digits) > 12 and digits.startswith(b"0086"):
            return digits[4:]
        return digits[2:] if len(digits) > 11 and digits.startswith(b"86") else digits
    if rule == EMAIL:
        return value.lower()
    if rule == NUMBERS:
        return bytes(c for c in value if 48 <= c <= 57 or c in b".,")
    return bytes(c for c in value.replace(b"\xc2\xb7", b"").upper() if c >= 0x80 or 48 <= c <= 57 or 65 <= c <= 90)


@given(st.binary(max_size=40) | st.text("0123456789+- 86abXZ@.,·张").map(str.encode), st.sampled_from([WHOLE, EMAIL, PHONE, NUMBERS]))
def test_a_token_is_the_hash_of_the_normal_form(value: bytes, rule: int) -> None:
    text, domain = np.frombuffer(b"##" + value + b"99", np.uint8).copy(), 0x0123456789ABCDEF
    with np.errstate(over="ignore"):
        token = token_of(text, 2, 2 + len(value), rule, np.uint64(domain), KEY)
    assert int(token) == siphash(domain.to_bytes(8, "little") + normal_form(value, rule))


def tokens_of(bench: Any, texts: list[str]) -> set[tuple[int, int]]:
    found = set()
    for text in texts:
        inspected = bench.detector.inspect(bench.units([text.encode()]), 1, 0)
        assert inspected.n_hits == 1, text
        found.add((int(inspected.hits.signature[0]), int(inspected.hits.token[0])))
    return found


def test_one_value_has_one_token_however_it_is_written(bench: Any) -> None:
    assert len(tokens_of(bench, ["a 11010519491231002X b", "a 11010519491231002x b", "１１０１０５１９４９１２３１００２Ｘ"])) == 1
    assert len(tokens_of(bench, [
        "13800138000", "+86 13800138000", "+86-138-0013-8000", "8613800138000", "138 0013 8000", "１３８００１３８０００",
    ])) == 1
    assert len(tokens_of(bench, [" Zhang.San@Mail.example.com", " zhang.san@mail.example.com"])) == 1
    assert len(tokens_of(bench, [
        "13800138000", "13800138001"])) == 2


def test_kinds_never_share_tokens() -> None:
    assert len({domain_of(name) for name in ("resident_id", "mobile", "email", "bank_card")}) == 4


def test_keys_change_with_the_year_in_beijing(tmp_path: Path) -> None:
    keys = TokenKeys(tmp_path / "keys")
    assert year_of(NEW_YEAR_2026_BEIJING_NS - 1) == 2025 and year_of(NEW_YEAR_2026_BEIJING_NS) == 2026
    before, after = keys.at(NEW_YEAR_2026_BEIJING_NS - 1), keys.at(NEW_YEAR_2026_BEIJING_NS)
    assert (before.epoch, after.epoch) == (2025, 2026) and list(before.words) != list(after.words)
    assert list(TokenKeys(tmp_path / "keys").at(NEW_YEAR_2026_BEIJING_NS).words) == list(after.words)


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    TokenKeys(tmp_path / "keys").at(NEW_YEAR_2026_BEIJING_NS)
    path = tmp_path / "keys" / "token-2026.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.stat().st_size == 16
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="token-2026.key"):
        TokenKeys(tmp_path / "keys").at(NEW_YEAR_2026_BEIJING_NS)


def test_a_key_made_by_another_process_meanwhile_is_used(tmp_path: Path) -> None:
    keys = TokenKeys(tmp_path)
    path = tmp_path / "token-2026.key"
    path.write_bytes(bytes(range(16)))
    keys.make(path)
    assert keys.load(path) == bytes(range(16))


def test_fixed_keys_differ_from_run_to_run() -> None:
    assert list(FixedKeys().at(0).words) != list(FixedKeys().at(0).words)


def principals_of(bench: Any, text: str) -> list[str]:
    inspected = bench.detector.inspect(bench.units([text.encode()]), 1, 0)
    hits = inspected.hits
    return [inspected.texts[0 if h < inspected.split else 1][hits.start[h]:hits.stop[h]].tobytes().decode()
            for h in range(inspected.n_hits) if hits.principal[h]]


@pytest.mark.parametrize(("text", "persons"), [
    ("姓名:张伟,13800138000,11010519491231002X", ["11010519491231002X"]),
    ("姓名:张伟,13800138000 a@b.com", ["13800138000"]),
    ("姓名:张伟,13800138000\n姓名:李明,a@b.com\n", ["13800138000", "a@b.com"]),
    ('{"a":"13800138000"},{"b":"a@b.com"}', ["13800138000", "a@b.com"]),
    ("13800138000,x@b.com,13900139000,y@b.com", ["13800138000", "13900139000"]),
    ("39.9042,116.4074 -----BEGIN PRIVATE KEY-----", []),
    ("12345678901234567890,13800138000", ["13800138000"]),
    ("12345678901234567890", []),
    ("13800138000" + " " * 600 + "x@b.com", ["13800138000", "x@b.com"]),
])
def test_the_strongest_identifier_of_a_record_is_the_person(bench: Any, text: str, persons: list[str]) -> None:
    assert principals_of(bench, text) == persons
