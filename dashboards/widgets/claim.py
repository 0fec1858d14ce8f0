"""The sentence that an alert is, drawn as a title: what decides it, its last clause, takes the verdict's colour."""

from __future__ import annotations

from dashboards.shell.markup import tag


def last_clause(text: str) -> int:
    """Where the last clause begins: behind the last comma that stands in no brackets."""
    depth, begin = 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "(（") - (letter in ")）")
        if depth == 0 and letter in ",，" and not text[place + 1 : place + 2].isdigit():
            begin = place + 1
    return begin


def claim_title(text: str, verdict: str) -> None:
    """`text` as pipeline.incident.claim says it."""
    begin = last_clause(text)
    with tag("h1", f"claim {verdict}", id="title", tabindex="-1", data_test="claim").style("white-space:normal"):
        tag("span", "", text[:begin])
        tag("em", "", text[begin:])
