"""Datagrams: each a message of its own."""

import numpy as np

from detectors.kernel import kernel
from detectors.units import FIRST, LAST
from sensor.protocol.recognise_kernels import DNS, ESP, UNKNOWN, recognise_datagram
from sensor.stream.body_kernels import ENCRYPTED, INSPECTED, RAW, SHED, TRUNCATED, UNDECODABLE, UNTIL_CLOSE, account, end_unit
from sensor.stream.columns import EVENTS, NEXT_STREAM, SLOT, UNITS, WINDOW
from sensor.stream.framing_kernels import consume
from sensor.stream.window_kernels import drop_window, new_message, place_datagram

UDP, ESP_PROTOCOL = 17, 50


@kernel
def take_datagram(streams, row, direction, buf, frame, ts_ns):
    """One datagram, or the payload of any other protocol."""
    wire = np.int64(frame.payload_wire)
    start, length = frame.payload, min(np.int64(frame.payload_len), wire)
    account(direction, TRUNCATED, wire - length)
    if length == 0:
        return
    direction.ts_ns = ts_ns
    if frame.fragment != 0:  # reassembly is not here yet
        account(direction, UNDECODABLE, length)
        return
    kind = ESP if frame.proto == ESP_PROTOCOL else UNKNOWN
    if frame.proto == UDP:
        kind = recognise_datagram(buf, start, start + length, frame.sport, frame.dport)
    if kind != UNKNOWN:
        direction.proto = kind
    if kind not in (UNKNOWN, DNS):
        account(direction, ENCRYPTED, length)
    elif length > WINDOW or (kind != DNS and not direction.outbound):
        new_message(streams, direction)  # larger than a window: a stream of its own
        direction.state, direction.left = RAW, UNTIL_CLOSE
        consume(streams, row, direction, buf, start, start + length)
        end_unit(streams, row, direction)
    else:
        hand_on(streams, row, direction, buf, start, length, kind)


@kernel
def hand_on(streams, row, direction, buf, start, length, kind):
    """A datagram that one window holds, as an event or as a unit."""
    window, at = place_datagram(streams, buf, start, start + length)
    if window < 0:
        account(direction, SHED, length)
    elif kind == DNS:
        hand_on_dns(streams, row, direction, window, at, length)
    elif not hand_on_unit(streams, row, direction, window, at, length):
        account(direction, SHED, length)


@kernel
def hand_on_dns(streams, row, direction, window, at, length):
    """A DNS message is an event; its octets are read by the parser."""
    account(direction, INSPECTED, length)
    direction.messages += 1
    n = streams.control[EVENTS]
    if n >= streams.events.shape[0]:
        drop_window(streams, np.int32(window))
        return
    event = streams.events[n]
    base = window * SLOT
    event.start, event.stop, event.ts_ns = base + at, base + at + length, direction.ts_ns
    event.direction, event.window, event.proto, event.what = row, window, DNS, 0
    streams.control[EVENTS] = n + 1


@kernel
def hand_on_unit(streams, row, direction, window, at, length):
    """A datagram's payload is a unit; False when there is no room for it."""
    n = streams.control[UNITS]
    if n >= streams.units.shape[0]:
        drop_window(streams, np.int32(window))
        return False
    unit = streams.units[n]
    unit.stream, unit.ts_ns, unit.direction = streams.control[NEXT_STREAM], direction.ts_ns, row
    streams.control[NEXT_STREAM] += 1
    unit.window, unit.start, unit.stop, unit.carried = window, at, at + length, 0
    unit.coding = unit.charset = unit.media = 0
    unit.marks = FIRST | LAST
    streams.control[UNITS] = n + 1
    return True
