"""What is wrong with a filter: where, what, and what would be right, in Chinese and English."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "too_long": ("过滤式超过 {most} 个字符", "the filter is longer than {most} characters"),
    "too_deep": ("嵌套超过 {most} 层", "nested deeper than {most}"),
    "bad_character": ("无法编码的字符", "a character that cannot be encoded"),
    "unfinished": ("过滤式没有写完", "the filter ends too early"),
    "unexpected": ("此处不应是“{found}”", "“{found}” does not belong here"),
    "open_quote": ("引号没有闭合", "the quotation mark is never closed"),
    "no_field": ("没有字段“{found}”", "there is no field “{found}”"),
    "no_saved": ("没有已存检索“{found}”", "there is no saved search “{found}”"),
    "saved_all": ("已存检索“{found}”是全部流，只能单独写", "the saved search “{found}” is every flow: it can only stand alone"),
    "no_operator": ("字段 {field} 没有运算符 {found}", "{field} has no operator {found}"),
    "one_value": ("{found} 之后只能有一个值", "after {found} stands one value"),
    "no_range": ("字段 {field} 的值没有区间", "values of {field} have no ranges"),
    "turned_range": ("区间的起点大于终点", "the range begins after its end"),
    "no_expression": ("不是可用的正则表达式：“{found}”", "no regular expression that the store takes: “{found}”"),
    "long_expression": ("正则表达式超过 {most} 个字符", "the regular expression is longer than {most} characters"),
    "no_address": ("“{found}”不是地址或网段（如 10.21.0.0/16、2001:db8::1）",
                   "“{found}” is no address or prefix (such as 10.21.0.0/16, 2001:db8::1)"),
    "no_port": ("“{found}”不是端口（0 至 65535）", "“{found}” is no port (0 to 65535)"),
    "no_number": ("“{found}”不是整数", "“{found}” is no whole number"),
    "no_octets": ("“{found}”不是字节数（如 1500、1.5MB、64KiB）", "“{found}” is no number of octets (such as 1500, 1.5MB, 64KiB)"),
    "no_length": ("“{found}”不是时长（如 20ms、90s、2h、30d）", "“{found}” is no length of time (such as 20ms, 90s, 2h, 30d)"),
    "no_time": ("“{found}”不是时刻（如 2026-11-23、\"2026-11-23 15:31\"）",
                "“{found}” is no moment (such as 2026-11-23, \"2026-11-23 15:31\")"),
    "expected": ("可以是：{these}", "expected: {these}"),
    "field": ("字段", "a field"),
    "value": ("值", "a value"),
    "end": ("结尾", "the end"),
}  # fmt: skip
MOST_SHOWN = 40


def word(code: str, language: str, **values: object) -> str:
    """The words of `code`; what a person typed is cut and made printable."""
    shown = {name: printable(str(value)) for name, value in values.items()}
    return WORDS[code][0 if language == "zh" else 1].format(**shown)


def printable(text: str) -> str:
    """`text` for a line of a message."""
    cut = text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
    return "".join(c if c.isprintable() else "�" for c in cut)


class FilterError(Exception):
    """A filter that cannot be understood: `length` characters from `column` (1 is the first) on; `expected` would be right there."""

    def __init__(self, code: str, column: int, length: int = 1, expected: tuple[str, ...] = (), **values: object) -> None:
        super().__init__(code)
        self.code, self.column, self.length, self.expected, self.values = code, column, length, expected, values

    @property
    def message(self) -> str:
        """In English."""
        return self.say("en")

    def say(self, language: str) -> str:
        """What is wrong, in "zh" or "en"."""
        return word(self.code, language, **self.values)

    def hint(self, language: str) -> str:
        """What would be right, or nothing."""
        these = (word(e, language) if e in WORDS else e for e in self.expected)
        return word("expected", language, these="").rstrip() + " " + ", ".join(these) if self.expected else ""

    def __str__(self) -> str:
        return f"column {self.column}: {self.message}"
