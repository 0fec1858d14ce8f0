"""Real uploads past a live sensor, between two network namespaces, against a replay of the same packets."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.ingest.ingest import Ingest
from pipeline.store.store import ChdbStore, open_store
from tests.small_disk import fill_disk, small_disk

ROOT = Path(__file__).resolve().parents[2]
PEER = Path(__file__).with_name("live_peer.py")
GUANKOU = [sys.executable, "-c", "import guankou; guankou.main()"]
USCI = "91350100M000100Y43"
LINES = "".join(
    f'[[line]]\nid = "{name}"\nfar = "SG"\nholder = {{ name = "made", usci = "{USCI}" }}\n{ends}\ninspection = "content"\n'
    'legal_basis = { kind = "holder_own_sensor", reference = "test", from = 2020-01-01, until = 2099-12-31 }\n\n'
    for name, ends in (
        ("PLAIN", 'domestic = ["10.77.0.0/24", "2001:db8:77::/64"]\nforeign = ["198.51.100.0/24", "2001:db8:99::/64"]'),
        ("TAGGED", 'vlans = [77]\ndomestic = ["10.78.0.1/32"]'),
    )
)
NEAR = [["addr", "add", "10.77.0.1/24", "dev", "near"], ["addr", "add", "2001:db8:77::1/64", "dev", "near", "nodad"],
        ["link", "set", "near", "up"],
        ["route", "add", "198.51.100.0/24", "dev", "near"], ["-6", "route", "add", "2001:db8:99::/64", "dev", "near"]]
FAR = [["addr", "add", "198.51.100.1/24", "dev", "far"], ["addr", "add", "2001:db8:99::1/64", "dev", "far", "nodad"],
       ["link", "set", "far", "up"], ["link", "set", "lo", "up"],
       ["route", "add", "10.77.0.0/24", "dev", "far"], ["-6", "route", "add", "2001:db8:77::/64", "dev", "far"]]
SERVERS = ["198.51.100.1", "2001:db8:99::1"]


class Lab(NamedTuple):
    """Two namespaces, joined by a cable whose ends are called near and far."""

    near: str
    far: str

    def begin(self, where: str, *command: str, ready: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in a namespace and wait until it says it is ready."""
        process = subprocess.Popen(["ip", "netns", "exec", where, *command], cwd=ROOT, env={**os.environ, **(environment or {})}, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        heard = ""
        for line in process.stdout:
            heard += line
            if ready in line:
                return process
        raise AssertionError(f"{command}: {heard}")

    def upload(self, file: Path, *addresses: str) -> None:
        """Over real sockets."""
        self.peer("upload", str(file), *addresses)

    def peer(self, *arguments: str) -> None:
        """Run live_peer.py at the near end."""
        subprocess.run(["ip", "netns", "exec", self.near, sys.executable, str(PEER), *arguments], check=True, timeout=60)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    lab = Lab(f"guankou-near-{os.getpid()}", f"guankou-far-{os.getpid()}")
    ip("netns", "add", lab.near)
    ip("netns", "add", lab.far)
    try:
        ip("-n", lab.near, "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", lab.far)
        for name, steps in ((lab.near, NEAR), (lab.far, FAR)):
            for step in steps:
                ip("-n", name, *step)
        yield lab
    finally:
        ip("netns", "del", lab.near)
        ip("netns", "del", lab.far)


@contextlib.contextmanager
def server(lab: Lab) -> Iterator[None]:
    process = lab.begin(lab.far, sys.executable, str(PEER), "serve", ready="ready")
    try:
        yield
    finally:
        process.kill()
        process.wait()


def sensor(lab: Lab, folder: Path, **environment: str) -> subprocess.Popen[str]:
    command = [*GUANKOU, "sensor", "run", "far", "--data", str(folder / "live"), "--lines", str(folder / "lines.toml"), "--no-store"]
    return lab.begin(lab.far, *command, "--report", str(folder / "live.json"), ready="listening on far", environment=environment)


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> str:
    """Ask it to end; what it said."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


def persons(path: Path) -> None:
    sys.path.insert(0, str(ROOT / "deploy" / "demo"))
    from people import make_persons

    rows = [{"姓名": p.name, "身份证号": p.resident_id, "手机号": p.mobile, "银行卡号": p.bank_card} for p in make_persons(120, 7)]
    path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")


def tagged(folder: Path) -> Path:
    """A capture of one upload in VLAN 77."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Dot1Q, Ether
    from scapy.utils import wrpcap

    body = (folder / "persons.json").read_bytes()
    sent = f"POST /upload HTTP/1.1\r\nHost: example.com\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    below = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / Dot1Q(vlan=77, prio=5) / IP(src="10.78.0.1", dst="10.78.0.2")
    frames = [below / TCP(sport=40_000, dport=8080, flags="S", seq=99)]
    frames += [below / TCP(sport=40_000, dport=8080, flags="PA", seq=100 + at) / sent[at : at + 1400] for at in range(0, len(sent), 1400)]
    wrpcap(str(folder / "tagged.pcap"), frames)
    return folder / "tagged.pcap"


def rows_of(store: ChdbStore, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in store.query(sql).to_pylist()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lines.toml").write_text(LINES, "utf-8")
    persons(tmp_path / "persons.json")
    return tmp_path


def found(data: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Findings, tokens' sketches and octets of the uploads, in a comparable form."""
    store = open_store(data)
    Ingest(data, store).run_all()
    try:
        flow = ("SELECT toString(src_ip), toString(dst_ip), src_port, dst_port, vlan, line, sum(octets_out), sum(octets_in), "
                "sum(packets_out), sum(packets_in), sum(payload_out), sum(inspected_out) "
                "FROM flows WHERE dst_port = 8080 GROUP BY ALL ORDER BY ALL")
        # Excerpts, subjects and decoder paths are by span, and a live sensor's spans are shorter.
        finding = ("SELECT signature, tier, line, destination, toString(src_ip), toString(dst_ip), sum(count), "
                   "arraySort(arrayDistinct(arrayFlatten(groupArray(decoder_path)))) FROM findings GROUP BY ALL ORDER BY ALL")
        subject = "SELECT line, signature, tier, uniqCombined64Merge(17)(persons) FROM subject_ledger GROUP BY ALL ORDER BY ALL"
        return rows_of(store, finding), rows_of(store, subject), rows_of(store, flow)
    finally:
        store.close()


def test_a_live_sensor_finds_what_a_replay_of_the_same_packets_finds(lab: Lab, folder: Path) -> None:
    capture = folder / "seen.pcap"
    with server(lab):
        recorder = lab.begin(lab.far, sys.executable, str(PEER), "record", "far", str(capture), ready="ready")
        process = sensor(lab, folder)
        lab.upload(folder / "persons.json", *SERVERS)
        lab.peer("send", "near", str(tagged(folder)))  # the far end's system takes the tags off before a sensor sees the frames
        said = end(process)  # at once: what is in the ring was sent before
        end(recorder, signal.SIGINT)
    shutil.copytree(folder / "live" / "keys", folder / "again" / "keys")  # the same persons, the same tokens
    command = [*GUANKOU, "replay", str(capture), "--data", str(folder / "again"), "--lines", str(folder / "lines.toml"), "--no-store"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    live, again = found(folder / "live"), found(folder / "again")
    assert live[0] == again[0]
    assert live[1] == again[1]
    assert live[2] == again[2]
    assert len(live[2]) == 3 and {row[4] for row in live[2]} == {0, 77}, said
    identities = [row for row in live[0] if row[0] == "resident_id"]
    assert [(row[2], row[6]) for row in identities] == [("PLAIN", 360), ("PLAIN", 360), ("TAGGED", 120)]
    assert {row[3] for row in live[1] if row[1] == "resident_id"} == {120}
    assert json.loads((folder / "live.json").read_text())[0]["drops"] == 0


def test_what_the_kernel_drops_is_missed_not_clean(lab: Lab, folder: Path) -> None:
    with server(lab):
        process = sensor(lab, folder, GUANKOU_SENSOR__RING_MEBIBYTES="2")
        lab.upload(folder / "persons.json", SERVERS[0])
        time.sleep(1.5)
        process.send_signal(signal.SIGSTOP)
        big = folder / "big.json"
        big.write_bytes((folder / "persons.json").read_bytes() * 200)
        lab.upload(big, SERVERS[0])
        process.send_signal(signal.SIGCONT)
        said = end(process)
    done = json.loads((folder / "live.json").read_text())[0]
    assert done["drops"] > 0 and "dropped by the kernel" in said
    store = open_store(folder / "live")
    Ingest(folder / "live", store).run_all()
    lost = rows_of(store, "SELECT sum(packets), sum(octets) FROM coverage WHERE reason = 'kernel_lost'")
    store.close()
    assert lost[0][0] == done["drops"] and lost[0][1] > 0


@pytest.mark.parametrize(("name", "change", "words"), [
    ("nowhere", [], "nowhere: no such interface"),
    ("far", ["link", "set", "far", "down"], "far: the interface is down"),
])
def test_an_interface_that_does_not_open_is_named(lab: Lab, folder: Path, name: str, change: list[str], words: str) -> None:
    if change:
        ip("-n", lab.far, *change)
    command = ["ip", "netns", "exec", lab.far, *GUANKOU, "sensor", "run", name, "--data", str(folder / "data")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2 and words in ended.stderr


def test_a_cable_pulled_out_and_put_back(lab: Lab, folder: Path) -> None:
    with server(lab):
        process = sensor(lab, folder)
        lab.upload(folder / "persons.json", SERVERS[0])
        ip("-n", lab.far, "link", "set", "far", "down")
        time.sleep(0.5)
        for step in (["link", "set", "far", "up"], ["route", "add", "10.77.0.0/24", "dev", "far"]):
            ip("-n", lab.far, *step)
        lab.upload(folder / "persons.json", SERVERS[0])
        flood = lab.begin(lab.near, sys.executable, str(PEER), "flood", SERVERS[0], ready="ready")
        try:
            said = end(process)  # although packets go on coming
        finally:
            flood.kill()
            flood.wait()
    assert "went down" in said
    findings, _, flows = found(folder / "live")
    assert len(flows) == 2
    assert {row[6] for row in findings if row[0] == "resident_id"} == {720}


def test_a_disk_that_is_full_for_a_while_costs_nothing(lab: Lab, folder: Path) -> None:
    with small_disk(folder / "live") as disk, server(lab):
        process = sensor(lab, folder)
        lab.upload(folder / "persons.json", SERVERS[0])
        time.sleep(2)
        filler = fill_disk(disk)
        for _ in range(3):
            lab.upload(folder / "persons.json", SERVERS[0])
            time.sleep(1.2)
        filler.unlink()
        said = end(process)
        shutil.copytree(disk / "outbox", folder / "taken" / "outbox")
    assert "cannot be written: less than 16 MiB are left" in said
    findings, subjects, flows = found(folder / "taken")
    assert len(flows) == 4
    assert {row[6] for row in findings if row[0] == "resident_id"} == {4 * 360}
    assert {row[3] for row in subjects if row[1] == "resident_id"} == {120}


def test_what_a_full_disk_cost_at_the_end_is_told(lab: Lab, folder: Path) -> None:
    with small_disk(folder / "live") as disk, server(lab):
        process = sensor(lab, folder)
        fill_disk(disk)
        lab.upload(folder / "persons.json", SERVERS[0])
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2 and "rows are lost" in said and "packets/s" in said, said
