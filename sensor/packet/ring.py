"""Live interfaces: AF_PACKET sockets with TPACKET_V3 rings, mapped; see `sensor.packet.batch.Source`.

Source: Linux, Documentation/networking/packet_mmap.rst; packet(7).
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import select
import socket
import struct
import time
from typing import NamedTuple

import numpy as np

from sensor.packet.batch import Packets
from sensor.packet.ring_kernels import BLOCK_STATUS, DAMAGED, LEFT, open_block, walk_block

SOL_PACKET, ETH_P_ALL = 263, 3
ADD_MEMBERSHIP, RX_RING, STATISTICS, VERSION, IGNORE_OUTGOING = 1, 5, 6, 10, 23
TPACKET_V3, PROMISC, USER = 2, 1, 1
ATTACH_FILTER, BPF_RET = 26, 0x06
SIOCGIFFLAGS, SIOCGIFHWADDR, IFF_UP = 0x8913, 0x8927, 1
LOOPBACK = 772
# ARPHRD_* → LINKTYPE_*: Ethernet, loopback (which has Ethernet headers), and tunnels that carry bare IP.
LINKS = {1: 1, LOOPBACK: 1, 65534: 101, 768: 101, 769: 101, 776: 101, 778: 101, 823: 101}
BLOCK = 1 << 20
FRAME = 1 << 11  # of no consequence to a ring of version 3, which the system still checks
NOT_OPENED = {
    errno.EPERM: "capturing is not permitted: run as root or with CAP_NET_RAW",
    errno.ENODEV: "no such interface",
    errno.ENOMEM: "no memory for the ring: lower sensor.ring_mebibytes",
}


class Ring(NamedTuple):
    """One interface's socket and its mapped ring."""

    name: str
    link: int            # LINKTYPE_*
    socket: socket.socket
    memory: mmap.mmap
    octets: np.ndarray   # uint8, over `memory`
    state: np.ndarray    # int64 (3,), ring_kernels


class LiveSource:
    """The packets of some interfaces, a block of one ring at a time; blocks go back to the system when they have been read."""

    size, digest = 0, ""

    def __init__(self, names: list[str], mebibytes: int = 64, block_ms: int = 50) -> None:
        """A ring of `mebibytes` for each interface; a block not full is given up after `block_ms`. ValueError says what does not open."""
        self.interfaces, self.position, self.finished = list(names), 0, False
        self._block_s = block_ms / 1000
        self._rings: list[Ring] = []
        self._at: list[int] = [0] * len(names)  # the next block of each ring
        self._open = self._turn = -1            # the ring whose block is being read; the one read last
        self._drops = [0] * len(names)
        self._problems: dict[str, str] = {}
        self._until: float | None = None
        self._poll = select.poll()
        try:
            for name in names:
                self._rings.append(open_ring(name, mebibytes, block_ms))
                self._poll.register(self._rings[-1].socket, select.POLLIN | select.POLLERR)
        except ValueError:
            self.close()
            raise

    @property
    def drops(self) -> int:
        """Packets the system had no room for, so far."""
        for i, ring in enumerate(self._rings):
            self._drops[i] += struct.unpack("III", ring.socket.getsockopt(SOL_PACKET, STATISTICS, 12))[1]
        return sum(self._drops)

    @property
    def damaged(self) -> int:
        """Blocks whose headers did not add up; what was left of them is lost."""
        return sum(int(ring.state[DAMAGED]) for ring in self._rings)

    @property
    def problem(self) -> str | None:
        """Interfaces that are down or gone."""
        return "; ".join(f"{name}: {what}" for name, what in self._problems.items()) or None

    def stop(self) -> None:
        """Take no new packets; those in the rings are still read, then the source is finished."""
        # A filter that takes nothing. Binding to protocol 0 would not do: the system then keeps the one it has (packet(7)).
        nothing = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RET, 0, 0, 0))
        program = struct.pack("HP", 1, ctypes.addressof(nothing))
        for ring in self._rings:
            ring.socket.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)
        self._until = time.monotonic() + 3 * self._block_s  # blocks begun are given up by then

    def read(self, packets: Packets, wait_s: float = 0.0) -> tuple[np.ndarray, int]:
        """What is left of a block, or the next one; waits at most `wait_s` for it. Rows 0 when none came."""
        if self._open >= 0 and self._rings[self._open].state[LEFT] == 0:
            self._release()
        if self._open < 0 and not self._next_block():
            self._wait(min(wait_s, self._block_s) if self._until is not None else wait_s)
            if not self._next_block():
                self.finished = self._until is not None and time.monotonic() >= self._until
                return self._rings[0].octets, 0
        ring, start = self._rings[self._open], self._at[self._open] * BLOCK
        rows = int(walk_block(ring.octets, start, BLOCK, ring.state, packets, 0, ring.link, self._open))
        self.position += int(packets.caplen[:rows].sum())
        return ring.octets, rows

    def _next_block(self) -> bool:
        """Open the next block that is ready, each ring in its turn."""
        for k in range(1, len(self._rings) + 1):
            i = (self._turn + k) % len(self._rings)
            ring, start = self._rings[i], self._at[i] * BLOCK
            if ring.octets[start + BLOCK_STATUS] & USER:
                open_block(ring.octets, start, BLOCK, ring.state)
                self._open = self._turn = i
                return True
        return False

    def _release(self) -> None:
        """Give the block that has been read back."""
        ring, start = self._rings[self._open], self._at[self._open] * BLOCK
        ring.octets[start + BLOCK_STATUS : start + BLOCK_STATUS + 4].view(np.uint32)[0] = 0  # one store: the system reads it whole
        self._at[self._open] = (self._at[self._open] + 1) % (len(ring.octets) // BLOCK)
        self._open = -1

    def _wait(self, seconds: float) -> None:
        for number, event in self._poll.poll(seconds * 1000):
            if event & (select.POLLERR | select.POLLHUP):
                ring = next(ring for ring in self._rings if ring.socket.fileno() == number)
                code = ring.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    self._problems[ring.name] = "went down; heard again once it is up" if code == errno.ENETDOWN else errno.errorcode[code]
                else:
                    time.sleep(min(seconds, self._block_s))  # an error without a number stands until the interface is back

    def close(self) -> None:
        """Let go of the sockets; the rings stay mapped as long as a batch looks into them."""
        for ring in self._rings:
            ring.socket.close()


def open_ring(name: str, mebibytes: int, block_ms: int) -> Ring:
    """Listen to one interface, in promiscuous mode. ValueError says why that cannot be."""
    try:
        index = socket.if_nametoindex(name)
    except OSError:
        raise ValueError(f"{name}: no such interface (there are: {', '.join(n for _, n in socket.if_nameindex())})") from None
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # hears nothing before it is bound
        try:
            return _open_ring(sock, name, index, mebibytes, block_ms)
        except BaseException:
            sock.close()
            raise
    except OSError as error:
        raise ValueError(f"{name}: {NOT_OPENED.get(error.errno or 0, str(error))}") from None


def _open_ring(sock: socket.socket, name: str, index: int, mebibytes: int, block_ms: int) -> Ring:
    asked = struct.pack("256s", name.encode())
    kind = struct.unpack_from("H", fcntl.ioctl(sock, SIOCGIFHWADDR, asked), 16)[0]
    if kind not in LINKS:
        raise ValueError(f"{name}: no decoder for hardware of type {kind} (ARPHRD)")
    if not struct.unpack_from("H", fcntl.ioctl(sock, SIOCGIFFLAGS, asked), 16)[0] & IFF_UP:
        raise ValueError(f"{name}: the interface is down: ip link set {name} up")
    sock.setsockopt(SOL_PACKET, VERSION, TPACKET_V3)
    if kind == LOOPBACK:
        sock.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)  # it would show each packet twice
    blocks = max(2, mebibytes * (1 << 20) // BLOCK)
    request = struct.pack("7I", BLOCK, blocks, FRAME, BLOCK // FRAME * blocks, block_ms, 0, 0)
    sock.setsockopt(SOL_PACKET, RX_RING, request)
    memory = mmap.mmap(sock.fileno(), BLOCK * blocks)
    sock.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, struct.pack("iHH8s", index, PROMISC, 0, b""))
    sock.bind((name, ETH_P_ALL))
    return Ring(name, LINKS[kind], sock, memory, np.frombuffer(memory, np.uint8), np.zeros(3, np.int64))
