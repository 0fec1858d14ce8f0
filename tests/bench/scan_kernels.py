"""The scan's first half alone: forms and checks, before neighbours, labels and tiers decide."""

from detectors.kernel import kernel
from detectors.scan_kernels import find_codes, find_literals, find_numbers


@kernel
def find_rows(text, bounds, scans):
    """Candidates that pass their checks in bounds[row, 0]..bounds[row, 1] of every row; how many. scans: one detectors.scan.SCAN."""
    scan, found = scans[0], 0
    for row in range(bounds.shape[0]):
        low, high = bounds[row, 0], bounds[row, 1]
        n = find_numbers(text, low, high, scan)
        n = find_codes(text, low, high, scan, n)
        found += find_literals(text, low, high, scan, n)
    return found
