"""What a source fills and frames read: a batch of packets as columns."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np


class Packets(NamedTuple):
    """A row a packet; arrays have shape (capacity,)."""

    start: np.ndarray     # int64, first octet of the packet in the buffer
    caplen: np.ndarray    # int32, octets captured
    wirelen: np.ndarray   # int32, octets on the wire
    ts_ns: np.ndarray     # int64, since 1970
    link: np.ndarray      # uint16, LINKTYPE_* of the packet's interface
    iface: np.ndarray     # uint16, index into the source's `interfaces`
    vlan_tci: np.ndarray  # int32, tag stripped before us and put back here, -1 for none


def new_packets(capacity: int = 8192) -> Packets:
    """An empty batch of `capacity` rows."""
    return Packets(
        start=np.zeros(capacity, np.int64),
        caplen=np.zeros(capacity, np.int32),
        wirelen=np.zeros(capacity, np.int32),
        ts_ns=np.zeros(capacity, np.int64),
        link=np.zeros(capacity, np.uint16),
        iface=np.zeros(capacity, np.uint16),
        vlan_tci=np.full(capacity, -1, np.int32),
    )


class Source(Protocol):
    """Where packets come from."""

    interfaces: list[str]  # by `Packets.iface`
    size: int              # octets in all, 0 where unknown
    digest: str            # of a capture file's content, "" for a live interface

    @property
    def drops(self) -> int:
        """Packets the system dropped so far."""
        ...

    @property
    def finished(self) -> bool:
        """No more will come."""
        ...

    @property
    def position(self) -> int:
        """Octets read, for progress."""
        ...

    @property
    def problem(self) -> str | None:
        """Where a damaged capture broke."""
        ...

    def read(self, packets: Packets, wait_s: float = 0.0) -> tuple[np.ndarray, int]:
        """Fill `packets`; the buffer (uint8) and the rows filled. The buffer is valid until the next read."""
        ...

    def close(self) -> None:
        """Let go of files and sockets."""
        ...
