"""Language, theme, who: the small switches at the top right. A change reloads the page, which then is right from its first paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui
from sqlalchemy import Engine, update

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import icon, tag
from pipeline.supervision.accounts import Account
from pipeline.supervision.engine import writing

if TYPE_CHECKING:
    from dashboards.desk import Desk


def keep_choice(engine: Engine, account: str, **choice: str) -> None:
    """Keep an account's own language, theme or columns."""
    with writing(engine) as db:
        db.execute(update(Account).where(Account.name == account).values(**choice))


def choices(desk: Desk, viewer: Viewer) -> None:
    """Three buttons."""
    other, dark = ("en" if viewer.language == "zh" else "zh"), viewer.theme == "dark"

    async def keep(**choice: str) -> None:
        await desk.ask(keep_choice, desk.engine, viewer.account, **choice)
        ui.navigate.reload()

    language = tag(
        "button",
        "button",
        "EN" if other == "en" else "中文",
        type="button",
        lang=other,
        data_test="language",
        title=viewer.t("shell.language"),
    )
    language.on("click", lambda: keep(language=other))
    with tag("button", "button", type="button", data_test="theme", aria_label=viewer.t("shell.light" if dark else "shell.dark")) as theme:
        icon("sun" if dark else "moon")
    theme.on("click", lambda: keep(theme="light" if dark else "dark"))
    with (
        tag("form", "", action="/sign-out", method="post"),
        tag("button", "button", type="submit", title=viewer.t("shell.sign_out"), data_test="sign-out"),
    ):
        icon("out")
        tag("span", "", viewer.account)
