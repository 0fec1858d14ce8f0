"""Settings: one's own language and theme; accounts, for those who may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nicegui import ui
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from dashboards.access.sessions import add_account
from dashboards.access.viewer import Viewer
from dashboards.shell.act import act
from dashboards.shell.choices import keep_choice
from dashboards.shell.frame import heading
from dashboards.shell.markup import card, tag
from dashboards.shell.page import Asked
from dashboards.words.moments import stamp
from pipeline.supervision.accounts import ROLES, Account
from pipeline.supervision.engine import reading

if TYPE_CHECKING:
    from dashboards.desk import Desk


def read_accounts(engine: Engine) -> Sequence[Account]:
    """All accounts by name."""
    with reading(engine) as db:
        return db.scalars(select(Account).order_by(Account.name)).all()


async def settings(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    accounts = await desk.ask(read_accounts, desk.engine)
    own = next(account for account in accounts if account.name == viewer.account)
    heading(
        viewer.t("nav.settings"),
        viewer.t(
            "settings.sentence",
            account=viewer.account,
            role=viewer.t(f"role.{viewer.role}"),
            last=stamp(own.last_at) if own.last_at else "—",
            zone=viewer.t("zone"),
            place=own.last_from or "—",
        ),
    )
    with tag("div", "grid12"):
        with tag("div", "stack span4"):
            _own(desk, viewer)
        if viewer.may_act:
            with tag("div", "stack span8"):
                _accounts(desk, viewer, accounts)


def _own(desk: Desk, viewer: Viewer) -> None:
    async def keep(**choice: str) -> None:
        await desk.ask(keep_choice, desk.engine, viewer.account, **choice)
        ui.navigate.reload()

    rows = (
        ("language", {"zh": "中文", "en": "English"}, viewer.language),
        ("theme", {"light": viewer.t("settings.light"), "dark": viewer.t("settings.dark")}, viewer.theme),
    )
    with card(viewer.t("settings.own")):
        for name, options, chosen in rows:
            with tag("div", "row between").style("padding:4px 0"):
                tag("span", "", viewer.t(f"settings.{name}"))
                with tag("div", "segments"):
                    for value, word in options.items():
                        button = tag("button", "button on" if value == chosen else "button", word, type="button", data_test=f"set-{value}")
                        button.on("click", lambda name=name, value=value: keep(**{name: value}))


def _accounts(desk: Desk, viewer: Viewer, accounts: Sequence[Account]) -> None:
    with card(viewer.t("settings.accounts")):
        with tag("table", "table"):
            with tag("thead"), tag("tr"):
                for key in ("name", "role", "unit", "last"):
                    tag("th", "", viewer.t(f"settings.{key}"))
            with tag("tbody"):
                for account in accounts:
                    with tag("tr"):
                        for text in (
                            account.name,
                            viewer.t(f"role.{account.role}"),
                            account.unit,
                            stamp(account.last_at) if account.last_at else "—",
                        ):
                            tag("td", "", text)
        _add(desk, viewer)


def _add(desk: Desk, viewer: Viewer) -> None:
    """A new account; its password is shown once, here, and kept nowhere."""
    with tag("div", "row").style("margin-top:12px"):
        name = ui.input(placeholder=viewer.t("settings.name")).props("outlined dense maxlength=64")
        name.props["data-test"] = "account-name"
        role = (
            ui.select({role: viewer.t(f"role.{role}") for role in ROLES}, value="regulator")
            .props("outlined dense options-dense")
            .style("min-width:150px")
        )
        shown = tag("p", "sealed", "", data_test="password")
        shown.visible = False

        def make() -> str:
            text = str(name.value or "").strip()
            if not text:
                raise ValueError(viewer.t("settings.exists"))
            try:
                return add_account(desk.engine, text, str(role.value), viewer.unit, viewer.language)
            except IntegrityError as twin:
                raise ValueError(viewer.t("settings.exists")) from twin

        async def add() -> None:
            password = await act(desk, viewer, "add_account", str(name.value or ""), make)
            if password is not None:
                shown.set_text(viewer.t("settings.shown_once", name=name.value, password=password))
                shown.visible = True

        tag("button", "button", viewer.t("settings.add"), type="button", data_test="add-account").on("click", add)
        shown.move(target_index=-1)
