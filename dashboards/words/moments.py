"""How moments are written: Beijing time, the zone said once, UTC within reach. Moments are ns since 1970 or aware datetimes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "UTC+8")
NS = 1_000_000_000


def beijing(moment: int | datetime) -> datetime:
    """The moment on a Beijing clock."""
    if isinstance(moment, int):
        return datetime.fromtimestamp(moment // NS, BEIJING) + timedelta(microseconds=moment % NS // 1000)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(BEIJING)


def moment_ns(moment: datetime) -> int:
    """ns since 1970, exact to the microsecond."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def day_start_ns(day: date) -> int:
    """Midnight in Beijing at which `day` begins."""
    return moment_ns(datetime(day.year, day.month, day.day, tzinfo=BEIJING))


def stamp(moment: int | datetime, milliseconds: bool = False) -> str:
    """2026-11-23 15:31:04, with .885 where asked."""
    return beijing(moment).isoformat(" ", "milliseconds" if milliseconds else "seconds")[: 23 if milliseconds else 19]


def clock(moment: int | datetime) -> str:
    """15:31:04."""
    return stamp(moment)[11:]


def utc(moment: int | datetime) -> str:
    """For hover and focus: 2026-11-23 07:31:04 UTC."""
    return beijing(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def parse(text: str) -> int | None:
    """ns of `2026-11-23`, `2026-11-23T15:31` or `2026-11-23 15:31:04` in Beijing time (an offset given wins); None if it is no moment."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment_ns(moment if moment.tzinfo else moment.replace(tzinfo=BEIJING))


def length(ns: int, language: str) -> str:
    """A short length of time as exactly as it is told apart: 0.412 ms, 20.4 ms, 1.204 s; from a minute on as `span` has it."""
    if ns >= 60 * NS:
        return span(ns / NS, language)
    seconds = ns >= NS
    name = ("秒" if seconds else "毫秒") if language == "zh" else ("s" if seconds else "ms")
    return f"{ns / (NS if seconds else 1_000_000):.4g} {name}"


def span(seconds: float, language: str) -> str:
    """A length of time in its two largest units: 1 小时 49 分, 1 h 49 min."""
    names = ("天", "小时", "分", "秒") if language == "zh" else ("d", "h", "min", "s")
    left = max(0, int(seconds))
    parts: list[str] = []
    for size, name in zip((86400, 3600, 60, 1), names, strict=True):
        if left >= size or (name == names[-1] and not parts):
            parts.append(f"{left // size} {name}")
        left %= size
    return " ".join(parts[:2])
