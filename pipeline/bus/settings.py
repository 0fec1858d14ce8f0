"""What an operator may set about the bus and the forwarder; unknown keys and bad values are refused."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, model_validator


class BusSettings(BaseModel):
    """The `[bus]` table of guankou.toml: where Kafka is, and how to sign in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap: str = Field("", description="host:port of brokers, joined by commas; empty: no Kafka")
    prefix: str = Field("guankou.", pattern=r"^[A-Za-z0-9._-]{0,80}$", description="begins the name of every topic and consumer group")
    copies: int = Field(0, ge=0, le=9, description="replicas of a new topic; 0: three, or as many as there are brokers")
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field("PLAINTEXT", description="protocol of the listener")
    mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = Field("SCRAM-SHA-512", description="SASL: way of signing in")
    user: str = Field("", description="SASL: user")
    password: SecretStr = Field(SecretStr(""), description="SASL: password")
    password_file: FilePath | None = Field(None, description="SASL: file whose first line is the password, instead of `password`")
    ca: FilePath | None = Field(None, description="TLS: authorities that brokers' certificates come from (PEM); without it the system's")
    certificate: FilePath | None = Field(None, description="mutual TLS: our certificate and what leads to its authority (PEM)")
    key: FilePath | None = Field(None, description="mutual TLS: our key (PEM); without it, it stands in `certificate`")
    check_hostname: bool = Field(True, description="TLS: the certificate must name the broker's host")

    @model_validator(mode="after")
    def _fits_together(self) -> BusSettings:
        sasl, tls = self.security.startswith("SASL"), self.security.endswith("SSL")
        if sasl and not self.user:
            raise ValueError(f"user: missing, security is {self.security}")
        if sasl and bool(self.password.get_secret_value()) == (self.password_file is not None):
            raise ValueError(f"password, password_file: exactly one is needed, security is {self.security}")
        if not sasl and (self.user or self.password.get_secret_value() or self.password_file):
            raise ValueError(f"user, password, password_file: of no use, security is {self.security}")
        if not tls and (self.ca or self.certificate or self.key):
            raise ValueError(f"ca, certificate, key: of no use, security is {self.security}")
        if self.key and not self.certificate:
            raise ValueError("certificate: missing, a key is given")
        return self

    def connection(self) -> dict[str, Any]:
        """Keyword arguments of every kafka-python client. OSError where the password file cannot be read any more."""
        how: dict[str, Any] = {
            "bootstrap_servers": [one.strip() for one in self.bootstrap.split(",") if one.strip()],
            "client_id": "guankou",
            "security_protocol": self.security,
            "reconnect_backoff_max_ms": 2000,  # its own 30 s go by after the brokers are back
        }
        if self.security.startswith("SASL"):
            how |= {"sasl_mechanism": self.mechanism, "sasl_plain_username": self.user, "sasl_plain_password": self._secret()}
        if self.security.endswith("SSL"):
            files = {"ssl_cafile": self.ca, "ssl_certfile": self.certificate, "ssl_keyfile": self.key}
            how |= {name: str(path) for name, path in files.items() if path is not None}
            how["ssl_check_hostname"] = self.check_hostname
        return how

    def _secret(self) -> str:
        if self.password_file is None:
            return self.password.get_secret_value()
        return self.password_file.read_text("utf-8").split("\n", 1)[0].rstrip("\r")


class ForwarderSettings(BaseModel):
    """The `[forwarder]` table of guankou.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    disk_mebibytes: int = Field(8192, ge=1, description="what all outbox files may take; beyond it the oldest flows are given up")
    window_mebibytes: int = Field(32, ge=1, le=1024, description="sent and not acknowledged yet; memory is about four times as much")
    metrics_port: int = Field(0, ge=0, le=65535, description="port on 127.0.0.1 for Prometheus; 0: none")
