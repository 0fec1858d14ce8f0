"""JA4 against the values of its authors' own program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accuracy.fields import read_ja4
from tests.accuracy.said import listen


@pytest.mark.corpora
@pytest.mark.jit_only
def test_fingerprints_equal_the_authors(corpora: Path) -> None:
    compared = 0
    for capture, wanted in read_ja4(corpora).items():
        if wanted:
            ours = {(*fact.ends, fact.fields["ja4"]) for fact in listen(corpora / capture).facts if fact.kind == "tls_client_hellos"}
            inside_socks = "socks" in capture
            for ends, value in wanted:
                assert inside_socks or (*ends, value) in ours, (capture, ends)
                compared += not inside_socks
    assert compared >= 10
