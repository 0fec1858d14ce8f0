"""The peer: Hyperscan with the catalogue's own expressions, one database, block mode, no checks.

What it is spared: it only has to say that something ends here (no start of match, unless asked), matches go to no callback, and
neither labels nor tiers are asked of it. What it cannot take is written another way, and said so in `notes`.
"""

from __future__ import annotations

import re
import tomllib

import hyperscan

from detectors.compile import SHIPPED, Catalogue

FLAGS = hyperscan.HS_FLAG_UTF8 | hyperscan.HS_FLAG_DOTALL
# (in the catalogue, for Hyperscan, why)
REWRITTEN = (
    (r"\\u([0-9a-f]{4})", r"\\x{\1}", "\\uXXXX written as \\x{XXXX}"),
    (r"\(surname\)", "", "`(surname)` stands for the list of surnames: alternatives of the single ones as a class, and the compound ones"),
)
WITHOUT_START = "start of match refused (`Pattern is too large`): compiled without"


class Peer:
    """One database. `notes`: signature → what was written another way."""

    def __init__(self, catalogue: Catalogue, starts: bool = False, labels: bool = False, leave_out: tuple[str, ...] = ()) -> None:
        """starts: ask for the start of every match; labels: the label and negative words too, in any case; leave_out: signatures."""
        self.notes: dict[str, str] = {}
        expressions: list[bytes] = []
        flags: list[int] = []
        for signature in catalogue.signatures:
            if signature.id not in leave_out:
                expression = self.rewrite(signature.id, signature.expression)
                expressions.append(expression.encode())
                flags.append(self.flags_for(signature.id, expression) if starts else FLAGS)
        if labels:
            words = [re.escape(word).encode() for word in label_words()]
            expressions += words
            flags += [FLAGS | hyperscan.HS_FLAG_CASELESS] * len(words)
        self.n_expressions = len(expressions)
        self.database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self.database.compile(expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions), flags=flags)

    def rewrite(self, name: str, expression: str) -> str:
        """The expression as Hyperscan takes it."""
        for pattern, to, why in REWRITTEN:
            changed = re.sub(pattern, to or surnames(), expression)
            if changed != expression:
                expression = changed
                self.notes[name] = "; ".join(filter(None, (self.notes.get(name), why)))
        return expression

    def flags_for(self, name: str, expression: str) -> int:
        """With the start of match, where Hyperscan can tell it."""
        flags: int = FLAGS | hyperscan.HS_FLAG_SOM_LEFTMOST
        try:
            hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK).compile(expressions=[expression.encode()], ids=[0], elements=1, flags=flags)
        except hyperscan.error:
            self.notes[name] = "; ".join(filter(None, (self.notes.get(name), WITHOUT_START)))
            return FLAGS
        return flags

    def scan(self, parts: list[bytes]) -> None:
        """Scan each block; matches go nowhere, which costs Hyperscan the least."""
        scan = self.database.scan
        for part in parts:
            scan(part, match_event_handler=None)

    def count(self, parts: list[bytes]) -> int:
        """Matches in all blocks."""
        ends: list[int] = []
        for part in parts:
            self.database.scan(part, match_event_handler=lambda _id, _start, stop, _flags, _context: ends.append(stop))
        return len(ends)


def surnames() -> str:
    """The catalogue's surnames as alternatives."""
    single = (SHIPPED / "surnames.txt").read_text("utf-8").strip()
    compound = (SHIPPED / "compound_surnames.txt").read_text("utf-8").split()
    return f"(?:[{single}]|{'|'.join(compound)})"


def label_words() -> list[str]:
    """The words that the catalogue looks for near values."""
    words = tomllib.loads((SHIPPED / "words.toml").read_text("utf-8"))
    return sorted({word for label in words["labels"].values() for word in label} | set(words["negative"]["words"]))
