"""ClickHouse's engine as a server, from a library that was made to be embedded.

    python -m deploy.local.engine LIBRARY CONFIG

The library's own command line starts the listeners, then sleeps for years. It lacks a server's error handler: what fails before a
native connection stands (a refused login, an unknown database) aborts it. So the engine runs in a child, which is started again after
an abort, in about 0.6 s; any other end is the end of both. Over HTTP a refusal is an answer as usual.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
SERVE = (
    "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM numbers(1000000000) "
    "SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 100000000 FORMAT Null"
)


class Result(ctypes.Structure):
    """`local_result_v2` of the library's header."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("octets", ctypes.c_size_t),
        ("vector", ctypes.c_void_p),
        ("elapsed_s", ctypes.c_double),
        ("rows_read", ctypes.c_uint64),
        ("octets_read", ctypes.c_uint64),
        ("error", ctypes.c_char_p),
    )


def serve(library: str, config: str) -> None:
    """Run the engine here; comes back only when it could not start."""
    words = [word.encode() for word in ("clickhouse", f"--config-file={config}", "--query", SERVE)]
    engine = ctypes.CDLL(library)
    engine.query_stable_v2.restype = ctypes.POINTER(Result)
    result = engine.query_stable_v2(len(words), (ctypes.c_char_p * len(words))(*words))
    error = result.contents.error if result else None
    print((error or b"the engine ended").decode("utf-8", "replace"), file=sys.stderr, flush=True)


def main(library: str, config: str) -> int:
    """Keep an engine running; the exit code of the last one."""
    parent = os.getpid()
    while True:
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == parent:  # or it died before it could be watched
                serve(library, config)
            os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != -signal.SIGABRT:
            return code
        print("the engine aborted, and is started again", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
