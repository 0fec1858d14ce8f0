"""Keyed hash of a flow's two ends, the same for both directions.

Multiply-mix of 64 bits under secret words: 2–3 ns, and an attacker who does not know the words cannot aim at one set.
"""

import numpy as np

from detectors.kernel import kernel

LOW32 = np.uint64(0xFFFFFFFF)
S32 = np.uint64(32)


@kernel
def mix(a, b):
    """High and low half of the 128-bit product, folded."""
    a0, a1, b0, b1 = a & LOW32, a >> S32, b & LOW32, b >> S32
    low, middle1, middle2 = a0 * b0, a1 * b0, a0 * b1
    carry = ((low >> S32) + (middle1 & LOW32) + (middle2 & LOW32)) >> S32
    high = a1 * b1 + (middle1 >> S32) + (middle2 >> S32) + carry
    return high ^ (a * b)


@kernel
def is_swapped(frame):
    """Whether the sender is the larger of the two ends."""
    if frame.src_high != frame.dst_high:
        return frame.src_high > frame.dst_high
    if frame.src_low != frame.dst_low:
        return frame.src_low > frame.dst_low
    return frame.sport > frame.dport


@kernel
def hash_flow(frame, swapped, secrets):
    """128 bits of identity (high, low) of the flow that `frame` belongs to."""
    p, q = np.uint64(frame.sport), np.uint64(frame.dport)
    if frame.proto in (1, 58):  # an ICMP message's type is not an end
        p = q = np.uint64(0)
    a, b, c, d = frame.src_high, frame.src_low, frame.dst_high, frame.dst_low
    if swapped:
        a, b, c, d, p, q = c, d, a, b, q, p
    rest = (p << np.uint64(48)) | (q << S32) | (np.uint64(frame.vlan) << np.uint64(8)) | np.uint64(frame.proto)
    high = mix(mix(a ^ secrets[0], b ^ secrets[1]) ^ c ^ secrets[2], mix(d ^ secrets[3], rest ^ secrets[4]) ^ secrets[5])
    low = mix(mix(b ^ secrets[5], d ^ secrets[6]) ^ rest ^ secrets[7], mix(a ^ secrets[2], c ^ secrets[1]) ^ rest ^ secrets[3])
    return high, low
