"""Octets → columns: link layers, tags, addresses, ports and where the payload lies; packets come before, flows after.

Never looks into the payload. A packet that cannot be decoded keeps its row and gets a status.
"""
