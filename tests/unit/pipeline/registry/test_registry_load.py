"""The registry's files: what they say lands with its history; what is wrong is named and nothing lands."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from pipeline.registry.load import load_registry
from pipeline.registry.lookup import changes_of, find_holder, find_line, list_lines, list_permissions, permission_versions
from pipeline.registry.models import Holder, RegistryImport
from pipeline.registry.usci import check_digit, is_usci
from pipeline.supervision.engine import open_engine, reading, upgrade

NOW = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(days=1)
USCI = "91350100M000100Y43"
DEMO = Path(__file__).resolve().parents[4] / "deploy" / "demo"

LINES = f"""
[[line]]
id = "L-1"
carrier = "甲运营商"
holder = {{ name = "某公司", name_en = "Some Company", usci = "{USCI}" }}
far = "SG"
vlans = [107]
domestic = ["10.1.0.0/16"]
purposes = ["国际贸易"]
legal_basis = {{ kind = "holder_consent", reference = "R-1", from = 2026-01-01, until = 2028-12-31 }}
inspection = "content"
"""
PERMISSIONS = f"""
[[holder]]
usci = "{USCI}"
ciio = true

[[permission]]
number = "P-1"
kind = "assessment"
holder = "{USCI}"
destinations = ["SG"]
categories = ["resident_id", "class:身", "level:pi"]
persons = {{ pi = 100000, sensitive = 5000 }}
from = 2026-01-01
until = 2028-12-31
[[permission.recipient]]
name = "Some Company Pte"
servers = ["example.net"]
prefixes = ["10.121.0.0/16"]
"""


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(tmp_path / "data")
    upgrade(engine)
    return engine


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_both_files_land(engine: Engine, tmp_path: Path) -> None:
    done = load_registry(engine, put(tmp_path, "lines.toml", LINES), put(tmp_path, "permissions.toml", PERMISSIONS), NOW)
    assert [source.kind for source in done] == ["lines", "permissions"]
    with reading(engine) as session:
        holder, line = find_holder(session, USCI), find_line(session, "L-1")
        (permission,) = list_permissions(session, USCI)
        assert holder is not None and (holder.name, holder.name_en, holder.ciio, holder.ftz) == ("某公司", "Some Company", True, False)
        assert line is not None and line.holder.usci == USCI and line.far == "SG" and line.vlans == [107]
        assert line.legal_basis == {"kind": "holder_consent", "reference": "R-1", "from": "2026-01-01", "until": "2028-12-31"}
        assert (permission.persons_pi, permission.persons_sensitive, permission.version) == (100_000, 5_000, 1)
        assert permission.recipients == [{"name": "Some Company Pte", "servers": ["example.net"], "prefixes": ["10.121.0.0/16"]}]


def test_the_same_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    lines, permissions = put(tmp_path, "lines.toml", LINES), put(tmp_path, "permissions.toml", PERMISSIONS)
    load_registry(engine, lines, permissions, NOW)
    assert load_registry(engine, lines, permissions, LATER) == []
    with reading(engine) as session:
        assert len(session.scalars(select(RegistryImport)).all()) == 2


def test_a_changed_permission_is_a_new_version_with_its_history(engine: Engine, tmp_path: Path) -> None:
    lines = put(tmp_path, "lines.toml", LINES)
    load_registry(engine, lines, put(tmp_path, "permissions.toml", PERMISSIONS), NOW)
    load_registry(engine, lines, put(tmp_path, "permissions.toml", PERMISSIONS.replace("100000", "200000")), LATER, "reg1")
    with reading(engine) as session:
        versions = [(p.version, p.persons_pi, p.current) for p in permission_versions(session, "P-1")]
        assert versions == [(2, 200_000, True), (1, 100_000, False)]
        change = changes_of(session, "permission P-1")[0]
        assert change.before is not None and change.before["persons_pi"] == 100_000
        assert change.after is not None and change.after["persons_pi"] == 200_000
        assert (change.source.actor, change.source.at) == ("reg1", LATER)


def test_what_a_file_no_longer_names_is_withdrawn_not_deleted(engine: Engine, tmp_path: Path) -> None:
    load_registry(engine, put(tmp_path, "lines.toml", LINES), put(tmp_path, "permissions.toml", PERMISSIONS), NOW)
    load_registry(engine, put(tmp_path, "lines.toml", ""), put(tmp_path, "permissions.toml", ""), LATER)
    with reading(engine) as session:
        assert list_lines(session) == [] and len(list_lines(session, active=None)) == 1
        assert list_permissions(session) == []
        assert permission_versions(session, "P-1")[0].withdrawn_at == LATER
    load_registry(engine, put(tmp_path, "lines.toml", LINES), put(tmp_path, "permissions.toml", PERMISSIONS), LATER)
    with reading(engine) as session:
        assert permission_versions(session, "P-1")[0].version == 2


@pytest.mark.parametrize(("lines", "permissions", "said"), [
    (LINES.replace(USCI, "91350100M000100Y44"), PERMISSIONS, r"lines\.toml: line\.0\.holder\.usci: .*check digit"),
    (LINES.replace('far = "SG"', 'far = "XX"'), PERMISSIONS, r"lines\.toml: line\.0\.far: .*'XX'"),
    (LINES + "colour = 1\n", PERMISSIONS, r"lines\.toml: line\.0\.colour: "),
    (LINES + LINES, PERMISSIONS, r"lines\.toml: file: .*line id L-1 stands there twice"),
    (LINES, PERMISSIONS.replace('"assessment"', '"permit"'), r"permissions\.toml: permission\.0\.kind: "),
    (LINES, PERMISSIONS.replace("2028-12-31", "2025-12-31"), r"permissions\.toml: permission\.0: .*until is before from"),
    (LINES, PERMISSIONS.replace("level:pi", "level:all"), r"permissions\.toml: permission\.0\.categories\.2: "),
    (LINES, PERMISSIONS.replace("10.121.0.0/16", "10.121.0.0/99"), r"permissions\.toml: permission\.0\.recipient\.0\.prefixes\.0"),
    (LINES, PERMISSIONS.replace('"assessment"', '"exemption"'), r"permissions\.toml: permission\.0: .*names its scenario"),
    (LINES, PERMISSIONS.replace("ciio = true", 'name = "别的公司"'), r"permissions\.toml: holder\.0\.name: '别的公司', but its lines"),
    (LINES, "[[permission", r"permissions\.toml: "),
    ("", PERMISSIONS, r"permissions\.toml: holder\.0\.name: missing"),
])
def test_what_is_wrong_is_named_and_nothing_lands(engine: Engine, tmp_path: Path, lines: str, permissions: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_registry(engine, put(tmp_path, "lines.toml", lines), put(tmp_path, "permissions.toml", permissions), NOW)
    with reading(engine) as session:
        assert session.scalars(select(Holder)).all() == []
        assert session.scalars(select(RegistryImport)).all() == []


def test_the_permission_of_an_unknown_holder(engine: Engine, tmp_path: Path) -> None:
    text = PERMISSIONS.split("\n\n", 1)[1]
    with pytest.raises(ValueError, match=r"permission\.0\.holder: .* neither"):
        load_registry(engine, None, put(tmp_path, "permissions.toml", text), NOW)


def test_the_demonstration_loads(engine: Engine) -> None:
    load_registry(engine, DEMO / "lines.toml", DEMO / "permissions.toml", NOW)
    with reading(engine) as session:
        assert len(list_lines(session)) == 6
        assert list_permissions(session)


def test_check_digits() -> None:
    assert is_usci("91350100M000100Y43")  # GB 32100's own example
    assert not is_usci("91350100M000100Y44")
    assert not is_usci("91350100M000100Y4")
    assert not is_usci("91350100I000100Y43")  # I is no letter of the alphabet
    assert check_digit("91350100M000100Y4") == "3"
