"""Which packets are a worker's own, where several read the same capture."""

import numpy as np

from detectors.kernel import kernel
from sensor.flow.hash_kernels import mix


@kernel
def copy_share(packets, frames, n, share, shares, secrets, own_packets, own_frames):
    """Copy the rows of 0..n that belong to `share` of `shares`; their number.

    Told by the two addresses: both directions of a flow, and all fragments of a datagram, come to the same share.
    packets, own_packets  Packets; frames, own_frames  FRAME (capacity,); secrets  uint64 (8,)
    """
    kept = 0
    for i in range(n):
        frame = frames[i]
        mixed = mix(frame.src_high ^ frame.dst_high ^ secrets[0], frame.src_low ^ frame.dst_low ^ secrets[1])
        if np.int64(mixed >> np.uint64(33)) % shares != share:
            continue
        own_frames[kept] = frame
        own_packets.start[kept], own_packets.ts_ns[kept] = packets.start[i], packets.ts_ns[i]
        own_packets.caplen[kept], own_packets.wirelen[kept] = packets.caplen[i], packets.wirelen[i]
        own_packets.link[kept], own_packets.iface[kept] = packets.link[i], packets.iface[i]
        own_packets.vlan_tci[kept] = packets.vlan_tci[i]
        kept += 1
    return kept
