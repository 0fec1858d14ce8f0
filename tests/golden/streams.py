"""Cases: segments late, twice, lost, cut, tiny, or without their beginning."""

from __future__ import annotations

from scapy.layers.inet import IP, TCP
from scapy.packet import Packet, Raw

from tests.golden.case import OK, Case, persons_json, post, talk

SEGMENT = 60


def upload(segment: int = SEGMENT) -> list[Packet]:
    """Two persons in small segments."""
    return talk(post(persons_json()), OK, segment=segment)


def data_of(frames: list[Packet]) -> list[int]:
    """Indexes of the frames that carry the upload."""
    return [i for i, frame in enumerate(frames) if Raw in frame and frame[IP].src.startswith("10.1.")]


def reordered() -> list[Packet]:
    """Neighbouring segments change places."""
    frames = upload()
    data = data_of(frames)
    for a, b in zip(data[1::2], data[2::2], strict=False):
        frames[a], frames[b] = frames[b], frames[a]
        frames[a].time, frames[b].time = frames[b].time, frames[a].time
    return frames


def repeated() -> list[Packet]:
    """Every third segment comes twice."""
    frames = upload()
    again = set(data_of(frames)[::3])
    return [copy for i, frame in enumerate(frames) for copy in ([frame, frame] if i in again else [frame])]


def overlapping() -> list[Packet]:
    """The second copy of a segment says something else: the first copy counts."""
    frames = upload()
    i = data_of(frames)[2]
    other = frames[i].copy()
    other[Raw].load = b"9" * len(other[Raw].load)
    other[TCP].chksum = None
    other.time = frames[i].time
    return [*frames[: i + 1], other, *frames[i + 1 :]]


def lost(which: int) -> list[Packet]:
    """One segment never comes by, though it is acknowledged."""
    frames = upload()
    del frames[data_of(frames)[which]]
    return frames


def snapped(octets: int) -> list[Packet]:
    """The capture keeps only so many octets of each frame."""
    kept = []
    for frame in upload(1400):
        whole = bytes(frame)
        cut = Raw(whole[:octets])
        cut.time, cut.wirelen = frame.time, len(whole)
        kept.append(cut)
    return kept


def reset() -> list[Packet]:
    """The other end resets in the middle of the upload."""
    frames = upload()
    data = data_of(frames)
    head, frame = frames[: data[4]], frames[data[4]]
    end = frame[IP]
    ack = TCP(sport=end[TCP].dport, dport=end[TCP].sport, seq=end[TCP].ack, flags="R")
    answer = frame.copy()
    answer.remove_payload()
    answer = answer / IP(src=end.dst, dst=end.src) / ack
    answer.time = float(frame.time)
    return [*head, answer]


def two_minutes() -> list[Packet]:
    """Two uploads a minute and a half apart: each minute has its own coverage."""
    return [*talk(post(persons_json(1)), OK), *talk(post(persons_json(1)), OK, at_s=90.0)]


CASES = {
    "stream_reordered": Case(reordered),
    "stream_repeated": Case(repeated),
    "stream_overlapping": Case(overlapping),
    "stream_gap_in_body": Case(lambda: lost(3)),
    "stream_gap_in_head": Case(lambda: lost(0)),
    "stream_joined_late": Case(lambda: upload()[data_of(upload())[2]:]),
    "stream_tiny_segments": Case(lambda: upload(3)),
    "stream_snapped": Case(lambda: snapped(300)),
    "stream_reset": Case(reset),
    "stream_two_minutes": Case(two_minutes),
    "stream_pipelined": Case(lambda: talk(post(persons_json(1)) + post(b'{"ok":true}') + post(persons_json(1)), OK * 3)),
}
