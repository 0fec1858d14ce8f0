"""The catalogue's kernels as the detector calls them."""

from __future__ import annotations

import numpy as np

from detectors.compile import Catalogue
from detectors.number_kernels import LONGEST_NUMBER
from detectors.scan_kernels import scan_rows
from detectors.units import Hits

CANDIDATES = 1 << 17  # of one unit; a text that holds more is a table of numbers, and the rest of it is passed over


class TextScan:
    """Scans texts for the catalogue's signatures. Not for two threads at once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._tables = catalogue.tables
        found, digits = np.zeros((CANDIDATES, 5), np.int64), np.zeros(LONGEST_NUMBER, np.int64)
        self._scratch = (found, digits, *(np.zeros(CANDIDATES, np.int64) for _ in range(3)))

    def __call__(self, text: np.ndarray, bounds: np.ndarray, rows: np.ndarray, hits: Hits, n_hits: int) -> int:
        """Scan bounds[row, 0]..bounds[row, 3] of `text` for each of `rows`; hits from row n_hits on; the new number."""
        return int(scan_rows(text, bounds, rows, self._tables, self._scratch, hits, n_hits))
