"""Every colour by its name, light and dark; CSS and charts read the same table (screens.md section 2)."""

from __future__ import annotations

# name: (light, dark)
COLOURS: dict[str, tuple[str, str]] = {
    "canvas": ("#F3F5F7", "#0D131A"),
    "surface": ("#FFFFFF", "#151D26"),
    "sunken": ("#EBEFF3", "#0F161D"),
    "hover": ("#F0F4F8", "#1B2530"),
    "select": ("#E3EDF9", "#1C3450"),
    "line": ("#D8DFE6", "#263340"),
    "line-2": ("#AEB9C4", "#465665"),
    "edge": ("#74818E", "#6B7B8A"),
    "ink": ("#14202B", "#E8EEF3"),
    "ink-2": ("#435261", "#B0BDC9"),
    "ink-3": ("#5C6B79", "#93A2B0"),
    "accent": ("#1A5FB4", "#7DB2FF"),
    "accent-ink": ("#FFFFFF", "#0B1622"),
    "focus": ("#1A5FB4", "#9CC5FF"),
    "nav": ("#101B26", "#0A1016"),
    "nav-ink": ("#C6D1DC", "#C6D1DC"),
    "nav-ink-2": ("#8D9CAB", "#8D9CAB"),
    "nav-on": ("#1E2F40", "#1A2734"),
    "mark": ("#FFE9A8", "#5A4510"),
    "mark-ink": ("#4A3400", "#FFE7A3"),
    "hatch": ("#7F8C99", "#6B7A88"),
    "node": ("#2B3D4F", "#CBD6E0"),
    "none-text": ("#B3261E", "#FF8A7D"),
    "none-tag": ("#FCEBE9", "#3A1A1A"),
    "none-fill": ("#B3261E", "#E5484D"),
    "beyond-text": ("#9A5200", "#F2AE5F"),
    "beyond-tag": ("#FDF0DF", "#352513"),
    "beyond-fill": ("#D98324", "#F2B560"),
    "pending-text": ("#6540A8", "#C2A8F5"),
    "pending-tag": ("#F1ECFA", "#2A2140"),
    "pending-fill": ("#7B5CC4", "#A688EC"),
    "permit-text": ("#0B6E65", "#5CCBBE"),
    "permit-tag": ("#E2F3F1", "#122F2E"),
    "permit-fill": ("#1B8A80", "#3FB3A6"),
    "exempt-text": ("#52667A", "#9DB0C2"),
    "exempt-tag": ("#EDF1F5", "#1E2935"),
    "exempt-fill": ("#B4C0CC", "#5A6B7D"),
    "unseen-text": ("#5F6C78", "#A3B0BC"),
    "unseen-tag": ("#EEF0F2", "#212B35"),
    "unseen-fill": ("#7F8C99", "#6B7A88"),
    "nothing-fill": ("#DCE3EA", "#33424F"),
    "level-4-text": ("#9C1212", "#FF8A80"),
    "level-4-fill": ("#9C1212", "#F0383B"),
    "level-3-text": ("#C2410C", "#FFA366"),
    "level-3-fill": ("#D9541E", "#FF9A52"),
    "level-2-text": ("#8A6100", "#E5BE5A"),
    "level-2-fill": ("#E0A72E", "#F3DA8B"),
    "level-1-text": ("#52667A", "#9DB0C2"),
    "level-1-fill": ("#C0CAD4", "#4C5E70"),
}

VERDICTS = ("none", "beyond", "pending", "permit", "exempt", "unseen")
SANS = 'Roboto, "Segoe UI", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei UI", "Noto Sans CJK SC", sans-serif'
MONO = '"JetBrains Mono", "Cascadia Mono", Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace'


def colour(name: str, theme: str) -> str:
    """The colour called `name` in `theme` (light or dark); KeyError where there is none."""
    return COLOURS[name][theme == "dark"]


def stylesheet() -> str:
    """The custom properties of both themes; the dark ones apply under body.body--dark."""

    def block(index: int) -> str:
        return "".join(f"--{name}:{pair[index]};" for name, pair in COLOURS.items())

    return f":root{{{block(0)}--sans:{SANS};--mono:{MONO}}}\nbody.body--dark{{{block(1)}color-scheme:dark}}\n"
