"""Brings a lab down when its owner has ended, however that came; a process of the lab like its servers.

    python -m deploy.local.watch OWNER FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.local.lab import bring_down
from deploy.local.process import wait_for_end

if __name__ == "__main__":
    wait_for_end(int(sys.argv[1]))
    bring_down(Path(sys.argv[2]))
