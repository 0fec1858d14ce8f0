"""Names in clear, and where a message ends: streams come before, detectors and flow records after.

One protocol a file, without I/O. Kernels take contiguous octets and check every length before they read.
"""
