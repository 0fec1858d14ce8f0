"""`guankou detect` over files longer than a window, coded files, and what it writes."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from detectors.detect import WINDOW, WINDOWS, detect, print_table, write_jsonl

VALUE = "13800138000"


def lines_of(bench: Any, octets: bytes, spans: bool = False) -> list[dict[str, Any]]:
    out = io.StringIO()
    write_jsonl(detect(io.BytesIO(octets), bench.detector, spans), bench.detector, out, spans)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_empty_file_holds_nothing(bench: Any) -> None:
    assert lines_of(bench, b"") == []


@pytest.mark.parametrize("shift", [-12, -5, 0, 5, 40])
@pytest.mark.parametrize("windows", [1, WINDOWS])
def test_a_value_over_the_border_of_a_window_is_found_once(bench: Any, shift: int, windows: int) -> None:
    at = windows * WINDOW + shift
    octets = b"~" * at + VALUE.encode() + b"~" * 1000
    (line,) = lines_of(bench, octets, True)
    assert (line["signature"], line["count"], line["spans"], line["offsets"]) == ("mobile", 1, [[at, at + 11]], [at])


def test_offsets_in_a_coded_file_count_its_decoded_content(bench: Any) -> None:
    rows = "".join(f"{k * 7919 % 99991:>7} " for k in range(30000)).encode()
    octets = gzip.compress(rows + VALUE.encode() + b" and more")
    (line,) = lines_of(bench, octets, True)
    assert line["spans"] == [[len(rows), len(rows) + 11]] and line["decoder_path"] == ["gzip"]


def test_findings_of_all_windows_are_added_up(bench: Any) -> None:
    octets = ("".join(f"1380013{k % 50:04d}," + "~" * 200 for k in range(8000))).encode()
    (line,) = lines_of(bench, octets)
    assert (line["count"], line["subjects"], len(line["excerpts"])) == (8000, 50, 3)


def test_what_cannot_be_decoded_is_said_with_its_place(bench: Any) -> None:
    octets = bytearray(gzip.compress(bytes(k * k * 7919 // 13 % 256 for k in range(300_000))))
    octets[70_000:70_100] = bytes(100)
    assert any(line.get("undecodable") in ("damaged", "charset") for line in lines_of(bench, bytes(octets)))


def test_the_table_shows_findings_in_both_languages_and_nothing_in_clear(bench: Any) -> None:
    console = Console(file=io.StringIO(), width=200)
    print_table(detect(io.BytesIO(f"电话 {VALUE} [red]".encode() + b"\xff" * 3000), bench.detector), bench.detector, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "mobile" in shown and "138****00" in re.sub(r"\*+", "****", shown) and VALUE not in shown
    assert "无法解码 not decodable" in shown
