"""A notice on paper: A4, black on white, with coverage, account and time of printing on each sheet."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.notice.fields import missing
from pipeline.notice.models import Notice
from pipeline.notice.words import FIELDS, PAGE, say, say_source
from pipeline.supervision.number import BEIJING


class Sheet(NamedTuple):
    """What one rendering shows; the notice comes with its incident loaded."""

    notice: Notice
    lang: str                       # zh, en
    account: str                    # whose print it is
    printed_at: datetime.datetime
    signed_by: str | None = None    # the reader who signs just now; else the notice's own


@cache
def _environment() -> Environment:
    loader = PackageLoader("pipeline.notice")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render_html(sheet: Sheet) -> str:
    """The page, whole in itself: no outside address. Everything from the wire is escaped."""
    return _environment().get_template("notice.html.j2").render(_context(sheet))


def render_pdf(page: str) -> bytes:
    """The same page as PDF; nothing is fetched from anywhere."""
    import weasyprint  # loads Pango and half a second of fonts: only who prints pays

    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    document: bytes = weasyprint.HTML(string=page, url_fetcher=nothing).write_pdf()
    return document


def _context(sheet: Sheet) -> dict[str, Any]:
    notice, lang = sheet.notice, sheet.lang
    lacking = missing(notice.fields)
    rows = [
        {"key": field, "name": say(FIELDS[field], lang), "text": notice.fields[field][lang],
         "source": say_source(notice.fields[field]["source"], lang), "missing": field in lacking}
        for field in FIELDS if field != "coverage"
    ]
    return {
        "lang": "zh-CN" if lang == "zh" else "en",
        "words": {key: say(words, lang) for key, words in PAGE.items()},
        "notice": notice,
        "rows": rows,
        "coverage": notice.fields["coverage"][lang],
        "signed_by": sheet.signed_by or notice.signed_by,
        "account": sheet.account,
        "printed": sheet.printed_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        "drafted": notice.drafted_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M"),
    }
