"""Adding packets up by lane, direction and reason."""

import numpy as np

from detectors.kernel import kernel

OUT, IN, OTHER = 0, 1, 2
# Columns of the ledger; order of `sensor.coverage.ledger.REASONS`.
WIRE, HEADERS, SKIPPED_POLICY, NOT_OUTBOUND = 0, 1, 2, 3
# Outbound direction of flows that have none: their ends are not known to be at home and abroad, or both are at home.
NOBODY, STAYS = 2, 3


@kernel
def direction_of(outbound, direction):
    """OUT, IN or OTHER of a packet that goes `direction` (0 from src) in a flow whose outbound direction is `outbound`."""
    if outbound >= NOBODY:
        return OTHER
    return OUT if outbound == direction else IN


@kernel
def account_frames(wirelen, payload_wire, slot, direction, lane_of, outbound_of, content_of, rows, octets, counts):
    """Add the packets of `rows` (start, stop) to the ledger.

    wirelen, payload_wire  int32 (n,); slot int64 (n,), -1 where no flow; direction uint8 (n,)
    lane_of, outbound_of, content_of  by flow slot: the lane, the outbound direction (NOBODY, STAYS: none), the content entry (-1 none)
    octets, counts  int64 (lanes, 3, reasons): added to; payload of flows with a content entry is left to the streams
    """
    for i in range(rows[0], rows[1]):
        s = slot[i]
        lane, way, content = 0, OTHER, -1
        payload = np.int64(0)
        if s >= 0:
            lane = lane_of[s]
            way = direction_of(outbound_of[s], direction[i])
            content = content_of[s]
            payload = max(np.int64(0), min(np.int64(payload_wire[i]), np.int64(wirelen[i])))
        octets[lane, way, WIRE] += wirelen[i]
        counts[lane, way, WIRE] += 1
        octets[lane, way, HEADERS] += wirelen[i] - payload
        counts[lane, way, HEADERS] += 1
        if content < 0 and payload > 0:
            reason = NOT_OUTBOUND if way == IN or outbound_of[s] == STAYS else SKIPPED_POLICY
            octets[lane, way, reason] += payload
            counts[lane, way, reason] += 1
