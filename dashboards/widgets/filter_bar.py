"""The filter bar: completes fields, operators and values, underlines what is wrong and offers what would be right (filter_bar.js)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from dashboards.access.viewer import Viewer


class FilterBar(ui.element, component="filter_bar.js"):
    """A form's entry `q`; says `leave` when its page is left."""

    def __init__(self, viewer: Viewer, text: str, wrong: Mapping[str, Any] | None) -> None:
        """`wrong` as dashboards.reading.flow_search.said has it."""
        super().__init__()
        self.props["value"] = text
        self.props["wrong"] = wrong
        self.props["words"] = {word: viewer.t(f"filter.{word}") for word in ("label", "example", "options", "instead")}
