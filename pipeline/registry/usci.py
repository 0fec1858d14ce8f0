"""The unified social credit identifier and its check digit (GB 32100-2015)."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I O Z S V: they are misread


def check_digit(body: str) -> str:
    """The 18th character for the first seventeen: weights 3^i mod 31."""
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return ALPHABET[-total % 31]


def is_usci(code: str) -> bool:
    """Whether `code` is a well-formed identifier whose check digit is right."""
    return len(code) == 18 and all(c in ALPHABET for c in code) and check_digit(code[:17]) == code[17]
