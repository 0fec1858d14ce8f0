"""Words for codes, Chinese first, then English."""

from __future__ import annotations

from collections.abc import Sequence

Words = tuple[str, str]

LEVEL: dict[str, Words] = {
    "pi": ("个人信息", "PI"),
    "sensitive": ("敏感个人信息", "sensitive PI"),
    "important": ("重要数据", "important data"),
}
# GB/T 35273 Annex A, the classes that the catalogue has; where several stand in a row, they come in this order.
CLASS: dict[str, Words] = {
    "身份": ("身份", "identity"),
    "财产": ("财产", "property"),
    "位置": ("位置", "location"),
    "网络身份": ("网络身份", "network identity"),
    "基本": ("基本", "basic"),
    "设备": ("设备", "device"),
    "其他": ("其他", "other"),
}
VERDICT: dict[str, Words] = {
    "none": ("无许可", "no permission"),
    "beyond": ("超出许可", "beyond permission"),
    "pending": ("待核实", "to be verified"),
    "permit": ("有许可", "permitted"),
    "exempt": ("豁免", "exempt"),
}
KIND: dict[str, Words] = {
    "assessment": ("安全评估", "security assessment"),
    "contract": ("标准合同备案", "contract filing"),
    "certification": ("认证", "certification"),
    "exemption": ("豁免", "exemption"),
    "list": ("负面清单适用", "negative-list use"),
    "order": ("主管机关命令", "authority order"),
}
FIELD: dict[str, Words] = {
    "validity": ("有效期", "validity"),
    "destination": ("目的国家/地区", "destination"),
    "recipient": ("接收方", "recipient"),
    "categories": ("数据类别", "categories"),
    "persons_pi": ("个人信息人数", "persons (PI)"),
    "persons_sensitive": ("敏感个人信息人数", "persons (sensitive PI)"),
    "mechanism": ("许可方式", "mechanism"),
}
DUTY: dict[str, Words] = {
    "none": ("无须评估、备案或认证", "no assessment, filing or certification"),
    "contract": ("标准合同备案或认证", "standard contract or certification"),
    "assessment": ("数据出境安全评估", "security assessment"),
}
STATUS: dict[str, Words] = {
    "crossed": ("已达到", "crossed"),
    "may_be_crossed": ("可能达到", "may be crossed"),
    "not_crossed": ("未达到", "not crossed"),
    "applies": ("适用", "applies"),
    "does_not_apply": ("不适用", "does not apply"),
}
STATE: dict[str, Words] = {
    "new": ("新立", "new"),
    "review": ("核查", "under review"),
    "awaiting": ("待说明", "awaiting holder"),
    "disposal": ("处置", "in disposal"),
    "closed": ("结案", "closed"),
}


def say(words: Sequence[str], lang: str) -> str:
    """The word in "zh" or "en"."""
    return words[0 if lang == "zh" else 1]
