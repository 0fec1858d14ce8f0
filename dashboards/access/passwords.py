"""Passwords: made, hashed with Argon2id, checked at the same cost whether or not the name exists."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read two ways


def make_password() -> str:
    """Four groups of four letters: 79 bits, easy to copy from a terminal."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """The Argon2id hash to keep."""
    return _HASHER.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Whether `password` is the one; an unknown name costs the same time."""
    try:
        return _HASHER.verify(kept or _NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
