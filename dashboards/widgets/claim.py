"""The sentence that an alert is, drawn as a title: what decides it, its last clause, takes the verdict's colour."""

from __future__ import annotations

import re

from dashboards.shell.markup import tag

LAST_CLAUSE = re.compile(r"^(.*[，,]\s*)([^，,]*)$", re.DOTALL)


def claim_title(text: str, verdict: str) -> None:
    """`text` as pipeline.incident.claim says it."""
    found = LAST_CLAUSE.match(text)
    with tag("h1", f"claim {verdict}", id="title", tabindex="-1", data_test="claim").style("white-space:normal"):
        tag("span", "", found[1] if found else text)
        if found:
            tag("em", "", found[2])
