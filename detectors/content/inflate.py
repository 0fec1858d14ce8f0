"""Undoing gzip and deflate piece by piece, with a bound on what a hostile stream may make of it."""

from __future__ import annotations

from isal import isal_zlib

from detectors.units import Coding

RATIO = 200           # a text does not shrink further; zlib's own limit is 1,032
FREE = 1 << 20        # octets that any stream may give before the ratio counts
PER_CALL = 4 << 20    # octets one unit may give
SLICE = 1024          # octets decompressed at once


class Inflater:
    """One message's decompressor: `feed` its octets in order; `failed` says why there is no more."""

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self.failed = ""
        self.taken = self.given = 0
        self.held = b""   # a zlib header is two octets long
        self.member: isal_zlib.Decompress | None = isal_zlib.decompressobj(31) if coding == Coding.GZIP else None

    def feed(self, octets: bytes) -> bytes:
        """What `octets` decompress to, at most PER_CALL octets; damage and bombs set `failed`, what came before stays good."""
        self.taken += len(octets)
        octets = self.held + octets
        if self.member is None:
            self.held = octets[:2] if len(octets) < 2 else b""
            if len(octets) < 2:
                return b""
            wrapped = octets[0] & 0x0F == 8 and (octets[0] << 8 | octets[1]) % 31 == 0
            self.member = isal_zlib.decompressobj(15 if wrapped else -15)
        self.held = b""
        return self.inflate(octets)

    def inflate(self, octets: bytes) -> bytes:
        """`feed`, once it is known how the stream is wrapped."""
        given: list[bytes] = []
        budget = min(PER_CALL, max(FREE, RATIO * self.taken) - self.given)
        while octets and not self.failed:
            member = self.current_member(octets)
            if member is None:
                break
            try:
                # In slices: it gives nothing of a call that meets damage.
                given.append(member.decompress(octets[:SLICE], budget + 1))
            except isal_zlib.error:  # type: ignore[misc]  # its annotations call the class an instance
                self.failed = "damaged"
                break
            budget -= len(given[-1])
            if budget < 0 or member.unconsumed_tail:
                self.failed = "ratio"
            octets = member.unused_data + octets[SLICE:]
        text = b"".join(given)
        self.given += len(text)
        return text

    def current_member(self, octets: bytes) -> isal_zlib.Decompress | None:
        """The decompressor that takes `octets`: a fresh one if they begin another gzip member, None for padding and trailers."""
        if self.member is not None and self.member.eof:
            again = self.coding == Coding.GZIP and octets.startswith(b"\x1f")
            return self.restart() if again else None
        return self.member

    def restart(self) -> isal_zlib.Decompress:
        """A decompressor for the next gzip member."""
        self.member = isal_zlib.decompressobj(31)
        return self.member
