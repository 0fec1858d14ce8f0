"""Application protocols: one code, one name everywhere."""

from enum import IntEnum


class Proto(IntEnum):
    """Codes of a recognised protocol; the order is the kernels'. `record_name` is what flow records say."""

    UNKNOWN = 0
    NEED_MORE = 1
    TLS = 2
    HTTP = 3
    SSH = 4
    DNS = 5
    QUIC = 6
    DTLS = 7
    WIREGUARD = 8
    ESP = 9

    @property
    def record_name(self) -> str:
        """The name in records; empty where unknown."""
        return "" if self <= Proto.NEED_MORE else self.name.lower()
