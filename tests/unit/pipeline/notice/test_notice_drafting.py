"""Drafts: filled from the incident, blocked while something is missing, signed by another account, then fixed."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.incident.cases import find_incident, mark_false
from pipeline.notice.drafting import UnresolvedError, draft, fill, find_notice, list_notices, sign
from pipeline.notice.fields import missing
from pipeline.notice.models import Notice
from pipeline.notice.outbox import queue
from pipeline.notice.rendering import Sheet, render_html, render_pdf
from pipeline.notice.words import FIELDS
from pipeline.supervision.engine import reading

NOON = datetime.datetime(2026, 11, 23, 4, tzinfo=datetime.UTC)
BY_HAND = {"remedy": {"zh": "已要求停止传输。", "en": "Told to stop."}, "contact": {"zh": "值班电话 010-0000", "en": "Duty desk 010-0000"}}


def test_a_draft_is_filled_and_says_what_is_missing(engine: Engine, incident: str) -> None:
    notice = draft(engine, incident, "reg1", NOON, share=0.713)
    assert (notice.number, notice.state) == ("N-20261123-0001", "draft")
    assert missing(notice.fields) == ["remedy", "contact"]
    assert list(notice.fields) == list(FIELDS)
    assert "300 人" in notice.fields["what"]["zh"] and "Taiwan region, China" in notice.fields["what"]["en"]
    assert notice.fields["what"]["source"] == f"incident {incident}"
    assert notice.fields["types"]["zh"] == "手机号、护照号"
    assert notice.fields["when"]["zh"].startswith("2026-11-23 12:00:00")  # Beijing
    assert "71.3%" in notice.fields["coverage"]["en"]
    assert all(field["source"] for name, field in notice.fields.items() if name not in ("remedy", "contact"))


def test_unknown_coverage_is_said(engine: Engine, incident: str) -> None:
    assert "unknown" in draft(engine, incident, "reg1", NOON).fields["coverage"]["en"]


def test_nothing_is_signed_or_sent_with_a_hole(engine: Engine, incident: str) -> None:
    number = draft(engine, incident, "reg1", NOON).number
    with pytest.raises(UnresolvedError, match="lacks remedy, contact"):
        sign(engine, number, "reg2", NOON)
    fill(engine, number, {**BY_HAND, "contact": {"zh": "值班电话 010-0000", "en": "  "}}, "reg1")
    with pytest.raises(UnresolvedError, match="lacks contact"):
        sign(engine, number, "reg2", NOON)
    with pytest.raises(UnresolvedError, match="not signed"):
        queue(engine, number, "smtp", "a@example.org", NOON, "reg1")


def test_who_wrote_may_not_sign(engine: Engine, incident: str) -> None:
    number = draft(engine, incident, "reg1", NOON).number
    fill(engine, number, BY_HAND, "reg3")
    for writer in ("reg1", "reg3"):
        with pytest.raises(UnresolvedError, match="another account signs"):
            sign(engine, number, writer, NOON)
    assert sign(engine, number, "reg2", NOON).signed_by == "reg2"


def test_a_signed_text_is_fixed(engine: Engine, signed: Notice) -> None:
    with pytest.raises(UnresolvedError, match="not changed"):
        fill(engine, signed.number, {"remedy": {"zh": "x", "en": "x"}}, "reg1")
    with pytest.raises(UnresolvedError, match="already"):
        sign(engine, signed.number, "reg3", NOON)
    with reading(engine) as session:
        notice = find_notice(session, signed.number)
        assert notice is not None
        assert notice.html_zh is not None and "复核签发: reg2" in notice.html_zh
        assert notice.pdf_zh is not None and notice.pdf_zh.startswith(b"%PDF") and notice.pdf_en != notice.pdf_zh
        incident = find_incident(session, notice.incident.number)
        assert incident is not None
        assert [e.reason for e in incident.events if e.kind == "notice"] == ["drafted", "signed"]


def test_fields_and_notices_that_do_not_exist(engine: Engine, incident: str) -> None:
    number = draft(engine, incident, "reg1", NOON).number
    with pytest.raises(ValueError, match="no such field: colour"):
        fill(engine, number, {"colour": {"zh": "x"}}, "reg1")
    with pytest.raises(LookupError):
        sign(engine, "N-20261123-0009", "reg2", NOON)
    with pytest.raises(LookupError):
        draft(engine, "I-20261123-0009", "reg1", NOON)


def test_no_alert_that_stands_no_notice(engine: Engine, incident: str) -> None:
    mark_false(engine, "A-20261123-0001", "test data", "reg1", NOON)
    with pytest.raises(UnresolvedError, match="nothing to notify of"):
        draft(engine, incident, "reg1", NOON)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page(engine: Engine, incident: str, lang: str) -> None:
    number = draft(engine, incident, "reg1", NOON, share=0.713).number
    with reading(engine) as session:
        notice = find_notice(session, number)
        assert notice is not None
        page = render_html(Sheet(notice, lang, "reg9", NOON))
    assert page.count("data-missing=") == 2
    assert "71.3%" in page and "reg9 · 2026-11-23 12:00:00" in page      # coverage, account, time of printing
    assert ("草稿，未签发" if lang == "zh" else "Draft, not signed") in page
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in page
    assert ("[来源: 登记库]" if lang == "zh" else "[Source: registry]") in page
    assert f"[{'来源: 事件' if lang == 'zh' else 'Source: incident'} {incident}]" in page
    assert "<b>航空" not in page and "<script" not in page
    assert "http://" not in page and "https://" not in page


def test_a_print_loads_nothing_from_outside(hook: Any, tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text("p { content: 'x' }")
    page = f'<link rel=stylesheet href="{(tmp_path / "x.css").as_uri()}"><img src="{hook.address}"><p>x</p>'
    assert render_pdf(page).startswith(b"%PDF")
    assert hook.got == []


def test_lists(engine: Engine, signed: Notice) -> None:
    with reading(engine) as session:
        assert [n.number for n in list_notices(session, states=["signed"])] == [signed.number]
        assert list_notices(session, states=["draft"]) == []
        assert [n.incident.number for n in list_notices(session, incident="I-20261123-0001")] == ["I-20261123-0001"]
