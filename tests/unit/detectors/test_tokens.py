"""Tokens: SipHash's published vectors, one token however a value is written, keys that stay private, principals."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.masks import domain_of
from detectors.token_kernels import EMAIL, LONGEST, NUMBERS, PHONE, WHOLE, make_tokens, siphash24
from detectors.tokens import FixedKeys, TokenKeys, year_of
from detectors.units import PAD, new_hits

NEW_YEAR_2026_BEIJING_NS = 1_767_196_800 * 1_000_000_000
# Aumasson and Bernstein 2012, appendix A, and the authors' vectors.h: messages 00, 00 01, … of these lengths under key 00 01 … 0f.
VECTORS = {
    0: "310e0edd47db6f72", 1: "fd67dc93c539f874", 7: "37d1018bf50002ab", 8: "6224939a79f5f593", 15: "e545be4961ca29a1",
    63: "724506eb4c328a95",
}


@pytest.mark.parametrize("length", VECTORS)
def test_siphash_gives_its_published_values(length: int) -> None:
    key = np.frombuffer(bytes(range(16)), "<u8").astype(np.uint64)
    with np.errstate(over="ignore"):
        value = siphash24(key, np.arange(64, dtype=np.uint8), length)
    assert int(value).to_bytes(8, "little").hex() == VECTORS[length]


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


def twin_normal(octets: bytes, rule: int) -> bytes:
    """What is hashed of a value, as its rule says in words."""
    if rule == EMAIL:
        return octets.lower()
    if rule == NUMBERS:
        return re.sub(rb"[^0-9.,]", b"", octets)
    if rule == PHONE:
        digits = re.sub(rb"[^0-9]", b"", octets)
        if digits[:4] == b"0086" and len(digits) > 12:
            return digits[4:]
        return digits[2:] if digits[:2] == b"86" and len(digits) > 11 else digits
    return re.sub(rb"[^0-9A-Za-z\x80-\xff]", b"", octets.replace(b"\xc2\xb7", b"")).upper()


@given(st.lists(st.sampled_from([b"8", b"0086", b"138", b"X", b"x", b"-", b".", b"@", "张".encode(), "·".encode(), b"\xc2", b"123456"]),
                max_size=14).map(b"".join), st.sampled_from([WHOLE, EMAIL, PHONE, NUMBERS]))
@example("京A·12345".encode(), WHOLE)
@example(b"8613800138000", PHONE)
@example(b"ZhangSan@x", EMAIL)
@example(b"1" * 33, WHOLE)
def test_a_token_is_the_hash_of_the_normal_form(value: bytes, rule: int) -> None:
    hits, key = new_hits(1), np.array([1, 2], np.uint64)
    text = np.frombuffer(b"7a\x807" + value + b"9Z\x80" + bytes(PAD), np.uint8).copy()
    hits.start[0], hits.stop[0] = 4, 4 + len(value)
    with np.errstate(over="ignore"):
        make_tokens(text, hits, (0, 1), key, np.array([0x1122334455667788], np.uint64), np.array([rule], np.uint8),
                    np.zeros(8 + LONGEST, np.uint8))
        hashed = bytes.fromhex("8877665544332211") + twin_normal(value, rule)
        assert hits.token[0] == siphash24(key, np.frombuffer(hashed + bytes(8), np.uint8), len(hashed))


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
