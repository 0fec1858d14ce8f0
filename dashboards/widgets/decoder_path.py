"""How the content was reached, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.shell.markup import tag


def decoder_path(steps: Sequence[str]) -> None:
    """Chips with `›` between; the steps come from the sensor and are shown as text."""
    with tag("div", "row", data_test="decoder-path"):
        for place, step in enumerate(steps):
            if place:
                tag("span", "quiet", "›", aria_hidden="true")
            tag("span", "step", step)
