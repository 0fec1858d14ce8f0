"""Trouble that is waited out: when to try again, and what of it goes to the log."""

from __future__ import annotations

import logging
import time

FIRST_WAIT_S, MOST_WAIT_S = 0.2, 10.0

log = logging.getLogger(__name__)


class Patience:
    """One thing that is tried until it goes well. Each failure is said while waits grow; later only what is new, for it may last days."""

    def __init__(self) -> None:
        self._wait_s, self._said, self._since = FIRST_WAIT_S, "", 0.0

    def fail(self, text: str) -> float:
        """It failed; how many seconds to wait before it is tried again."""
        wait_s, self._wait_s = self._wait_s, min(self._wait_s * 2, MOST_WAIT_S)
        if not self._said:
            self._since = time.monotonic()
        if wait_s < MOST_WAIT_S or text != self._said:
            log.warning("%s; trying again in %.1f s", text, wait_s)
        self._said = text
        return wait_s

    def end(self) -> None:
        """It went well."""
        if self._wait_s == MOST_WAIT_S:
            log.warning("it goes on after %.0f s", time.monotonic() - self._since)
        self._wait_s, self._said = FIRST_WAIT_S, ""
