"""Every example and counterexample of the catalogue, run through the kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detectors.compile import Catalogue, load_catalogue
from detectors.scan import TextScan
from detectors.units import PAD, new_hits

CATALOGUE = load_catalogue()
EXAMPLES = [(s.id, text, tier) for s in CATALOGUE.signatures for text, tier in s.examples]
COUNTEREXAMPLES = [(s.id, text, why) for s in CATALOGUE.signatures for text, why in s.counterexamples]


@pytest.fixture(scope="module")
def scan() -> TextScan:
    return TextScan(CATALOGUE)


def best_tier(scan: TextScan, catalogue: Catalogue, signature: str, text: str) -> int:
    octets = text.encode()
    buf = np.frombuffer(bytearray(octets + bytes(PAD)), np.uint8)
    bounds = np.array([[0, 0, len(octets), len(octets)]], np.int64)
    hits = new_hits(len(octets) + 64)
    n = scan(buf, bounds, np.zeros(1, np.int64), hits, 0)
    return max((int(hits.tier[i]) for i in range(n) if catalogue.signatures[hits.signature[i]].id == signature), default=0)


@pytest.mark.parametrize(("signature", "text", "tier"), EXAMPLES)
def test_examples_reach_their_tier(scan: TextScan, signature: str, text: str, tier: int) -> None:
    assert best_tier(scan, CATALOGUE, signature, text) == tier


@pytest.mark.parametrize(("signature", "text", "why"), COUNTEREXAMPLES)
def test_counterexamples_stay_below_medium(scan: TextScan, signature: str, text: str, why: str) -> None:
    assert best_tier(scan, CATALOGUE, signature, text) < 2, why


def test_every_signature_has_both() -> None:
    assert all(s.examples and s.counterexamples for s in CATALOGUE.signatures)


@pytest.mark.parametrize(("file", "text", "place"), [
    ("x.toml", "[[signature]]\nid = 'mobile'\n", "signature.0.zh"),
    ("x.toml", "[[signature]\n", "x.toml"),
])
def test_a_wrong_file_is_named(tmp_path: Path, file: str, text: str, place: str) -> None:
    (tmp_path / file).write_text(text, "utf-8")
    with pytest.raises(ValueError, match=place):
        load_catalogue(tmp_path)
