"""Every protocol field in which we differ, beside what Wireshark says of the frame it stands in (pyshark over tshark).

    python -m tests.accuracy explain [--corpora folder] [part of a capture's path …]    (make explain sets up what it needs)

For each difference: the values that are theirs alone and ours alone, then the frames of that kind in which Wireshark sees the former,
with what it says of them, and the same conversation's facts as we read them. For people who write a reason into explained.py.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyshark
from pyshark.capture.capture import TSharkCrashException

from tests.accuracy.fields import ENDLESS, Difference, Tally, compare_capture, expected_captures, read_ja4
from tests.accuracy.said import Listener

MOST = 5  # frames, and facts of ours, shown of one difference
# Wireshark's display filter for a kind, its layer, and its name of each field.
FILTERS = {
    "tls_client_hellos": ("tls.handshake.type == 1", "tls"), "tls_server_hellos": ("tls.handshake.type == 2", "tls"),
    "certs": ("tls.handshake.type == 11", "tls"), "http_requests": ("http.request", "http"), "http_responses": ("http.response", "http"),
    "dns_queries": ("dns.flags.response == 0", "dns"), "dns_answers": ("dns.flags.response == 1", "dns"),
}
NAMES = {
    "tls_client_hellos.sni": "tls.handshake.extensions_server_name", "tls_client_hellos.alpn": "tls.handshake.extensions_alpn_str",
    "tls_client_hellos.version": "tls.handshake.version", "tls_client_hellos.supported": "tls.handshake.extensions.supported_version",
    "tls_client_hellos.ja4": "tls.handshake.ciphersuite", "tls_client_hellos.ja4_ndpi": "tls.handshake.ciphersuite",
    "tls_server_hellos.cipher": "tls.handshake.ciphersuite", "tls_server_hellos.alpn": "tls.handshake.extensions_alpn_str",
    "certs.dns": "x509ce.dNSName", "http_requests.method": "http.request.method", "http_requests.host": "http.host",
    "http_requests.uri": "http.request.uri", "http_requests.ua": "http.user_agent", "http_requests.ctype": "http.content_type",
    "http_responses.code": "http.response.code", "http_responses.ctype": "http.content_type", "dns_queries.name": "dns.qry.name",
    "dns_queries.type": "dns.qry.type", "dns_answers.name": "dns.qry.name", "dns_answers.a": "dns.a", "dns_answers.aaaa": "dns.aaaa",
    "dns_answers.cname": "dns.cname",
}


class Frame(NamedTuple):
    """What Wireshark says of one frame."""

    number: str
    ends: tuple[str, str, str, str]
    values: list[str]    # of the field that differs, in every layer of the kind
    layers: str          # eth:ip:tcp:http
    complaints: list[str]  # Wireshark's own: malformed, and expert messages


def read_frames(path: Path, field: str) -> Iterator[Frame]:
    """Frames of the capture at `path` that hold the kind of `field`."""
    wanted, layer = FILTERS[field.partition(".")[0]]
    asyncio.set_event_loop(asyncio.new_event_loop())  # pyshark takes the thread's, which whoever ran before may have put away
    frames = pyshark.FileCapture(str(path), display_filter=wanted, keep_packets=False, custom_parameters=["-n"])  # addresses as they are
    try:
        for packet in frames:
            protocols = packet.frame_info.protocols
            yield Frame(packet.number, ends_of(packet), values_of(packet, layer, NAMES[field]), protocols, complaints_of(packet))
        frames.close()
    except TSharkCrashException as error:  # it gives a damaged capture up at the packet where we go on, or stop
        print(f"  Wireshark stops: {str(error).splitlines()[1]}")
        frames._running_processes.clear()  # or it says so again when it is collected


def ends_of(packet: Any) -> tuple[str, str, str, str]:
    """Source, its port, destination, its port; empty where there is none."""

    def first(layers: tuple[str, ...], field: str) -> str:
        return next((str(getattr(packet[name], field)) for name in layers if name in packet and hasattr(packet[name], field)), "")

    network, transport = ("ip", "ipv6"), ("tcp", "udp")
    return first(network, "src"), first(transport, "srcport"), first(network, "dst"), first(transport, "dstport")


def values_of(packet: Any, layer: str, name: str) -> list[str]:
    """All values of one field, as shown."""
    return [str(one.showname_value or one.get_default_value()) for part in packet.layers if part.layer_name == layer
            for field, found in part._all_fields.items() if field == name for one in found.all_fields]


def complaints_of(packet: Any) -> list[str]:
    """What Wireshark finds wrong in any layer: malformed, and expert messages above the level of chat."""
    said = [str(one.showname) for part in packet.layers for name, found in part._all_fields.items() if name.startswith("_ws.")
            for one in found.all_fields if one.showname]
    return [text for text in said if ("Malformed" in text or text.startswith("Expert Info")) and "(Chat/" not in text][:MOST]


def belongs(frame: Frame, difference: Difference) -> bool:
    """Whether a frame may hold one of the values that are theirs alone: the ends are the same, else the value is."""
    if difference.field.partition(".")[0] in ENDLESS or len(next(iter(difference.missing))) < 5:
        return any(value in "|".join(frame.values) for (value,) in difference.missing)
    return any(frame.ends == ends[:4] for ends in difference.missing)


def explain(corpora: Path, difference: Difference, heard: Listener) -> None:
    """Print one difference."""
    print(f"\n{difference.capture}\n  {difference.field}: {difference.why}")
    for title, values in (("theirs alone", difference.missing), ("ours alone", difference.more)):
        for value, count in list(values.items())[:MOST]:
            print(f"  {title} × {count}: {' '.join(value[:-1])} {value[-1]!r}")
    shown: set[tuple[str, ...]] = set()
    for frame in [f for f in read_frames(corpora / difference.capture, difference.field) if belongs(f, difference)][:MOST]:
        shown.add(frame.ends)
        print(f"  Wireshark, frame {frame.number} ({frame.layers}): {' '.join(frame.ends)} {frame.values}")
        for complaint in frame.complaints:
            print(f"      {complaint}")
    kind, _, name = difference.field.partition(".")
    for fact in [f for f in heard.facts if f.kind == kind and f.ends in shown][:MOST]:
        print(f"  we: {' '.join(fact.ends)} {fact.fields.get(name.removesuffix('_ndpi'))!r}")


def main(words: list[str]) -> int:
    """Explain every difference of the captures asked for, all by default; 1 where corpora or tshark are missing."""
    root = Path(__file__).resolve().parent.parent.parent
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy explain", description="What Wireshark says where a field differs.")
    parser.add_argument("--corpora", type=Path, default=Path(os.environ.get("GUANKOU_CORPORA", root.parent / "shared" / "corpora")))
    parser.add_argument("part", nargs="*", help="of a capture's path; all captures that differ by default")
    given = parser.parse_args(words)
    if not (given.corpora / "MANIFEST.tsv").is_file() or shutil.which("tshark") is None:
        print(f"needed: corpora ({given.corpora}; --corpora names others) and tshark (deploy/setup.sh explain)", file=sys.stderr)
        return 1
    fingerprints = read_ja4(given.corpora)
    explained = 0
    for capture, expected in expected_captures(given.corpora):
        if given.part and not any(part in capture for part in given.part):
            continue
        tally = Tally()
        heard = compare_capture(given.corpora, capture, expected, tally, fingerprints)
        for difference in tally.differences:
            explain(given.corpora, difference, heard)
        explained += len(tally.differences)
    print(f"\n{explained} fields differ")
    return 0
