"""The peer: nfstream until its first flow. Prints the moment.

    python tests/bench/peer_first_flow.py CAPTURE
"""

import json
import sys
import time

from nfstream import NFStreamer

if __name__ == "__main__":
    for _flow in NFStreamer(source=sys.argv[1], n_dissections=20, n_meters=1, statistical_analysis=False):
        print(json.dumps({"flow": time.time()}))
        break
