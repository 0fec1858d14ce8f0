"""The words of one language by key, from its TOML file; a missing key is our mistake and raises."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")
HTML_LANGUAGE = {"zh": "zh-CN", "en": "en-US"}


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """{"nav": {"alerts": …}} → {"nav.alerts": …}."""
    flat: dict[str, str] = {}
    for key, value in table.items():
        flat.update(flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: str(value)})
    return flat


@cache
def words(language: str) -> dict[str, str]:
    """Every word of `language` (zh or en) by its dotted key."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return flatten(tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text("utf-8")))


def say(language: str, key: str, **values: object) -> str:
    """The words under `key`, its {placeholders} filled in."""
    text = words(language)[key]
    return text.format(**values) if values else text
