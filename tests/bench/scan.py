"""Scanning against Hyperscan: the same expressions over the same octets, one thread each, in one process, turn by turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from detectors.compile import load_catalogue
from detectors.detector import Detector
from detectors.scan import TextScan
from detectors.tokens import FixedKeys
from detectors.units import new_hits
from tests.bench.peer_hyperscan import Peer
from tests.bench.scan_kernels import find_rows
from tests.bench.texts import Blocks, all_texts

ROUNDS = 5
AT_NS = 1_795_651_200_000_000_000  # any moment: chooses the key of tokens
WORDS = ("name", "address")  # expressions that match language itself; ours look for them only beside labels and other hits


def measure() -> dict[str, Any]:
    """GB/s of each scanner on each text, ratios of ours with checks and tiers to Hyperscan without."""
    catalogue = load_catalogue()
    detector, scan = Detector(catalogue, FixedKeys()), TextScan(catalogue)
    peers = {
        "hyperscan": Peer(catalogue), "hyperscan_with_starts": Peer(catalogue, starts=True),
        "hyperscan_without_name_and_address": Peer(catalogue, leave_out=WORDS), "hyperscan_and_labels": Peer(catalogue, labels=True),
    }
    texts = {name: measure_text(blocks, detector, scan, peers) for name, blocks in all_texts().items()}
    notes = {**peers["hyperscan"].notes, **peers["hyperscan_with_starts"].notes}
    mean = statistics.geometric_mean(text["ratio"] for text in texts.values())
    return {"texts": texts, "ratio": mean, "expressions": peers["hyperscan"].n_expressions, "rewritten": notes}


def measure_text(blocks: Blocks, detector: Detector, scan: TextScan, peers: dict[str, Peer]) -> dict[str, float]:
    """One text; ratio: ours with checks and tiers to Hyperscan's expressions alone."""
    parts, units, n = blocks.parts(), blocks.units(), len(blocks.bounds)
    octets = int((blocks.bounds[:, 1] - blocks.bounds[:, 0]).sum())
    bounds = np.repeat(blocks.bounds, 2, axis=1)
    rows, hits = np.arange(n), new_hits(octets // 6 + 64)
    ways: dict[str, Callable[[], object]] = {
        "forms_and_checks": lambda: find_rows(blocks.buf, blocks.bounds, scan._scan),
        "checks_and_tiers": lambda: scan(blocks.buf, bounds, rows, hits, 0),
        "detector": lambda: detector.inspect(units, n, AT_NS),
        **{name: lambda peer=peer: peer.scan(parts) for name, peer in peers.items()},  # type: ignore[misc]
    }
    took = fastest(ways)
    rates = {name: octets / seconds / 1e9 for name, seconds in took.items()}
    found = int(scan(blocks.buf, bounds, rows, hits, 0))
    return {**rates, "ratio": rates["checks_and_tiers"] / rates["hyperscan"], "octets": octets, "hits": found,
            "hyperscan_matches": peers["hyperscan"].count(parts)}


def fastest(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """CPU seconds of the fastest of ROUNDS runs of each, in turns; the first turn warms and does not count."""
    took: dict[str, float] = {}
    for turn in range(ROUNDS + 1):
        for name, run in ways.items():
            begun = time.thread_time()
            run()
            spent = time.thread_time() - begun
            if turn:
                took[name] = min(spent, took.get(name, spent))
    return took


COLUMNS = {  # of `measure_text`: its heading
    "forms_and_checks": "ours: forms, checks", "checks_and_tiers": "+ tiers", "detector": "whole detector", "hyperscan": "Hyperscan: forms",
    "hyperscan_with_starts": "with starts", "hyperscan_without_name_and_address": "no name, address", "hyperscan_and_labels": "and labels",
}


def show(result: dict[str, Any]) -> None:
    """A line a text."""
    table = Table("text", *COLUMNS.values(), "ratio", "hits", "its matches", box=None, title_justify="left",
                  title=f"scan, GB/s, one thread; Hyperscan has the catalogue's {result['expressions']} expressions, without checks")
    for name, text in result["texts"].items():
        counts = (f"{text['ratio']:.2f}", f"{text['hits']:,}", f"{text['hyperscan_matches']:,}")
        table.add_row(name, *(f"{text[key]:.3f}" for key in COLUMNS), *counts)
    screen = Console(width=160)
    screen.print(table)
    print(f"ratio (ours with checks and tiers, to Hyperscan's forms alone), geometric mean: {result['ratio']:.2f}")
    for name, why in result["rewritten"].items():
        print(f"  {name}: {why}")
