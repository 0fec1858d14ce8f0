"""Certificates of a lab, by OpenSSL 3: an authority, and what it vouches for.

Elliptic keys of P-256, because making RSA keys takes seconds. Nothing here is for a machine that others reach.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from deploy.local.fetch import find_tool

DAYS = "365"


def make_authority(folder: Path) -> Path:
    """`ca.pem` in `folder`, its key in `ca.key` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    _request(folder, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Guankou lab")
    return folder / "ca.pem"


def issue(folder: Path, name: str) -> Path:
    """`<name>.pem`: key and certificate of 127.0.0.1, signed by the folder's authority. Kafka and Python read the same file."""
    _request(
        folder, "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}",
        "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
    )
    both = folder / f"{name}.pem"
    both.touch(0o600)
    both.write_bytes((folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes())
    return both


def _request(folder: Path, *how: str) -> None:
    kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS]
    done = subprocess.run([find_tool("openssl"), *kind, *how], cwd=folder, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"openssl: {done.stderr.strip()}")
