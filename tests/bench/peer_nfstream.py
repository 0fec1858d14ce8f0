"""The peer: nfstream over a capture, twenty dissections a flow, its own choice of meters (a core less than there are). Prints JSON.

    python tests/bench/peer_nfstream.py CAPTURE
"""

import json
import resource
import sys
import time

from nfstream import NFStreamer

if __name__ == "__main__":
    begun, packets, flows = time.perf_counter(), 0, 0
    for flow in NFStreamer(source=sys.argv[1], n_dissections=20, statistical_analysis=False):
        packets += flow.bidirectional_packets
        flows += 1
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(json.dumps({"packets": packets, "flows": flows, "seconds": took, "peak_octets": peak}))
