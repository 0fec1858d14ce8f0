"""A search without an answer: cancelled, too wide, or the store away. What it means and what can be done, never an empty list."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import link, tag


def no_answer(viewer: Viewer, why: str, ways: Sequence[tuple[str, str]] = (), **values: object) -> None:
    """`why` as NoAnswerError has it; `ways` are the words and addresses of what can be done."""
    with tag("div", "warning row", role="status", data_test=f"no-answer-{why}"):
        tag("span", "", viewer.t(f"flows.{why}", **values))
        for words, address in ways:
            link(words, address, "button")


def grey_rows(number: int) -> None:
    """Where rows will stand."""
    with tag("div", "grey", aria_hidden="true", data_test="grey"):
        for _ in range(number):
            tag("i")
