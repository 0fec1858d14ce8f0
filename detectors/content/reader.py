"""One unit's way to normalised text: inflate, charset, %XX, escapes; and what a stream's next unit needs to know."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from detectors.content import look_kernels as looks
from detectors.content.arena import Arena
from detectors.content.charset import STEP, decide_charset, new_trial, reads_as_gb18030, transcode
from detectors.content.escape_kernels import undo_escapes, undo_percent
from detectors.content.inflate import Inflater
from detectors.content.state import Piece, StreamState, unfinished
from detectors.content.step import Step
from detectors.units import FIRST, GAP, LAST, MARGIN, PAD, Charset, Coding, Media, Units, Verdict

STREAMS = 2048         # streams with state at once; an inflater takes about 50 KB
UNDECIDED = 64         # octets of a decoded stream that are waited for before its charset is decided
PLAIN = (Charset.UNKNOWN, Charset.UTF8)
UNDO = looks.ESCAPE | looks.ENTITY | looks.WIDE
LONGEST_MARK = 12      # octets of the longest escape
DAMAGED, FORM = int(Step.DAMAGED), int(Media.FORM)  # an enumeration's operators cost more than a short unit


def behind(start: int, tail: int, stop: int, last: bool) -> np.ndarray:
    """Bounds of a text [start, stop), of which the first `tail` octets were shown before."""
    border = start + max(0, tail - MARGIN)
    return np.array([start, border, stop if last else max(border, stop - MARGIN), stop], np.int64)


class Reader:
    """Turns coded units into text; keeps what their streams need, and forgets the longest unused beyond STREAMS."""

    def __init__(self, streams: int = STREAMS) -> None:
        self.streams = streams
        self.states: OrderedDict[int, StreamState] = OrderedDict()
        self.evicted = 0
        self.arena = Arena()
        self.trial = new_trial()

    def forget(self, stream: int) -> None:
        """Drop the state of a stream that ended without LAST."""
        self.states.pop(stream, None)

    def read(self, units: Units, row: int, charset: int = Charset.UNKNOWN) -> Piece:
        """Text of unit `row`, at the end of the arena; `charset` where it has been decided."""
        stream, flags = int(units.stream[row]), int(units.flags[row])
        if flags & FIRST:
            self.states.pop(stream, None)
        octets = units.buf[int(units.start[row]):int(units.stop[row])]
        state = self.states.get(stream) or self.open_state(units, row, octets)
        if state is None:
            piece = self.read_open(units, row, octets, charset)
        else:
            self.states.move_to_end(stream)
            piece = self.read_coded(state, units, row, octets)
        if flags & LAST:
            self.states.pop(stream, None)
        return piece

    def open_state(self, units: Units, row: int, octets: np.ndarray) -> StreamState | None:
        """State for a stream whose coding needs it from its first octet on; None if the unit can be read by itself."""
        coding, flags = Coding(min(int(units.coding[row]), Coding.OTHER)), int(units.flags[row])
        if coding == Coding.IDENTITY and flags & FIRST and octets[:3].tobytes() == b"\x1f\x8b\x08":
            coding = Coding.GZIP  # an archive sent as it is
        if coding == Coding.IDENTITY:
            return None
        state = StreamState(Inflater(coding) if coding != Coding.OTHER else None)
        if coding == Coding.OTHER:
            state.failed = "coding"
        elif not flags & FIRST:
            state.failed = "beginning"  # evicted, or begun before the sensor saw it
        self.keep(int(units.stream[row]), state)
        return state

    def keep(self, stream: int, state: StreamState) -> None:
        """Remember `state`, forgetting the longest unused one beyond the limit."""
        self.states[stream] = state
        if len(self.states) > self.streams:
            self.states.popitem(last=False)
            self.evicted += 1

    def read_open(self, units: Units, row: int, octets: np.ndarray, decided: int) -> Piece:
        """A unit of identity coding, by itself; a charset with state opens that state."""
        flags, carried, stop = int(units.flags[row]), int(units.carried[row]), octets.size
        border = max(0, carried - MARGIN)
        bounds = np.array([0, border, stop if flags & LAST else max(border, stop - MARGIN), stop], np.int64)
        if decided != Charset.UNKNOWN:
            charset, seen = Charset(decided), 0
        else:
            charset, seen = decide_charset(octets, int(units.charset[row]), flags, self.trial)
        if charset not in STEP:
            steps = 0 if charset != Charset.UNKNOWN else DAMAGED
            media = int(units.media[row])
            if seen & (UNDO | looks.PERCENT) or media == FORM:
                return self.finish(octets, bounds, media, steps, stop - carried, -1)
            return self.judge(bounds, steps, stop - carried, -1)._replace(lies=True)
        state = StreamState(None)
        state.charset = charset
        self.keep(int(units.stream[row]), state)
        if not carried:
            return self.read_wide(state, octets, units, row, int(STEP[charset]), bool(flags & LAST))._replace(base=-1)
        target = self.arena.scratch(octets.size * 2)
        done = transcode(charset, octets, bounds, target, 0)
        state.left = octets[stop - done.left:].tobytes() if done.left else b""
        bounds[2] = done.end if flags & LAST else max(int(bounds[1]), done.end - MARGIN)
        shown = bounds[1] + MARGIN if carried else 0
        state.remember(target[:done.end])
        return self.finish(target, bounds, int(units.media[row]), int(STEP[charset]), max(0, done.end - int(shown)), -1)

    def read_coded(self, state: StreamState, units: Units, row: int, octets: np.ndarray) -> Piece:
        """A unit of a stream with state: only its new octets, behind the text the state kept."""
        flags, fresh = int(units.flags[row]), octets[min(octets.size, int(units.carried[row])):].tobytes()
        if flags & GAP:
            state.tail, state.left = b"", b""
            if state.inflater is not None:
                state.failed = state.failed or "gap"
        if state.failed:
            return self.nothing(Verdict.UNDECODABLE, state.failed)
        steps = 0
        if state.inflater is not None:
            steps = int(Step.GZIP if state.inflater.coding == Coding.GZIP else Step.DEFLATE)
            fresh = state.inflater.feed(fresh)
            state.failed = state.inflater.failed
        piece = self.read_text(state, fresh, units, row, steps)
        if state.failed:
            return piece._replace(verdict=Verdict.UNDECODABLE, why=state.failed)
        return piece

    def read_text(self, state: StreamState, fresh: bytes, units: Units, row: int, steps: int) -> Piece:
        """`fresh` octets of decoded content, of whatever charset, behind the state's tail."""
        flags, tail = int(units.flags[row]), len(state.tail)
        last = bool(flags & LAST) or bool(state.failed)
        if not last and len(state.left) + len(fresh) < UNDECIDED and state.charset == Charset.UNKNOWN:
            state.left += fresh
            return self.nothing(Verdict.PENDING, "")
        if not state.left and not fresh and not (last and tail):
            return self.nothing(Verdict.PENDING, "")
        plain = self.read_plain(state, fresh, units, row, steps, last)
        if plain is not None:
            return plain
        data = np.frombuffer(bytearray(state.left + fresh), np.uint8)  # writable, as every other buffer
        if state.charset not in STEP or (state.charset == Charset.GB18030 and looks.reads_as_utf8(data, 0, data.size, self.trial.counts)):
            edges = (flags & ~(FIRST | LAST)) | (LAST if last else 0) | (0 if state.read or tail else FIRST)
            state.charset, _ = decide_charset(data, int(units.charset[row]), edges, self.trial)
        if state.charset in STEP:
            return self.read_wide(state, data, units, row, steps | int(STEP[state.charset]), last)
        target = self.arena.scratch(tail + data.size)
        target[:tail] = np.frombuffer(bytearray(state.tail), np.uint8)
        steps |= DAMAGED if state.charset == Charset.UNKNOWN else 0
        state.left = b"" if last else unfinished(data)
        end = tail + data.size - len(state.left)
        target[tail:end] = data[:end - tail]
        bounds, base = behind(0, tail, end, last), state.read
        state.remember(target[:end])
        return self.finish(target, bounds, int(units.media[row]), steps, end - tail, base)

    def read_wide(self, state: StreamState, data: np.ndarray, units: Units, row: int, steps: int, last: bool) -> Piece:
        """`data` in a charset with a step, behind the state's tail; where nothing else is to be undone, it is written once."""
        tail, media = len(state.tail), int(units.media[row])
        room = tail + data.size * 2
        at, straight = self.arena.used, media != FORM and self.arena.reserve(room)
        target = self.arena.text if straight else self.arena.scratch(room)
        start = at if straight else 0
        target[start:start + tail] = np.frombuffer(state.tail, np.uint8)
        done = transcode(Charset(state.charset), data, np.array([0, 0, data.size, data.size], np.int64), target, start + tail)
        state.left, base = data[data.size - done.left:].tobytes() if done.left else b"", state.read
        bounds = behind(start, tail, done.end, last)
        state.remember(target[start:done.end])
        decoded = done.end - start - tail
        if not straight:
            return self.finish(target, bounds, media, steps, decoded, base)
        if done.marked or looks.look(target, start, min(start + tail + LONGEST_MARK, done.end), 3, self.trial.counts) & ~looks.HIGH:
            source = self.arena.scratch(room)
            source[:done.end - start] = target[start:done.end]
            return self.finish(source, bounds - start, media, steps, decoded, base)
        self.arena.close(done.end)
        return self.judge(bounds, steps, decoded, base)

    def read_plain(self, state: StreamState, fresh: bytes, units: Units, row: int, steps: int, last: bool) -> Piece | None:
        """`read_text` of UTF-8 in which there is nothing to undo, as most is: copied once and looked at once. None where it is not that."""
        media = int(units.media[row])
        if state.charset not in PLAIN or int(units.charset[row]) not in PLAIN or media == FORM:
            return None
        shown = state.tail + state.left
        end = len(shown) + len(fresh)
        if not self.arena.reserve(end):
            return None
        start, first = self.arena.used, int(units.flags[row]) & FIRST and not state.read and not shown
        end += start
        text = self.arena.text
        text[start:start + len(shown)] = np.frombuffer(shown, np.uint8)
        text[start + len(shown):end] = np.frombuffer(fresh, np.uint8)
        if looks.look(text, start, end, (0 if first else 1) | (0 if last else 2), self.trial.counts) & ~looks.HIGH:
            return None
        state.charset = Charset.UTF8
        state.left = b"" if last else unfinished(text[start:end])
        tail, base, end = len(state.tail), state.read, end - len(state.left)
        state.remember(text[start:end])
        self.arena.close(end)
        return Piece(behind(start, tail, end, last), steps, Verdict.INSPECTED, "", end - start - tail, base)

    def finish(self, src: np.ndarray, bounds: np.ndarray, media: int, steps: int, decoded: int, base: int) -> Piece:
        """Undo escapes of UTF-8 in `src` and put the text into the arena."""
        seen = int(looks.look(src, int(bounds[0]), int(bounds[3]), 3, self.trial.counts))
        if seen & looks.PERCENT or media == FORM:
            src, seen, steps = self.undo_percents(src, bounds, media, steps)
        if not self.arena.reserve(int(bounds[3] - bounds[0])):  # only now: what was undone may have grown, being GB18030
            return self.nothing(Verdict.UNDECODABLE, "room")
        start = self.arena.used
        if seen & UNDO:
            end, undone = undo_escapes(src, bounds, self.arena.text, start)
            steps |= int(undone)
        else:
            end = start + int(bounds[3] - bounds[0])
            self.arena.text[start:end] = src[bounds[0]:bounds[3]]
            bounds += start - bounds[0]
        self.arena.close(int(end))
        return self.judge(bounds, steps, decoded, base)

    def judge(self, bounds: np.ndarray, steps: int, decoded: int, base: int) -> Piece:
        """A text whose octets were understood, unless no charset fitted."""
        if steps & DAMAGED:
            return Piece(bounds, steps, Verdict.UNDECODABLE, "charset", decoded, base)
        return Piece(bounds, steps, Verdict.INSPECTED, "", decoded, base)

    def undo_percents(self, src: np.ndarray, bounds: np.ndarray, media: int, steps: int) -> tuple[np.ndarray, int, int]:
        """Undo %XX into UTF-8, through GB18030 where the undone octets are that; return (text, its look, steps)."""
        undone = np.empty(int(bounds[3] - bounds[0]) + PAD, np.uint8)
        before = int(bounds[3] - bounds[0])
        end = int(undo_percent(src, bounds, undone, 0, media == FORM))
        steps |= int(Step.PERCENT) if end < before else 0
        seen = int(looks.look(undone, 0, end, 3, self.trial.counts))
        if seen & looks.BAD and reads_as_gb18030(undone[:end], self.trial):
            wide = np.empty(end * 2 + PAD, np.uint8)
            end = transcode(Charset.GB18030, undone, bounds, wide, 0).end
            return wide, int(looks.look(wide, 0, end, 3, self.trial.counts)), steps | int(Step.GB18030)
        return undone, seen, steps

    def nothing(self, verdict: Verdict, why: str) -> Piece:
        """No text."""
        return Piece(np.full(4, self.arena.used, np.int64), 0, verdict, why, 0, -1)
