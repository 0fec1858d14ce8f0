"""Memory for the texts of one batch, and scratch for what lies between."""

from __future__ import annotations

import numpy as np

from detectors.units import PAD

MOST = 64 << 20  # octets of text from one batch


class Arena:
    """Texts one behind the other in `text`, each with PAD octets of zeros behind it."""

    def __init__(self) -> None:
        self.text = np.zeros(1 << 20, np.uint8)
        self.used = 0
        self.work = np.zeros(1 << 18, np.uint8)

    def clear(self) -> None:
        """Drop the texts of the last batch."""
        self.used = 0

    def reserve(self, octets: int) -> bool:
        """Make room for a text of `octets`; False beyond MOST. Texts may move, their bounds stay."""
        need = self.used + octets + PAD
        if need > MOST:
            return False
        if need > self.text.size:
            grown = np.zeros(min(MOST, need * 2), np.uint8)
            grown[:self.used] = self.text[:self.used]
            self.text = grown
        return True

    def close(self, end: int) -> None:
        """The text that began at `used` ends at `end`."""
        self.text[end:end + PAD] = 0
        self.used = end + PAD

    def scratch(self, octets: int) -> np.ndarray:
        """At least `octets` and the pad, overwritten by the next call."""
        if self.work.size < octets + PAD:
            self.work = np.zeros((octets + PAD) * 2, np.uint8)
        return self.work
