"""Payload in order, cut into units for the detectors and events for the protocol parsers; flows come before.

Only flows that may be looked into have an entry here. Every octet of their payload ends up under exactly one reason.
"""
