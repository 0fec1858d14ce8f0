"""`guankou search` as people run it: real records, real files, real processes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len
from rich.console import Console

from pipeline.schema import FINDING, FLOW, Record
from pipeline.search.command import Asked, list_fields, run_search
from pipeline.search.fields import FIELDS
from pipeline.store.store import ChdbStore, open_store
from tests.unit.pipeline.search.made_filters import BEGIN, address

ROOT = Path(__file__).resolve().parents[4]
NOW = BEGIN + timedelta(days=3)
HOSTILE = "=cmd()\x1b[2J\u202e<b>"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path, put_into: Callable[[ChdbStore], Callable[[Record, list[dict[str, Any]]], None]]) -> Path:
    """A data directory with four flows in two days."""
    folder = tmp_path / "data"
    store = open_store(folder)
    put = put_into(store)
    put(FLOW, [
        {"flow_id": 2**63 + n, "first": BEGIN + timedelta(hours=14 * n, microseconds=5), "last": BEGIN + timedelta(hours=14 * n, seconds=2),
         "line": "线-1", "src_ip": address("10.0.0.1").to_bytes(16), "dst_ip": address("2001:db8::1").to_bytes(16), "dst_port": 443,
         "protocol": "tls", "server_name": (name := HOSTILE if n == 3 else "up.example"), "server_names": [name], "octets_out": 2**n,
         "findings": 9 if n == 2 else 0}
        for n in range(4)])  # fmt: skip
    put(FINDING, [
        {"finding_id": k, "flow_id": 2**63 + 2, "first": BEGIN + timedelta(hours=28, seconds=1), "class": ("身份", "基本")[k],
         "level": ("sensitive", "pi")[k]} for k in (0, 1)])  # fmt: skip
    store.close()
    return folder


@pytest.fixture
def run(data: Path) -> Run:
    """Exit code, standard output and what the screen said."""

    def go(text: str = "", language: str = "en", **more: Any) -> tuple[int, str, str]:
        said, out = io.StringIO(), io.BytesIO()
        code = run_search(Asked(text, **more), data, data, NOW, Console(file=said, width=300), out, language)
        return code, out.getvalue().decode(), said.getvalue()

    return go


def test_the_last_day_with_flows_is_searched_unless_told(run: Run) -> None:
    assert run("tls.sni ~ UP", form="jsonl")[1].count("\n") == 1
    assert run("tls.sni ~ UP", form="jsonl", since="30d")[1].count("\n") == 3
    code, out, said = run("tls.sni ~ UP", form="jsonl", since="30d", limit=2)
    assert code == 0 and out.count("\n") == 2 and "2 rows, stopped there by --limit 2" in said


def test_jsonl_keeps_ids_and_moments_exact(run: Run) -> None:
    row = json.loads(run("octets.out == 1", form="jsonl", since="30d", columns="first,flow,src.ip,dst.ip,duration,line")[1])
    assert row == {
        "first": "2026-11-23T08:00:00.000005+08:00", "flow": str(2**63), "src.ip": "10.0.0.1", "dst.ip": "2001:db8::1",
        "duration": 1.999995, "line": "线-1",
    }  # fmt: skip


def test_csv_runs_nothing_in_a_spreadsheet(run: Run) -> None:
    rows = list(csv.reader(io.StringIO(run(form="csv", columns="server.name,octets.out", limit=1)[1])))
    assert rows == [["server.name", "octets.out"], ["'" + HOSTILE, "8"]]


def test_a_table_steers_no_terminal_and_lines_up(run: Run) -> None:
    out = run(since="30d", columns="line,server.name,octets.out")[1]
    lines = out.splitlines()
    assert len(lines) == 5 and out.replace("\n", "").isprintable() and "=cmd()\\u{1b}[2J\\u{202e}<b>" in lines[1]
    assert {cell_len(line) for line in lines} == {cell_len(lines[0])}


def test_parquet_has_every_column_also_without_rows(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "flows.parquet"
    assert run(since="30d", form="parquet", output=file, columns="all")[:2] == (0, "")
    table = pq.read_table(file)
    assert table.num_rows == 4 and table.column_names == [field.name for field in FIELDS if field.one]
    assert str(table.schema.field("first").type) == "timestamp[ns, tz=UTC]"
    run("line == none", form="parquet", output=file)
    assert pq.read_table(file).num_rows == 0


def test_what_findings_say_is_listed_beside_a_flow(run: Run, tmp_path: Path) -> None:
    columns = "octets.out,finding.class,finding.level"
    rows = [json.loads(line) for line in run(since="30d", form="jsonl", columns=columns)[1].splitlines()]
    assert [(row["octets.out"], row["finding.class"]) for row in rows] == [(8, []), (4, ["基本", "身份"]), (2, []), (1, [])]
    csv_rows = list(csv.reader(io.StringIO(run("octets.out == 4", since="30d", form="csv", columns=columns)[1])))
    assert csv_rows == [columns.split(","), ["4", "基本 身份", "pi sensitive"]]
    assert "基本 身份" in run("octets.out == 4", since="30d", columns=columns)[1]
    file = tmp_path / "flows.parquet"
    run(since="30d", form="parquet", output=file, columns=columns)
    assert pq.read_table(file).column("finding.class").to_pylist() == [[], ["基本", "身份"], [], []]


def test_sums_instead_of_flows(run: Run) -> None:
    assert json.loads(run(since="30d", form="jsonl", sums=True)[1])["octets.out"] == 15
    assert [json.loads(line)["value"] for line in run(since="30d", form="jsonl", top="src.ip")[1].splitlines()] == ["10.0.0.1"]
    assert [json.loads(line)["flows"] for line in run(since="30d", form="jsonl", every="1d")[1].splitlines()] == [2, 1, 1]


@pytest.mark.parametrize(("language", "words"), [("en", "no port (0 to 65535)"), ("zh", "不是端口（0 至 65535）")])
def test_a_wrong_filter_is_shown_with_a_caret_under_it(run: Run, language: str, words: str) -> None:
    code, out, said = run("线路 == a and port == 70000", language=language)
    shown, caret, message = said.splitlines()[:3]
    assert (code, out) == (2, "") and shown == "线路 == a and port == 70000" and words in message
    assert caret == " " * 22 + "^^^^^", "two Chinese characters are four cells wide"
    assert run("line ~ /a(/")[0] == 2


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"form": "xml"}, "--format: 'xml'"),
        ({"limit": -1}, "--limit"),
        ({"columns": "first,ip"}, "more than one ip"),
        ({"columns": "finding.tier"}, "more than one finding.tier"),
        ({"columns": "nope"}, "no field 'nope'"),
        ({"top": "nope"}, "--top: no field"),
        ({"every": "1ms"}, "--every"),
        ({"top": "line", "sums": True}, "ask one"),
        ({"since": "noon"}, "'noon' is neither"),
        ({"save_as": "a b"}, "'a b' is no name"),
    ],
)
def test_what_cannot_be_done_is_named(run: Run, more: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        run(**more)


def test_searches_are_saved_replaced_and_used(run: Run) -> None:
    assert "saved: @big" in run("octets.out > 4", save_as="big")[2]
    assert run("@big", since="30d", form="jsonl")[1].count("\n") == 1
    assert "replaced: @big" in run("octets.out > 1", save_as="big")[2]
    assert run("@big", since="30d", form="jsonl")[1].count("\n") == 3
    assert run("@big and octets.out < 8", since="30d", form="jsonl")[1].count("\n") == 2
    assert run("octets.out >", save_as="wrong")[0] == 2
    code, out, said = run("port == 443 and @bug")
    assert (code, out) == (2, "") and said.splitlines()[1] == " " * 16 + "^^^^" and "expected: @big" in said


def test_a_store_without_flows_and_no_store_at_all(tmp_path: Path) -> None:
    said, out = io.StringIO(), io.BytesIO()
    with pytest.raises(ValueError, match="no store"):
        run_search(Asked(), tmp_path / "typo", tmp_path / "typo", NOW, Console(file=said), out, "en")
    assert not (tmp_path / "typo").exists(), "a search makes no data directory"
    open_store(tmp_path).close()
    assert run_search(Asked(), tmp_path, tmp_path, NOW, Console(file=said), out, "en") == 0
    assert "no flows" in said.getvalue()


def guankou(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    command = [sys.executable, str(ROOT / "guankou.py"), "search", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_the_command_itself(data: Path) -> None:
    done = guankou("dst.port == 443", "--since", "2026-11-23", "--format", "csv", "--columns", "flow", "--data", str(data))
    assert done.returncode == 0 and done.stdout.split() == [f'"{cell}"' for cell in ("flow", *(2**63 + n for n in (3, 2, 1, 0)))]
    wrong = guankou("port == x", "--data", str(data))
    assert wrong.returncode == 2 and "        ^\n9: “x” is no port" in wrong.stderr and not wrong.stdout


def test_a_store_held_by_another_process_is_said(data: Path) -> None:
    store = open_store(data)
    busy = guankou("--count", "--data", str(data))
    store.close()
    assert busy.returncode == 2 and f"held by process {os.getpid()}" in " ".join(busy.stderr.split())


def test_fields_are_listed() -> None:
    assert len(list_fields().splitlines()) == len(FIELDS)
    listed = guankou("--fields")
    assert listed.returncode == 0 and "tls.sni" in listed.stdout and "服务器名" in listed.stdout
