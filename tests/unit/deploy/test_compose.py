"""The container files: their tools' own checks, and our rules; each rule is seen to fail on a mistake made on purpose."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer

import guankou
from tests.unit.deploy.compose_rules import DEPLOY, SHAPES, environment, problems, read_compose, services

ROOT = DEPLOY.parent
BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    """A check by a tool of the environment these tests run in."""
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_keeps_its_schema() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")


def test_yaml_is_tidy() -> None:
    run("yamllint", "--strict", "-c", "deploy/yamllint.yaml", "deploy", ".pre-commit-config.yaml")


def test_dockerfile_has_no_known_mistakes() -> None:
    run("hadolint", "--failure-threshold", "style", "deploy/Dockerfile")


@pytest.mark.parametrize("file", sorted(DEPLOY.glob("clickhouse/**/*.xml")), ids=lambda file: file.name)
def test_xml_is_well_formed_and_holds_no_password(file: Path) -> None:
    root = ElementTree.parse(file).getroot()
    assert root.tag == "clickhouse"
    for element in root.iter():
        if "password" in element.tag or element.tag == "secret":
            assert element.get("incl"), element.tag
            assert not element.text, element.tag


@pytest.mark.parametrize("shape", SHAPES)
def test_our_rules_hold(shape: str) -> None:
    assert problems(read_compose(shape), shape) == []


def test_the_cluster_is_three_brokers_three_keepers_and_two_shards_twice() -> None:
    common = set(services(read_compose("single"), "single"))
    assert {"kafka-1", "clickhouse-1-1", "postgres", "prepare", "sensor", "forwarder", "ingest", "dashboards"} == common
    more = set(services(read_compose("cluster"), "cluster")) - common
    servers = {"clickhouse-1-2", "clickhouse-2-1", "clickhouse-2-2"}
    assert more == {"kafka-2", "kafka-3", "keeper-1", "keeper-2", "keeper-3"} | servers


MISTAKES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "ingest: runs as root": lambda s: s["ingest"].pop("user"),
    "postgres: runs as root": lambda s: s["postgres"].update(user="0:0"),
    "kafka-1: its root can be written": lambda s: s["kafka-1"].update(read_only=False),
    "sensor: has capabilities": lambda s: s["sensor"].update(cap_add=["NET_RAW", "SYS_ADMIN"]),
    "forwarder: has capabilities": lambda s: s["forwarder"].update(cap_add=["NET_RAW"]),
    "dashboards: may gain privileges": lambda s: s["dashboards"].pop("security_opt"),
    "keeper-2: no mem_limit": lambda s: s["keeper-2"].pop("mem_limit"),
    "clickhouse-1-1: no health check": lambda s: s["clickhouse-1-1"].pop("healthcheck"),
    "postgres: publishes 5432:5432": lambda s: s["postgres"].update(ports=["5432:5432"]),
    "dashboards: publishes 8080:8080": lambda s: s["dashboards"].update(ports=["8080:8080"]),
    "ingest: network host": lambda s: s["ingest"].update(network_mode="host"),
    "ingest: front is not internal": lambda s: s["ingest"].update(networks=["store", "front"]),
    "postgres: image postgres:latest": lambda s: s["postgres"].update(image="postgres:latest"),
    "secrets: nobodys is not declared": lambda s: s["ingest"].update(secrets=["nobodys"]),
    "volumes: kernels is not used": lambda s: s["sensor"]["volumes"].pop(),
    "no such file: ./elsewhere": lambda s: s["postgres"]["volumes"].append("./elsewhere:/docker-entrypoint-initdb.d:ro"),
    "ingest: GUANKOU_STORE__PASSWORD in the environment": lambda s: s["ingest"]["environment"].update(GUANKOU_STORE__PASSWORD="x"),
    "forwarder: waits for nobody, which does not run": lambda s: s["forwarder"].update(depends_on={"nobody": {}}),
    "forwarder: waits for the end of prepare, which does not end": lambda s: s["prepare"].update(restart="always"),
    "keeper-3: clickhouse/keeper.xml asks for KEEPER_ID": lambda s: s["keeper-3"].update(environment={"KEEPER_ID": ""}),
    "clickhouse-2-1: is told it is clickhouse-1-1": lambda s: s["clickhouse-2-1"]["environment"].update(CLICKHOUSE_SHARD="1"),
    "kafka-2: voters 1@kafka-1": lambda s: s["kafka-2"]["environment"].update(KAFKA_VOTERS="1@kafka-1:9093"),
}


@pytest.mark.parametrize("problem", MISTAKES)
def test_a_mistake_is_named(problem: str) -> None:
    compose = read_compose("cluster")
    MISTAKES[problem](compose["services"])
    assert any(found.startswith(problem) for found in problems(compose, "cluster"))


@pytest.mark.parametrize("shape", SHAPES)
def test_settings_are_known_and_good(shape: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As the command itself reads them in each container, which has the secrets it declares and no others."""
    for name in [name for name in os.environ if name.startswith("GUANKOU_")]:
        monkeypatch.delenv(name)
    for name, one in services(read_compose(shape), shape).items():
        if not one["image"].startswith("guankou:"):
            continue
        secrets = tmp_path / name
        secrets.mkdir()
        for secret in one.get("secrets", []):
            (secrets / secret).write_text("x")
        with monkeypatch.context() as patch:
            for variable, value in environment(one).items():
                patch.setenv(variable, value.replace("/run/secrets", str(secrets)))
            patch.setenv("GUANKOU_SETTINGS", str(DEPLOY / "container" / "guankou.toml"))
            try:
                guankou.load_settings(None)
            except typer.Exit:
                pytest.fail(f"{name}: settings are refused")
        files = [Path(value).name for value in environment(one).values() if value.startswith("/run/secrets/")]
        assert set(files) == set(one.get("secrets", [])), name


def test_commands_are_ours_and_the_image_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    ours = {name: one for name, one in read_compose("single")["services"].items() if one["image"].startswith("guankou:")}
    assert {one["image"] for one in ours.values()} == {f"guankou:{version}"}
    for name, one in ours.items():
        health = one.get("healthcheck", {}).get("test", [])
        for line in [*" ".join(one["command"]).split("&&"), *([" ".join(health[1:])] if "guankou" in health else [])]:
            words = [word for word in line.split() if word != "guankou" and not word.startswith("-")]
            assert is_command(words), f"{name}: {line}"
    assert not is_command(["bus", "burn"])


def is_command(words: list[str]) -> bool:
    """Whether `guankou` has it; what follows a command's name is its arguments."""
    at = typer.main.get_command(guankou.app)
    for word in words:
        if not hasattr(at, "commands"):
            return True
        if word not in at.commands:
            return False
        at = at.commands[word]
    return not hasattr(at, "commands")


def test_secrets_are_made_once_and_clickhouse_gets_hashes(tmp_path: Path) -> None:
    script, folder = str(DEPLOY / "container" / "secrets.sh"), tmp_path / "secrets"
    subprocess.run([script, str(folder)], check=True)
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert {Path(one["file"]).name for one in read_compose("single")["secrets"].values()} <= made.keys()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    passwords = [text for name, text in made.items() if name.endswith("_password")]
    assert len(set(passwords)) == 7
    assert not any(text in made["clickhouse.xml"] for text in passwords)
    asked = {one.get("incl") for file in DEPLOY.glob("clickhouse/**/*.xml") for one in ElementTree.parse(file).iter() if one.get("incl")}
    assert asked == {one.tag for one in ElementTree.fromstring(made["clickhouse.xml"])}
    subprocess.run([script, str(folder)], check=True)
    assert {file.name: file.read_text() for file in folder.iterdir()} == made
