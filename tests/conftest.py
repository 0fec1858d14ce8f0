"""What every test may ask for: the corpora, the mode the kernels run in, and how long hypothesis looks."""

from __future__ import annotations

import os
from pathlib import Path

import numba
import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.services"]  # fixtures kafka and clickhouse

ROOT = Path(__file__).resolve().parent.parent
PLAIN = bool(numba.config.DISABLE_JIT)
CHECKED = bool(numba.config.BOUNDSCHECK)

settings.register_profile("jit", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.register_profile("plain", max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("plain" if PLAIN or CHECKED else "jit")


def find_corpora() -> Path | None:
    """The shared corpora, or None: GUANKOU_CORPORA, else beside the checkout."""
    for place in (os.environ.get("GUANKOU_CORPORA"), ROOT.parent / "shared" / "corpora"):
        if place and (Path(place) / "MANIFEST.tsv").is_file():
            return Path(place)
    return None


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of shared captures; the test is skipped, and says so, where there is none."""
    found = find_corpora()
    if found is None:
        pytest.skip("no corpora: set GUANKOU_CORPORA")
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked jit_only are too slow, or without sense, on unjitted kernels."""
    if PLAIN:
        for item in items:
            if item.get_closest_marker("jit_only"):
                item.add_marker(pytest.mark.skip(reason="kernels are not compiled in this run"))


def pytest_report_header() -> str:
    mode = "plain Python" if PLAIN else "compiled, bounds-checked" if CHECKED else "compiled"
    return f"guankou: kernels {mode}; corpora: {find_corpora() or 'ABSENT, tests that need them are skipped'}"
