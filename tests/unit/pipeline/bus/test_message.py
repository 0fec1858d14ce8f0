"""Headers say whose batch a message is; whatever else they hold is poison with a reason, never an exception of another kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bus.message import read_headers, to_headers, to_key
from pipeline.ingest.body import Identity, PoisonError, Reason

WHO = Identity("flows", "beijing-1", 3, 2**64 - 5)
GOOD = to_headers(WHO, 2**40, 32768, 1)


def test_written_headers_are_read_again() -> None:
    assert read_headers("flows", GOOD) == (WHO, 2**40)
    assert [name for name, _ in GOOD] == ["sensor", "worker", "epoch", "sequence", "rows", "made_ns"]
    assert to_key(WHO) == b"beijing-1/3"
    assert read_headers("flows", [*GOOD, ("trace", b"x")]) == (WHO, 2**40)


@pytest.mark.parametrize("name", ["sensor", "worker", "epoch", "sequence"])
def test_missing_twice_or_no_number(name: str) -> None:
    rest = [pair for pair in GOOD if pair[0] != name]
    for wrong in ([], [(name, b"\xff")], [(name, b"1"), (name, b"1")]):
        with pytest.raises(PoisonError) as caught:
            read_headers("flows", [*rest, *wrong])
        assert caught.value.reason == Reason.HEADERS


TOO_MUCH = [("worker", b"65536"), ("worker", b"-1"), ("epoch", b"18446744073709551616"), ("sequence", b"1 ")]


@pytest.mark.parametrize(("name", "value"), TOO_MUCH)
def test_out_of_range(name: str, value: bytes) -> None:
    with pytest.raises(PoisonError, match=name):
        read_headers("flows", [(one, value if one == name else was) for one, was in GOOD])


@given(st.lists(st.tuples(st.sampled_from([name for name, _ in GOOD]), st.binary(max_size=24))))
def test_nothing_else_is_raised(headers: list[tuple[str, bytes]]) -> None:
    try:
        identity, sequence = read_headers("flows", headers)
    except PoisonError as poison:
        assert poison.reason == Reason.HEADERS
    else:
        assert 0 <= identity.worker < 1 << 16 and sequence >= 0
