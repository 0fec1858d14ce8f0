"""The closed lists that records use: one code, one word in each language."""

from enum import IntEnum, StrEnum


class Tier(IntEnum):
    """How sure a finding is; a low one is counted, never alerted alone (signatures.md section 0)."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Level(StrEnum):
    """What the law calls the data a signature stands for."""

    PI = "pi"
    SENSITIVE = "sensitive"
    IMPORTANT = "important"
    OTHER = "other"


class Reason(StrEnum):
    """Where an octet went: every octet on the wire has exactly one of these (coverage ledger), those of BESIDE_THE_WIRE left out."""

    HEADERS = "headers"              # link, network and transport headers; frames that are not IP
    INSPECTED = "inspected"          # read by protocol and detectors
    ENCRYPTED = "encrypted"          # known to be TLS, SSH, QUIC, ESP and the like
    UNDECODABLE = "undecodable"      # a coding or container that no decoder here covers, or a damaged one
    TRUNCATED = "truncated"          # on the wire, but not in the capture (snap length)
    SKIPPED_POLICY = "skipped_policy"  # the line has no recorded legal basis, or is in metadata mode
    NOT_OUTBOUND = "not_outbound"    # comes from abroad or stays inside: content is not looked into
    DUPLICATE = "duplicate"          # retransmitted octets, already accounted for once
    MISSED = "missed"                # a sequence gap: octets that passed but never came by the sensor (not on our wire)
    SHED = "shed"                    # given up under load
    KERNEL_LOST = "kernel_lost"      # dropped by the kernel before the sensor (estimated from packets)
    GIVEN_UP = "given_up"            # records given up for want of disk: octets that have another reason too, but no flow records any more


BESIDE_THE_WIRE = (Reason.MISSED, Reason.KERNEL_LOST, Reason.GIVEN_UP)  # never came by, or count octets that have a reason: not in the sum


class DomesticEnd(StrEnum):
    """Which end of a flow lies in the territory; `src` opened the flow."""

    SRC = "src"
    DST = "dst"
    BOTH = "both"
    NONE = "none"
    UNKNOWN = "unknown"


class Evidence(StrEnum):
    """Content seen and metadata inferred are never summed (design.md, promise 1)."""

    SEEN = "seen"
    INFERRED = "inferred"
