"""Stands in for `python`: a server that has imported the libraries forks a process for what it is given.

Run as `python -I -S fork_client.py SOCKET -m MODULE ...`, `-c CODE ...` or `FILE ...`. It has the folder, the
environment, the open files and the end of a process of its own: signals go to that process, its status comes
back, and it is killed with this one. A first `-u` changes nothing.
"""

import marshal
import os
import signal
import socket
import sys
from types import FrameType


def main() -> None:
    """Have the process started, wait for its end, and end likewise."""
    path, *words = sys.argv[1:]
    if words[:1] == ["-u"]:
        del words[0]
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)

    def pass_on(number: int, _: FrameType | None) -> None:
        server.sendall(bytes([number]))

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # until the request is on its way
    for number in numbers:
        signal.signal(number, pass_on)
    request = marshal.dumps((words, os.getcwd(), dict(os.environ)))
    socket.send_fds(server, [len(request).to_bytes(8)], [0, 1, 2])
    server.sendall(request)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    if pid := int.from_bytes(server.recv(8, socket.MSG_WAITALL)):
        with open("/proc/self/comm", "w") as name:  # for who wants to kill it, and not this one
            name.write(f"={pid}")
    said = server.recv(8, socket.MSG_WAITALL)
    if len(said) < 8:
        print("fork_client: the process that forks has died", file=sys.stderr, flush=True)
        os._exit(70)
    status = int.from_bytes(said, signed=True)
    if status < 0:  # a signal ended it
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main()
