"""The person in front of a page: account, role, language, theme. Made once a request, passed on, never stored."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.words.dictionary import say

# Which pages a role may open; the first is its start page.
ALLOWED: dict[str, tuple[str, ...]] = {
    "regulator": (
        "overview",
        "alerts",
        "coverage",
        "incidents",
        "sampling",
        "notices",
        "flows",
        "ledger",
        "permits",
        "sensors",
        "audit",
        "settings",
    ),
    "analyst": ("flows", "overview", "alerts", "coverage", "incidents", "ledger", "permits", "sensors", "settings"),
    "operator": ("sensors", "coverage", "settings"),
    "auditor": ("audit", "overview", "alerts", "coverage", "incidents", "sampling", "notices", "ledger", "permits", "settings"),
}


@dataclass(frozen=True)
class Viewer:
    """Who is looking."""

    account: str
    role: str
    unit: str
    language: str
    theme: str
    session: int

    def t(self, key: str, **values: object) -> str:
        """The words under `key` in this person's language."""
        return say(self.language, key, **values)

    def may_open(self, page: str) -> bool:
        """Whether this role may open the page."""
        return page in ALLOWED[self.role]

    @property
    def may_act(self) -> bool:
        """Whether this role may change cases, campaigns, notices and accounts."""
        return self.role == "regulator"
