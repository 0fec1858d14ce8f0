"""From a unit's octets to normalised UTF-8 text: codings, charset, escapes. Before: sensor.stream. After: detectors.scan_kernels.

A further coding is one more file here and one more step in `step.py`. Nothing here looks for values.
"""
