"""Columns put one after another become one batch, whatever their kind."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.schema.field import ADDRESS, NAME, TIME, Field, Record
from sensor.outbox.batch import Coded, Identity, Ragged, make_batch, merge

RECORD = Record("made", tuple(Field(name, kind, "", "", "", "") for name, kind in (
    ("sensor", NAME), ("worker", pa.uint16()), ("epoch", pa.uint64()), ("sequence", pa.uint64()), ("at", TIME), ("line", NAME),
    ("ip", ADDRESS), ("sizes", pa.list_(pa.int16())), ("names", pa.list_(pa.string())), ("version", pa.string()),
)))
WHO = Identity("one", 0, 7)


def part(at: list[int], lines: Coded, version: str = "a") -> tuple[dict[str, object], int]:
    n = len(at)
    sizes = Ragged(np.arange(sum(at), dtype=np.int16), np.array(at))
    return {"at": np.array(at), "line": lines, "ip": np.full((n, 2), 0x0102, np.uint64), "sizes": sizes, "names": [["x"] * k for k in at],
            "version": version}, n


def test_parts_become_one_batch() -> None:
    words = ["L1", "L2"]
    first = part([1, 0, 2], Coded(np.array([0, 1, 0]), words))
    words.append("L1")  # another lane of the same line
    batch = make_batch(RECORD, WHO, 5, *merge([first, part([3], Coded(np.array([2]), words))]))
    batch.validate(full=True)
    assert batch["line"].to_pylist() == ["L1", "L2", "L1", "L1"]
    assert batch["line"].dictionary.to_pylist() == ["L1", "L2"]
    assert batch["sizes"].to_pylist() == [[0], [], [1, 2], [0, 1, 2]]
    assert batch["names"].to_pylist() == [["x"], [], ["x", "x"], ["x", "x", "x"]]
    assert batch["ip"][0].as_py() == bytes(6) + b"\1\2" + bytes(6) + b"\1\2"
    assert batch["version"].to_pylist() == ["a"] * 4 and batch["sequence"].to_pylist() == [5] * 4


def test_one_value_that_changed_between_parts() -> None:
    words = ["L1"]
    parts = [part([1, 1], Coded(np.zeros(2, np.int64), words), "a"), part([1], Coded(np.zeros(1, np.int64), words), "b")]
    assert make_batch(RECORD, WHO, 1, *merge(parts))["version"].to_pylist() == ["a", "a", "b"]


def test_parts_that_do_not_fit_say_so() -> None:
    one = part([1], Coded(np.zeros(1, np.int64), ["L1"]))
    with pytest.raises(TypeError, match="more than one"):
        merge([one, ({**one[0], "line": ["L1"]}, 1)])
    with pytest.raises(TypeError, match="more than one"):
        merge([one, ({**one[0], "line": Coded(np.zeros(1, np.int64), ["other words"])}, 1)])
    with pytest.raises(KeyError, match="line"):
        merge([one, ({name: column for name, column in one[0].items() if name != "line"}, 1)])
