"""Findings: counts, tokens and excerpts by group, and nothing in clear in any excerpt."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.finding import Finding, gather
from detectors.masks import fnv1a, harmless_words
from detectors.units import PAD, units_over


def findings_of(bench: Any, text: str, **columns: int) -> dict[str, Finding]:
    inspected = bench.detector.inspect(bench.units([text.encode()], **columns), 1, 0)
    found = gather(inspected, np.zeros(1, np.int64), bench.detector.masks)
    return {bench.signatures[f.signature].id: f for f in found}


def test_findings_add_up_by_group_signature_and_tier(bench: Any) -> None:
    parts = ["13800138000 13800138000 13900139000", "a@b.com", "13800138000", ""]
    octets = [p.encode() + bytes(PAD) for p in parts]
    units = units_over(np.frombuffer(bytearray(b"".join(octets)), np.uint8), 4)
    units.start[:] = np.cumsum([0] + [len(o) for o in octets[:-1]])
    units.stop[:] = units.start + [len(p) for p in parts]
    units.stream[:], units.flags[:] = range(4), 3
    inspected = bench.detector.inspect(units, 4, 0)
    found = gather(inspected, np.array([900, 900, 5, 5]), bench.detector.masks)
    summary = {
        (f.group, bench.signatures[f.signature].id): (f.hits, len(f.tokens), int(f.principals.sum()), len(f.excerpts)) for f in found
    }
    assert summary == {(900, "mobile"): (3, 2, 2, 2), (900, "email"): (1, 1, 1, 1), (5, "mobile"): (1, 1, 1, 1)}
    assert {int(t) for f in found if f.group == 5 for t in f.tokens} < {int(t) for f in found if f.group == 900 for t in f.tokens}


def test_nothing_found_is_no_findings(bench: Any) -> None:
    assert findings_of(bench, "nothing here") == {}


@pytest.mark.parametrize(("text", "kind", "excerpt"), [
    ("手机号: 13812345678 ok", "mobile", "手机号: ⟦mobile:138****78⟧ *"),
    ('{"idCard":"11010519491231002X"}', "resident_id", '{"idCard":"⟦resident_id:110****2X⟧"}'),
    ("姓名:欧阳娜 电话", "name", "姓名:⟦name:欧**⟧ 电话"),
    ("姓名：欧阳娜，（电话）", "name", "姓名：⟦name:欧**⟧，（电话）"),
    ("e-mail: zhang.san@corp.example.cn", "email", "*-mail: ⟦email:z***@***.cn⟧"),
    ("地址 北京市朝阳区建国路88号", "address", "地址 ⟦address:北京市****⟧"),
    ("at 39.904211, 116.407395!", "coordinates", "* ⟦coordinates:39.*,116.*⟧!"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA", "private_key", "⟦private_key:***⟧ ****"),
    ("order 12345678901234567890 张伟 4111", "long_number", "order ⟦long_number:123****90⟧ ** ****"),
    ("⟦mobile:x⟧ 13812345678", "mobile", "*mobile:** ⟦mobile:138****78⟧"),  # no bracket can be forged
])
def test_an_excerpt_shows_labels_and_masks(bench: Any, text: str, kind: str, excerpt: str) -> None:
    shown = findings_of(bench, text)[kind].excerpts[0]
    assert re.sub(r"\*+", "*", shown) == re.sub(r"\*+", "*", excerpt)


def test_offsets_count_octets_of_the_decoded_message(bench: Any) -> None:
    assert findings_of(bench, "abc 13812345678")["mobile"].offsets == [4]


def test_at_most_three_excerpts_of_distinct_values(bench: Any) -> None:
    finding = findings_of(bench, " ".join(f"1381234567{k % 5}" for k in range(50)))["mobile"]
    assert (finding.hits, len(finding.tokens), len(finding.excerpts)) == (50, 5, 3)


PLANTED = st.sampled_from(["11010519491231002X", "13812345678", "+86 139 1234 5678", "zhang.san@corp.example.cn", "12345678901234567890"])
LOOSE = st.sampled_from([
    "张伟", "欧阳娜娜", "6222021234567890123", "wqx_88213", "wxid_abc123def", "Zhang San",
    "secret99", "京A12345", "1234567", "id", "姓名:李明",
])
GLUE = st.sampled_from([" ", ",", "\n", '":"', "=", "，", "|", "\\u5f20", "%E5%BC%A0", "；"])


@given(st.lists(st.tuples(PLANTED | LOOSE, GLUE), min_size=1, max_size=12))
def test_no_value_survives_in_any_excerpt(new_bench: Any, parts: list[tuple[str, str]]) -> None:
    values = [value for value, _ in parts]
    for finding in findings_of(new_bench(), "".join(a + b for a, b in parts)).values():
        for excerpt in finding.excerpts:
            assert not re.search(r"[0-9]{4}", excerpt)
            assert len(excerpt) < 400
            for value in values:
                if value not in ("id",):
                    assert not any(value[k:k + 4] in excerpt for k in range(len(value) - 3)), (value, excerpt)
                    assert len(value) > 4 or value[1:] not in excerpt, (value, excerpt)


def test_harmless_words_hold_no_digits_and_are_found_in_lower_case() -> None:
    table = harmless_words()
    assert fnv1a(b"phone") in table and fnv1a("姓名".encode()) in table and fnv1a(b"zhang") not in table
    assert (table == 0).sum() * 2 > table.size
