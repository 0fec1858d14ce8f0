"""How numbers are written: thousands by comma, octets decimal, shares that never round to 0 or 100."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def count(value: int) -> str:
    """12480 → 12,480."""
    return f"{value:,}"


def octets(value: int) -> str:
    """Decimal units, three significant digits: 84_612_000 → 84.6 MB."""
    size, unit = float(value), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    if unit == 0:
        return f"{value} B"
    return f"{size:.{2 if size < 9.995 else 1 if size < 99.95 else 0}f} {_UNITS[unit]}"


def percent(share: float) -> str:
    """One decimal; a share that is neither 0 nor 1 never looks like it."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{share * 100:.1f}%"


def short_count(value: float, language: str) -> str:
    """For axes only: 10 k, 1 M in English; 1 万, 100 万 in Chinese."""
    if language == "zh":
        return f"{value / 1e8:g} 亿" if value >= 1e8 else f"{value / 1e4:g} 万" if value >= 1e4 else f"{value:g}"
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"
