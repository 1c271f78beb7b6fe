"""The process in which math-verify compares what LaTeX writes: JSON pairs in, JSON verdicts out.

It is started by its path and imports nothing of ours. math-verify's own time limit is a signal that does not
stop every hang, so it is off: the parent keeps the clock and kills.
"""

import json
import resource
import signal
import sys
from multiprocessing.connection import Connection

from math_verify import parse, verify

MEMORY_B = 2 << 30


def compare(predicted: str, gold: str) -> bool | None:
    """Return whether two answers in LaTeX are equal; None when the gold answer cannot be read."""
    golds = parse(rf"\boxed{{{gold}}}", parsing_timeout=None)
    if not golds:
        return None
    return bool(verify(golds, parse(rf"\boxed{{{predicted}}}", parsing_timeout=None), timeout_seconds=None))


def main() -> None:
    """Serve until the parent goes; `argv`: the descriptor of the connection, and whole seconds.

    After that many seconds a comparison ends this process, in case the parent that should was killed itself.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_B, resource.getrlimit(resource.RLIMIT_AS)[1]))
    connection = Connection(int(sys.argv[1]))
    connection.send_bytes(b"ready")
    while True:
        try:
            request = connection.recv_bytes()
        except EOFError:
            return
        signal.alarm(int(sys.argv[2]))
        verdict = compare(*json.loads(request))
        signal.alarm(0)
        connection.send_bytes(json.dumps(verdict).encode())


if __name__ == "__main__":
    main()
