"""What an operator may set about the web side; unknown keys and bad values are refused."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DashboardsSettings(BaseModel):
    """The `[dashboards]` table of guankou.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=1, le=65535, description="port to listen on")
    unit: str = Field("", max_length=80, description="name of the supervising unit, shown at sign-in and in the side bar")
    language: Literal["zh", "en"] = Field("zh", description="language before anyone has chosen one")
    https: bool = Field(False, description="the pages are reached by https (behind a proxy): the session cookie is then __Host- and Secure")
    session_hours: float = Field(12.0, gt=0, le=168, description="a session ends after this long")
    store_threads: int = Field(4, ge=1, le=64, description="queries at once; more wait their turn")
