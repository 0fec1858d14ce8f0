"""What is written of a whole page at once is what is written of its values one by one."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.search.output import cell, new_writer, plain_rows
from pipeline.search.values import write_moment

MOMENTS = st.lists(st.integers(0, 2**63 - 2**46) | st.integers(0, 2**53).map(lambda us: us * 1000), min_size=1, max_size=9)
AWKWARD = ("=1+1", "+", "-2", "@x", "\tx", "\rx", "a\"b", "a,b\n", "", " =1", "é")
TEXTS = st.lists(st.text() | st.sampled_from(AWKWARD), min_size=1, max_size=9)


@given(MOMENTS)
def test_moments_are_in_beijing_time_and_exact(moments: list[int]) -> None:
    rows = pa.table({"first": pa.array(moments, pa.timestamp("ns", "UTC"))})
    assert [row["first"] for row in plain_rows(rows)] == [write_moment(one) for one in moments]


@given(TEXTS, st.integers(0, 2**64 - 1))
def test_cells_of_a_file_are_those_of_a_spreadsheet(texts: list[str], number: int) -> None:
    lists = [[*texts[: n % 3]] for n in range(len(texts))]
    rows = pa.table({"text": texts, "number": pa.array([number] * len(texts), pa.uint64()), "list": pa.array(lists, pa.list_(pa.string()))})
    file = io.BytesIO()
    writer = new_writer("csv", file)
    writer.write(rows)
    writer.write(rows)
    writer.close()
    head, *lines = csv.reader(io.StringIO(file.getvalue().decode(), newline=""))
    assert head == rows.column_names
    assert lines == 2 * [[str(cell(text)), str(number), str(cell(one))] for text, one in zip(texts, lists, strict=True)]
