"""Colours: both themes whole, text readable on everything it may stand on (WCAG 2.1, 1.4.3)."""

from __future__ import annotations

import pytest

from dashboards.theme.files import NAMES, address, content
from dashboards.theme.tokens import COLOURS, VERDICTS, colour, stylesheet


def luminance(code: str) -> float:
    parts = [int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_reaches_four_and_a_half_to_one(theme: str) -> None:
    grounds = ("surface", "canvas", "sunken", "hover", "select")
    weak = [
        (ink, ground)
        for ink in ("ink", "ink-2", "ink-3", "accent")
        for ground in grounds
        if contrast(colour(ink, theme), colour(ground, theme)) < 4.5
    ]
    weak += [(f"{v}-text", f"{v}-tag") for v in VERDICTS if contrast(colour(f"{v}-text", theme), colour(f"{v}-tag", theme)) < 4.5]
    weak += [
        (f"level-{n}-text", "surface") for n in range(1, 5) if contrast(colour(f"level-{n}-text", theme), colour("surface", theme)) < 4.5
    ]
    weak += [("mark-ink", "mark")] if contrast(colour("mark-ink", theme), colour("mark", theme)) < 4.5 else []
    assert weak == []


def test_the_stylesheet_defines_every_name_it_uses() -> None:
    import re

    text = content("app.css").decode()
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", text))
    assert used - {"sans", "mono"} <= set(COLOURS)
    assert stylesheet() in text


def test_addresses_carry_the_files_digest() -> None:
    assert len({address(name) for name in NAMES}) == len(NAMES)
    with pytest.raises(KeyError):
        content("../settings.py")
