"""Capture files as a source: pcap and pcapng, plain or gzip, through a buffer that slides."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from sensor.packet.batch import Packets
from sensor.packet.walk_kernels import (
    ABSURD_LENGTH,
    AT,
    CUT_SHORT,
    IF_NAME_AT,
    IF_NAME_LEN,
    INTERFACES,
    LINK,
    MAX_INTERFACES,
    NO_INTERFACE,
    NO_SECTION,
    NONE,
    OLD_LENGTHS,
    PROBLEM,
    PROBLEM_AT,
    RECORD_HEADER,
    STATE_SIZE,
    SWAPPED,
    TICK_NS,
    TOO_MANY_INTERFACES,
    walk_pcap,
    walk_pcapng,
)

# magic as read little-endian: (swapped, ns a tick, octets of a record's header)
PCAP_MAGICS = {
    0xA1B2C3D4: (0, 1000, 16), 0xD4C3B2A1: (1, 1000, 16),
    0xA1B23C4D: (0, 1, 16), 0x4D3CB2A1: (1, 1, 16),
    0xA1B2CD34: (0, 1000, 24), 0x34CDB2A1: (1, 1000, 24),  # Kuznetzov's: interface, protocol and type follow the lengths
}
PROBLEMS = {
    CUT_SHORT: "cut short", ABSURD_LENGTH: "absurd length", NO_INTERFACE: "packet of an interface never described",
    TOO_MANY_INTERFACES: f"more than {MAX_INTERFACES} interfaces", NO_SECTION: "no section header",
}
WINDOW = 2 << 20       # octets held at once: it stays in the cache for the kernels after us (decision 0006)
LARGEST_WINDOW = 64 << 20  # a pcapng block may be large; one beyond this is absurd
MOST_MEMORY = 2 * LARGEST_WINDOW


def open_capture(path: Path) -> CaptureFile:
    """The capture at `path`; ValueError says what else it is."""
    return CaptureFile(path)


class CaptureFile:
    """One capture file; see `sensor.packet.batch.Source`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.digest = sample_digest(path)
        self.interfaces: list[str] = []
        self.finished, self.drops, self.position = False, 0, 0
        self.problem: str | None = None
        self._file = path.open("rb", buffering=0)
        packed = self._file.read(2) == b"\x1f\x8b"
        self._file.seek(0)
        self._content: io.RawIOBase = Gunzip(self._file) if packed else self._file
        self._buf, self._stop, self._before, self._more = np.zeros(WINDOW, np.uint8), 0, 0, True
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._table = np.zeros((MAX_INTERFACES, 6), np.int64)
        self._memory: np.ndarray | None = None
        self._refill()
        self._pcapng = self._read_header()

    def _read_header(self) -> bool:
        head = self._buf[: min(self._stop, 24)].tobytes()
        magic = struct.unpack("<I", head[:4])[0] if len(head) >= 4 else 0
        if magic == 0x0A0D0D0A:
            return True
        if magic not in PCAP_MAGICS or len(head) < 24:
            self.close()
            raise ValueError(f"{self.path}: neither pcap nor pcapng (begins {head[:8].hex() or 'with nothing'})")
        swapped, tick_ns, header = PCAP_MAGICS[magic]
        _, major, minor, _, _, _, network = struct.unpack((">" if swapped else "<") + "IHHIIII", head)
        self._state[[AT, SWAPPED, LINK, TICK_NS, RECORD_HEADER]] = 24, swapped, network & 0xFFFF, tick_ns, header
        self._state[OLD_LENGTHS] = (major, minor) < (2, 4)
        self.interfaces = [""]
        return False

    def use(self, memory: np.ndarray) -> None:
        """From its next refill on the window lies in `memory` (uint8, MOST_MEMORY)."""
        self._memory = memory

    def _refill(self) -> None:
        """Take what is unread to the front and read on behind it; a record larger than the window makes it grow."""
        at = int(self._state[AT])
        left = self._stop - at
        unread, room = self._buf[at : self._stop].copy(), max(WINDOW, 2 * left if left == len(self._buf) else left)
        if self._memory is not None:
            self._buf = self._memory[:room]
        elif room > len(self._buf):
            self._buf = np.zeros(room, np.uint8)
        self._buf[:left] = unread
        self._before += at
        self._stop, self._state[AT] = left, 0
        while self._more and self._stop < len(self._buf):
            try:
                got = self._content.readinto(self._buf.data[self._stop :]) or 0
            except (EOFError, zlib.error) as error:
                self.problem = f"{self.path.name}: gzip damaged after byte {self._before + self._stop}: {error}"
                got = 0
            self._stop += got
            self._more = got > 0

    def read(self, packets: Packets, wait_s: float = 0.0) -> tuple[np.ndarray, int]:  # noqa: ARG002 - a file never waits
        """Fill `packets` from the file; rows 0 and `finished` at its end."""
        rows = self._walk(packets)
        while rows == 0 and self._more and self._state[PROBLEM] == NONE and len(self._buf) <= LARGEST_WINDOW:
            self._refill()
            rows = self._walk(packets)
        if rows == 0:
            self.finished = True
            if self._state[PROBLEM] != NONE and self.problem is None:
                what = PROBLEMS[int(self._state[PROBLEM])]
                self.problem = f"{self.path.name}: {what} at byte {self._before + int(self._state[PROBLEM_AT])}"
        self.position = self._file.tell() if not self._file.closed else self.size
        return self._buf, rows

    def _walk(self, packets: Packets) -> int:
        if not self._pcapng:
            return int(walk_pcap(self._buf, self._stop, not self._more, self._state, packets))
        rows = int(walk_pcapng(self._buf, self._stop, not self._more, self._state, self._table, packets))
        for row in self._table[len(self.interfaces) : int(self._state[INTERFACES])]:
            name = self._buf[row[IF_NAME_AT] : row[IF_NAME_AT] + row[IF_NAME_LEN]].tobytes()
            self.interfaces.append(name.split(b"\0")[0].decode("utf-8", "replace"))
        return rows

    def close(self) -> None:
        """Let go of the file; the last buffer may still be read."""
        self._file.close()


class Gunzip(io.RawIOBase):
    """gzip as a stream that gives all that could be decompressed before it says what is wrong."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file, self._engine, self._left = file, zlib.decompressobj(31), b""

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`; 0 at the end. EOFError or zlib.error where the content breaks off."""
        while True:
            packed = self._left or self._file.read(1 << 18) or b""
            if not packed:
                if not self._engine.eof:
                    raise EOFError("it ends before its end marker")
                return 0
            if self._engine.eof:  # another member follows, or padding
                if not packed.strip(b"\0"):
                    return 0
                self._engine = zlib.decompressobj(31)
            out = self._engine.decompress(packed, len(buffer))
            self._left = self._engine.unconsumed_tail or self._engine.unused_data
            if out:
                buffer[: len(out)] = out
                return len(out)


def sample_digest(path: Path) -> str:
    """Sixteen hex digits of SHA-256 over the size, both ends and 256 spread blocks (decision 0004)."""
    size, mega, block = path.stat().st_size, 1 << 20, 4096
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for at in [0, max(mega, size - mega)]:
            file.seek(at)
            digest.update(file.read(mega))
        for k in range(256):
            file.seek(mega + (max(0, size - 2 * mega) * k) // 256)
            digest.update(file.read(block))
    return digest.hexdigest()[:16]
