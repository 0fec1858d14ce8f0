"""A filter understood: comparisons joined by and, or, not. Places are kept for messages and do not make trees differ."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.search.fields import Field
from pipeline.search.values import Item, Regex, write_value

OPPOSITE = {"!=": "==", "not in": "in", "!~": "~"}


@dataclass(frozen=True)
class Compare:
    """One field against values; holds when it fits one of `items` (of a negated operator: none)."""

    field: Field
    operator: str
    items: tuple[Item, ...]
    places: tuple[tuple[int, int], ...] = dataclasses.field(default=(), compare=False)  # column and length of each item
    depth: int = dataclasses.field(default=0, compare=False)

    @property
    def negated(self) -> bool:
        """Whether the operator is one of !=, not in, !~."""
        return self.operator in OPPOSITE


@dataclass(frozen=True)
class Not:
    """What does not hold."""

    part: Tree
    depth: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple[Tree, ...]
    depth: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True)
class Any:
    """One part holds."""

    parts: tuple[Tree, ...]
    depth: int = dataclasses.field(default=0, compare=False)


Tree = Compare | Not | All | Any


def compares(tree: Tree) -> Iterator[Compare]:
    """Every comparison, in the text's order."""
    if isinstance(tree, Compare):
        yield tree
    else:
        for part in (tree.part,) if isinstance(tree, Not) else tree.parts:
            yield from compares(part)


def write(tree: Tree) -> str:
    """The filter's text; parsing it gives `tree` again."""
    if isinstance(tree, Compare):
        values = [_item(tree, item) for item in tree.items]
        return f"{tree.field.name} {tree.operator} {values[0] if len(values) == 1 else '(' + ', '.join(values) + ')'}"
    if isinstance(tree, Not):
        return f"not {_part(tree.part)}"
    return (" and " if isinstance(tree, All) else " or ").join(_part(part) for part in tree.parts)


def _part(tree: Tree) -> str:
    return f"({write(tree)})" if isinstance(tree, (All, Any)) else write(tree)


def _item(compare: Compare, item: Item) -> str:
    if isinstance(item, Regex):
        slashes = re.sub(r"\\.|/", lambda found: "\\/" if found[0] == "/" else found[0], item.pattern, flags=re.DOTALL)
        return f"/{slashes}/"
    return write_value(compare.field.kind, item)
