"""ClickHouse in a lab: one server or several shards that know each other as the cluster `lab`.

A `clickhouse` program on PATH comes first; else npm's library of the engine, in `engine.py`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree

from clickhouse_driver import Client
from clickhouse_driver.errors import Error

from deploy.local.fetch import clickhouse_library
from deploy.local.process import spawn
from deploy.local.state import HOST, USER, Lab, Service


def server_config(lab: Lab, shard: int) -> dict[str, Any]:
    """The configuration of shard number `shard`, counted from 1."""
    server = lab.clickhouse[shard - 1]
    others = [
        {"replica": {"host": HOST, "port": one.ports["tcp"], "user": USER, "password": lab.clickhouse_password}} for one in lab.clickhouse
    ]
    return {
        "listen_host": HOST,
        "tcp_port": server.ports["tcp"],
        "http_port": server.ports["http"],
        "path": f"{server.folder / 'data'}/",
        "tmp_path": f"{server.folder / 'tmp'}/",
        "user_directories": {"users_xml": {"path": str(server.folder / "users.xml")}},
        "default_profile": "default",
        "default_database": "default",
        "timezone": "UTC",
        # The limit would follow what is free and what the server has: the library sees 3 MiB of that, so half of the limit is left.
        "memory_worker_dynamic_hard_limit": "0",
        "logger": {"level": "warning", "log": str(server.folder / "server.log"), "errorlog": str(server.folder / "error.log")},
        "backups": {"allowed_path": f"{server.folder.parent / 'backups'}/"},
        "macros": {"cluster": "lab", "shard": str(shard), "replica": "1"},
        "remote_servers": {"lab": {"shard": others}},
        "storage_configuration": {
            "disks": {"cold": {"path": f"{server.folder / 'cold'}/"}},
            "policies": {"tiers": {"volumes": {"default": {"disk": "default"}, "cold": {"disk": "cold"}}}},
        },
    }


def users_config(password: str) -> dict[str, Any]:
    """USER, who may do all, and `reader`, who may only read; both with `password`.

    `default` is whom the engine's own command line signs in as, always without a password: it may start listeners and sleep.
    """
    common = {"networks": {"ip": HOST}, "quota": "default"}
    return {
        "profiles": {"default": {}, "readonly": {"readonly": 2}},
        "quotas": {"default": {}},
        "users": {
            "default": {**common, "password": "", "profile": "default", "grants": {"query": ["GRANT SYSTEM LISTEN ON *.*"]}},
            USER: {**common, "password": password, "profile": "default"},
            "reader": {**common, "password": password, "profile": "readonly"},
        },
    }


def write_configuration(lab: Lab) -> None:
    """`config.xml` and `users.xml` of every shard; the library reads no YAML."""
    for shard, server in enumerate(lab.clickhouse, 1):
        for name, content in (("config.xml", server_config(lab, shard)), ("users.xml", users_config(lab.clickhouse_password))):
            file = server.folder / name
            file.touch(0o600)
            root = _element("clickhouse", content)
            ElementTree.indent(root)
            file.write_bytes(ElementTree.tostring(root, "utf-8"))


def _element(name: str, content: object) -> ElementTree.Element:
    """A mapping's items become elements inside, a list's elements of one name."""
    element = ElementTree.Element(name)
    if not isinstance(content, dict):
        element.text = str(content)
        return element
    for key, value in content.items():
        element.extend(_element(key, one) for one in (value if isinstance(value, list) else [value]))
    return element


def start_server(lab: Lab, server: Service) -> subprocess.Popen[bytes]:
    """Start one shard; it answers within a second or two."""
    return spawn(lab.mark, server_command(str(server.folder / "config.xml")), server.log)


def server_command(config: str) -> list[str]:
    """How a server is started here; fetches the engine where it is needed."""
    program = shutil.which("clickhouse")
    if program:
        return [program, "server", f"--config-file={config}"]
    return [sys.executable, "-m", "deploy.local.engine", str(clickhouse_library()), config]


def server_answers(lab: Lab, server: Service) -> bool:
    """Whether the server runs a query that comes over its native protocol."""
    try:
        socket.create_connection((HOST, server.ports["tcp"]), 1).close()  # the driver logs what it cannot reach
        who = {"user": USER, "password": lab.clickhouse_password}
        with Client(HOST, port=server.ports["tcp"], **who, connect_timeout=5, send_receive_timeout=10) as client:
            return bool(client.execute("SELECT 1") == [(1,)])
    except (OSError, EOFError, Error):
        return False

