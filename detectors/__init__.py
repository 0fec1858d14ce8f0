"""Units of content → findings: decoded, scanned, checked, masked. The sensor comes before and after.

Knows nothing of packets, lines or permissions, and keeps no value in clear.
"""
