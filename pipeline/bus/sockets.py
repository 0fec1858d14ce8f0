"""Sockets of kafka-python that come to nothing are closed.

Its clients leave them to the garbage collector and keep what refers to them: without a broker an ingest that waits for one had six more of
them each minute (kafka-python 3.0).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from kafka.net.inet import KafkaNetSocket
from kafka.net.transport import KafkaSSLTransport

Act = Callable[..., Coroutine[Any, Any, Any]]


def _ending(act: Act, end: Callable[..., None]) -> Act:
    """`act`, and where it fails or is given up, `end` with the same words."""

    @wraps(act)
    async def acted(*words: Any, **named: Any) -> Any:
        try:
            return await act(*words, **named)
        except BaseException:
            end(*words)
            raise

    return acted


def close_what_fails() -> None:
    """Once a process."""
    KafkaNetSocket.sock_connect = _ending(KafkaNetSocket.sock_connect, lambda _factory, _net, sock, *_: sock.close())
    KafkaSSLTransport.handshake = _ending(KafkaSSLTransport.handshake, lambda transport: transport._sock.close())
