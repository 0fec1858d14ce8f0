"""The headers of every answer, and the nonce that lets the page's own inline scripts run and no other."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(nonce: str, framed: bool) -> str:
    """The Content-Security-Policy; 'unsafe-eval' because Vue compiles its templates in the browser."""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {chr(39)}self{chr(39)}" if framed else "frame-ancestors 'none'",
        )
    )


class Headers:
    """Outer ASGI layer: waits for the whole of an HTML answer to mark its scripts, lets everything else stream."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce, framed = secrets.token_urlsafe(16), scope["path"].endswith("/preview")
        held: list[Message] = []
        body = bytearray()

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers(nonce, framed)]
                if _is_html(message):
                    held.append(message)
                    return
            elif held:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    await _send_marked(held.pop(), bytes(body), nonce, send)
                return
            await send(message)

        await self.app(scope, receive, pass_on)


def _headers(nonce: str, framed: bool) -> list[tuple[bytes, bytes]]:
    pairs = {
        "content-security-policy": policy(nonce, framed),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "SAMEORIGIN" if framed else "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }
    return [(name.encode(), value.encode()) for name, value in pairs.items()]


def _is_html(message: MutableMapping[str, Any]) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])


async def _send_marked(start: Message, body: bytes, nonce: str, send: Send) -> None:
    marked = body.replace(b"<script", b'<script nonce="' + nonce.encode() + b'"')
    start["headers"] = [(n, v) for n, v in start["headers"] if n.lower() != b"content-length"] + [
        (b"content-length", str(len(marked)).encode())
    ]
    await send(start)
    await send({"type": "http.response.body", "body": marked})
