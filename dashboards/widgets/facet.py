"""The commonest values of one field: a click keeps a value, Alt-click or the sign beside it leaves it out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import link, tag
from dashboards.widgets.verdict_tag import verdict_tag
from dashboards.words.numbers import count


class Value(NamedTuple):
    """One value in words, how many flows have it, the addresses that keep it and leave it out."""

    word: str
    flows: int
    kept: str
    left_out: str
    verdict: str = ""  # its code, where the value is one


def facet(viewer: Viewer, name: str, values: Sequence[Value], more: Callable[[], None] | None) -> None:
    """`more` asks for further values; None where these are all."""
    if not values:
        tag("p", "caption", viewer.t("flows.no_values"))
    with tag("ul", "facet", data_test=f"facet-{name}"):
        for value in values:
            with tag("li"):
                with link("", value.kept, title=viewer.t("flows.keep", value=value.word), data_without=value.left_out):
                    if value.verdict:
                        with tag("span", "grow"):
                            verdict_tag(viewer, value.verdict)
                    else:
                        tag("span", "grow", value.word)
                    tag("span", "num", count(value.flows))
                link("≠", value.left_out, "without", title=viewer.t("flows.leave_out", value=value.word))
    if more:
        tag("button", "button", viewer.t("flows.more"), type="button", data_test=f"more-{name}").on("click", more)
