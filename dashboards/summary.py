"""What the frame of every page says: how fresh, how much was inspected, how much is waiting."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cover:
    """Payload octets sent out, by what became of them; headers and repeats are in none of these."""

    inspected: int = 0
    encrypted: int = 0
    other: int = 0  # undecodable, truncated, skipped by policy
    lost: int = 0  # missed, shed, lost by the kernel

    @property
    def total(self) -> int:
        """All of it."""
        return self.inspected + self.encrypted + self.other + self.lost

    @property
    def share(self) -> float | None:
        """Inspected share, 0 to 1; None where nothing was sent."""
        return self.inspected / self.total if self.total else None


@dataclass(frozen=True)
class Summary:
    """A snapshot, replaced as a whole; `version` grows when anything in it may have changed."""

    version: int = 0
    data_to_ns: int = 0  # last packet known of
    arrived_ns: int = 0  # when the last batch was taken in
    cover: Cover = field(default_factory=Cover)
    open_alerts: int = 0
    open_critical: int = 0
    open_incidents: int = 0
    trouble: str = ""  # name of the last error of the background work, empty when it ran well


NOTHING_YET = Summary()
