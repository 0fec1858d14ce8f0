"""The fixed words of a notice, Chinese first, then English; what PIPL Art. 57 asks for has its item beside it."""

from __future__ import annotations

Words = tuple[str, str]

# In the order of the page.
FIELDS: dict[str, Words] = {
    "holder": ("被通报单位", "Addressee"),
    "what": ("事实", "What was seen"),
    "when": ("时间", "Period"),
    "types": ("涉及的个人信息种类（第五十七条第（一）项）", "Types of personal information (Art. 57(1))"),
    "cause": ("原因（第五十七条第（一）项）", "Cause (Art. 57(1))"),
    "harm": ("可能造成的危害（第五十七条第（一）项）", "Possible harm (Art. 57(1))"),
    "remedy": ("已采取的补救措施（第五十七条第（二）项）", "Remedies taken (Art. 57(2))"),
    "self_help": ("个人可以采取的减轻危害的措施（第五十七条第（二）项）", "What persons can do themselves (Art. 57(2))"),
    "contact": ("联系方式（第五十七条第（三）项）", "Contact (Art. 57(3))"),
    "law": ("依据", "Legal basis"),
    "demand": ("要求", "What is required"),
    "coverage": ("覆盖", "Coverage"),
}
PAGE: dict[str, Words] = {
    "title": ("个人信息出境安全事件通报", "Notice of a personal information export incident"),
    "number": ("编号", "Number"),
    "incident": ("事件", "Incident"),
    "drafted": ("拟稿", "Drafted by"),
    "signed": ("复核签发", "Second reader"),
    "unsigned": ("草稿，未签发", "Draft, not signed"),
    "missing": ("缺失：须补充后方可签发", "Missing: fill in before signing"),
    "source": ("来源", "Source"),
    "printed": ("打印", "Printed"),
    "zone": ("北京时间", "UTC+8"),
    "masked": ("本通报不含任何未遮蔽的标识。", "This notice holds no identifier in clear."),
}
HARM: dict[str, Words] = {
    "sensitive": (
        "敏感个人信息一旦泄露或者被非法使用，容易导致自然人的人格尊严受到侵害或者人身、财产安全受到危害，包括冒名开户、诈骗和账户盗用。",
        "Sensitive personal information, once leaked or misused, may harm dignity, person or property: accounts opened in another's "
        "name, fraud, theft from accounts.",
    ),
    "pi": (
        "可能被用于骚扰、诈骗或者与其他信息结合识别个人。",
        "May be used for nuisance or fraud, or joined with other data to identify persons.",
    ),
    "important": (
        "如属重要数据，可能危害国家安全、公共利益。",
        "If it is important data, national security or the public interest may be harmed.",
    ),
}
SELF_HELP: dict[str, Words] = {
    "bank_card": (
        "留意账户变动，必要时联系银行挂失或者换卡。",
        "Watch your account; ask the bank to block or replace the card where needed.",
    ),
    "mobile": (
        "警惕以本人信息为由的来电和短信，不向对方提供验证码。",
        "Beware of calls and messages that use your data; never pass on codes.",
    ),
    "email": ("警惕钓鱼邮件，更换重复使用的口令。", "Beware of phishing; change passwords used more than once."),
    "any": (
        "核对本人名下账户和登记，发现异常及时报警。",
        "Check accounts and registrations in your name; report what is wrong to the police.",
    ),
}
DEMAND: Words = (
    "立即停止超出许可的提供，采取补救措施，书面说明情况，并依法向履行个人信息保护职责的部门报告。",
    "Stop at once what goes beyond any permission, remedy it, explain in writing, and report to the authority as the law requires.",
)

SOURCE: dict[str, Words] = {
    "registry": ("登记库", "registry"),
    "incident": ("事件", "incident"),
    "template": ("模板", "template"),
    "rule pack": ("规则包", "rule pack"),
    "coverage ledger": ("覆盖台账", "coverage ledger"),
    "account": ("账号", "account"),
}


def say_source(source: str, lang: str) -> str:
    """A field's source, its first words in the reader's language, the number or name after them as it is."""
    for code, words in SOURCE.items():
        if source == code or source.startswith(code + " "):
            return say(words, lang) + source[len(code):]
    return source


def say(words: Words, lang: str) -> str:
    """The words in "zh" or "en"."""
    return words[0 if lang == "zh" else 1]
