"""Subjects once each, against a dictionary."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.subject_log import LEAST, SubjectLog, whose_are

LARGEST = (1 << 30) - 1, (1 << 14) - 1, 3, 65535  # lane, signature, tier, epoch
ADDS = st.lists(st.tuples(
    st.sampled_from([0, 1, 77, LARGEST[0]]), st.sampled_from([0, 5, LARGEST[1]]), st.integers(2, 3), st.sampled_from([2025, LARGEST[3]]),
    st.integers(0, 1 << 62), st.lists(st.tuples(st.sampled_from([0, 1, (1 << 64) - 1, 1 << 63]), st.booleans()), max_size=4),
), max_size=12)


def add(log: SubjectLog, lane: int, signature: int, tier: int, epoch: int, at: int, principals: np.ndarray, tokens: np.ndarray) -> None:
    """A finding that is not taken in, then one cut in two."""
    n, column = len(tokens), np.array
    whose = whose_are(column([lane] * 3), column([signature] * 3, np.int16), column([tier] * 3, np.uint8), epoch)
    starts, twice = column([0, n, n + n // 2, 2 * n]), np.concatenate((principals, principals))
    log.add(whose, column([at] * 3), column([False, True, True]), starts, twice, np.concatenate((tokens + np.uint64(1), tokens)))


@given(ADDS)
@settings(max_examples=200, deadline=None)
def test_against_a_dictionary(adds: list[tuple[int, int, int, int, int, list[tuple[int, bool]]]]) -> None:
    log, known = SubjectLog(), dict[tuple[int, ...], int]()
    for lane, signature, tier, epoch, at, people in adds:
        tokens, principals = np.array([t for t, _ in people], np.uint64), np.array([p for _, p in people], np.uint8)
        add(log, lane, signature, tier, epoch, at, principals, tokens)
        for token, principal in people:
            key = (lane, signature, tier, int(principal), epoch, token)
            known[key] = min(known.get(key, at), at)
    taken = log.take()
    if taken is None:
        assert not known
        return
    names = ("lane", "signature", "tier", "principal", "key_epoch", "token")
    rows = list(zip(*(taken[name].tolist() for name in names), strict=True))
    assert dict(zip(rows, taken["at"].tolist(), strict=True)) == known
    assert rows == list(known)  # in the order in which they were first seen
    assert log.take() is None


def test_grows_and_forgets_nothing() -> None:
    log, n = SubjectLog(), LEAST * 5
    for start in range(0, n, 1000):
        tokens = np.arange(start, min(n, start + 1000), dtype=np.uint64)
        add(log, 3, 4, 2, 2025, start, np.zeros(len(tokens), np.uint8), tokens)
    taken = log.take()
    assert taken is not None and np.array_equal(taken["token"], np.arange(n, dtype=np.uint64))
