"""DNS messages: the question, and the addresses and aliases that answer it.

Source: RFC 1035 section 4. Compression pointers are followed backwards only, so that no loop can exist.
"""

from __future__ import annotations

from typing import NamedTuple

MOST_ANSWERS = 64
A, CNAME, AAAA = 1, 5, 28


class Answer(NamedTuple):
    """One answer: type, and its address or name."""

    kind: int
    value: bytes


class DnsMessage(NamedTuple):
    """One message, as far as it could be read."""

    response: bool
    code: int
    name: bytes
    kind: int
    answers: tuple[Answer, ...]


def read_dns(data: bytes) -> DnsMessage | None:
    """The message in `data`, or None where it is no DNS message."""
    if len(data) < 12:
        return None
    response, code = bool(data[2] & 0x80), data[3] & 0x0F
    questions, answers = int.from_bytes(data[4:6], "big"), int.from_bytes(data[6:8], "big")
    if (data[2] >> 3) & 0x0F > 6:
        return None
    at, name, kind = 12, b"", 0
    for i in range(min(questions, MOST_ANSWERS)):
        found, at = read_name(data, at)
        if at < 0 or at + 4 > len(data):
            return None if i == 0 else DnsMessage(response, code, name, kind, ())
        if i == 0:
            name, kind = found, int.from_bytes(data[at : at + 2], "big")
        at += 4
    return DnsMessage(response, code, name, kind, tuple(read_answers(data, at, min(answers, MOST_ANSWERS))))


def read_answers(data: bytes, at: int, count: int) -> list[Answer]:
    """Up to `count` answers from `at` on; stops where the message does."""
    found: list[Answer] = []
    for _ in range(count):
        _, at = read_name(data, at)
        if at < 0 or at + 10 > len(data):
            break
        kind, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 8 : at + 10], "big")
        at += 10
        if at + length > len(data):
            break
        if kind in (A, AAAA):
            found.append(Answer(kind, data[at : at + length]))
        elif kind == CNAME:
            found.append(Answer(kind, read_name(data, at)[0]))
        at += length
    return found


def read_name(data: bytes, at: int) -> tuple[bytes, int]:
    """The name at `at`, labels joined by dots, and where reading goes on (-1: it is broken)."""
    labels: list[bytes] = []
    after, limit, total = -1, at, 0
    while at < len(data):
        length = data[at]
        if length == 0:
            return b".".join(labels), after if after >= 0 else at + 1
        if length & 0xC0 == 0xC0:
            if at + 2 > len(data):
                break
            target = ((length & 0x3F) << 8) | data[at + 1]
            after = after if after >= 0 else at + 2
            if target >= limit:  # only ever backwards
                break
            at = limit = target
            continue
        if length & 0xC0 or at + 1 + length > len(data):
            break
        total += length + 1
        if total > 255:
            break
        labels.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return b".".join(labels), -1
