"""Which store: the embedded one of the data directory, or ClickHouse servers."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

LOCAL = "_local"  # of a cluster: the database with each node's own tables


class ServerAddress(BaseModel):
    """Where one ClickHouse server takes native connections."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    port: int = Field(9000, ge=1, le=65535)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class StoreSettings(BaseModel):
    """The `[store]` table of guankou.toml; without servers the store is chDB in the data directory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[ServerAddress, ...] = Field((), description="ClickHouse servers; the first that answers is used")
    user: str = Field("default", description="user to sign in as")
    password: SecretStr = Field(SecretStr(""), description="its password")
    password_file: Path | None = Field(None, description="file that holds the password instead")
    database: str = Field("guankou", pattern=r"^[a-z][a-z0-9_]{0,40}$", description="database of the records")
    cluster: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,60}$", description="cluster of the servers' remote_servers; empty: one server")
    replicated: bool = Field(False, description="cluster: tables are replicated (needs a Keeper and macros shard and replica)")
    secure: bool = Field(False, description="TLS towards the servers")
    ca: Path | None = Field(None, description="authority that the servers' certificates are of, instead of the system's")
    storage_policy: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,60}$", description="the servers' policy with a volume `cold`; empty: none")
    cold_after_days: int = Field(30, ge=1, le=365, description="with a policy: rows go to its cold volume so long after they came")
    backup_to: str = Field("File('{name}')", pattern=r"\{name\}", description="where backups go, as ClickHouse's BACKUP … TO takes it")
    query_limit_s: int = Field(60, ge=1, le=3600, description="a question is given up after this long")

    @model_validator(mode="after")
    def _one_password(self) -> StoreSettings:
        if self.password_file is not None and self.password.get_secret_value():
            raise ValueError("password and password_file: one of them")
        if (self.cluster or self.replicated) and not self.servers:
            raise ValueError("cluster and replicated: need servers")
        if self.storage_policy and not self.servers:
            raise ValueError("storage_policy: needs servers")
        if self.replicated and not self.cluster:
            raise ValueError("replicated: needs cluster")
        return self

    @property
    def secret(self) -> str:
        """The password; ValueError when its file cannot be read."""
        if self.password_file is None:
            return self.password.get_secret_value()
        try:
            return self.password_file.read_text("utf-8").strip()
        except OSError as error:
            raise ValueError(f"store.password_file: {self.password_file}: {error.strerror}") from None
