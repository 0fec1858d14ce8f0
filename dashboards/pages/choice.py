"""A labelled choice of a plain form."""

from __future__ import annotations

from collections.abc import Mapping

from dashboards.shell.markup import tag


def choice(label: str, name: str, options: Mapping[str, str], chosen: str, everything: str = "") -> None:
    """`everything` names the first option, which asks for all; without it there is none."""
    with tag("div", "field"):
        tag("label", "", label, for_=f"choice-{name}")
        with tag("select", "input", name=name, id=f"choice-{name}"):
            if everything:
                tag("option", "", everything, value="")
            for value, word in options.items():
                option = tag("option", "", word, value=value)
                if value == chosen:
                    option.props["selected"] = True


def entry(label: str, name: str, value: str, width: int, hint: str = "", **more: str) -> None:
    """A labelled line of text in a plain form."""
    with tag("div", "field"):
        tag("label", "", label, for_=f"entry-{name}")
        tag("input", "input", name=name, id=f"entry-{name}", value=value, placeholder=hint, **more).style(f"width:{width}px")
