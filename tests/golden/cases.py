"""All cases, by name."""

from __future__ import annotations

from tests.golden import contents, findings, lines, links, protocols, streams
from tests.golden.case import Case

CASES: dict[str, Case] = {}
for _part in (protocols, links, contents, lines, streams, findings):
    assert not CASES.keys() & _part.CASES.keys()
    CASES.update(_part.CASES)
