"""Labels of jurisdictions: codes inside, words outside; the words for 境外 are those of regulation.md section 8.

Names come from Unicode's CLDR (Babel), but for the regions whose label the house fixes.
"""

from __future__ import annotations

from functools import cache

from babel import Locale

HOME = "CN"
REGIONS = {
    "HK": ("中国香港特别行政区", "Hong Kong SAR, China"),
    "MO": ("中国澳门特别行政区", "Macao SAR, China"),
    "TW": ("中国台湾地区", "Taiwan region, China"),
}
_NOT_PLACES = {"EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"}
CODES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha() and code not in _NOT_PLACES)


@cache
def name(code: str, lang: str) -> str:
    """Short name of a country or region, in "zh" or "en"."""
    if code in REGIONS:
        return REGIONS[code][0 if lang == "zh" else 1]
    if code not in CODES:
        return "未知" if lang == "zh" else "unknown"
    return str(Locale("zh" if lang == "zh" else "en").territories[code])


@cache
def label(code: str, lang: str) -> str:
    """The full label: within the territory, or which kind of outside."""
    chinese = lang == "zh"
    if code == HOME:
        return "境内" if chinese else "within the territory"
    if code in REGIONS:
        return f"境外-{name(code, lang)}" if chinese else name(code, lang)
    if code not in CODES:
        return name(code, lang)
    return f"境外-外国 · {name(code, lang)}" if chinese else name(code, lang)
