"""The zygote: a warm interpreter that forks one single-use child for each program.

It runs as its own process, started by `factory.solvers.program.processes`, holds one request at a time,
keeps the wall time, and kills all that a program has left behind before it takes the next. It ends when its
parent does: the request pipe closes.
"""

import builtins
import contextlib
import importlib
import json
import math
import os
import random
import resource
import select
import struct
import sys
import time
from typing import Any, NoReturn

from thoughtmill.factory.solvers.program import runner
from thoughtmill.factory.solvers.program.fences import FENCES, Fence

REQUEST = struct.Struct(">dII")
REPLY = struct.Struct(">cI")
BLOCKED_S = 3.0


def main() -> NoReturn:
    """Serve programs until the parent is gone. The only argument is the configuration as JSON."""
    settings = json.loads(sys.argv[1])
    requests, replies = _move_pipes()
    sys.path.remove(settings["root"])
    FENCES[settings["fence"]].prepare()
    sys.path, python = sys.path + settings["packages"], sys.path
    for name in settings["modules"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.path = python  # other packages installed here must not change a verdict
    fence = _enter_fence(settings, replies)
    os.environ.clear()
    sys.argv[:] = sys.orig_argv[:] = [""]
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # `site` defines them, and is not loaded here
    for name in [name for name in sys.modules if name.split(".")[0] in ("factory", "ctypes", "_ctypes")]:
        del sys.modules[name]
    os.write(replies, REPLY.pack(b"r", 0))
    while True:
        wall_s, body_length, tail_length = REQUEST.unpack(_read(requests, REQUEST.size))
        program = _read(requests, body_length).decode(), _read(requests, tail_length).decode()
        _serve(program, wall_s, (requests, replies), fence)
        del program


def _enter_fence(settings: dict[str, Any], replies: int) -> Fence:
    """Take up the fence; where the system does not offer it, say so and end."""
    limits = settings["limits"] | {"mapped_bytes": _mapped_bytes()}
    fence = FENCES[settings["fence"]](limits, settings["readable"])
    try:
        fence.enter_zygote()
    except OSError as error:
        line = str(error).encode()
        os.write(replies, REPLY.pack(b"m", len(line)) + line)
        os._exit(0)
    return fence


def _mapped_bytes() -> int:
    """Return how much memory the interpreter itself has mapped; a guess where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 2**30


def _move_pipes() -> tuple[int, int]:
    """Take the pipes away from where a program's input and output would be."""
    pipes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    return pipes


def _read(pipe: int, length: int) -> bytes:
    """Read exactly so many bytes; the end of the pipe is the end of this process."""
    data = b""
    while len(data) < length:
        piece = os.read(pipe, length - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def _serve(program: tuple[str, str], wall_s: float, pipes: tuple[int, int], fence: Fence) -> None:
    """Run one program in its own child; send on its line, or `t` late, `x` dead, `g` parent gone."""
    deadline = time.monotonic() + wall_s
    answers, answer = os.pipe()
    child = os.fork()
    if child == 0:
        for pipe in (*pipes, answers):
            os.close(pipe)
        _run_child(program, answer, fence)
    os.close(answer)
    kind, line = _wait(answers, pipes[0], deadline, (child, fence.limits["wall_s"]))
    os.close(answers)
    died_of = fence.end(child)
    if kind == b"g":
        os._exit(0)
    if kind == b"x":
        line = str(died_of).encode()
    os.write(pipes[1], REPLY.pack(kind, len(line)) + line)


def _run_child(program: tuple[str, str], answer: int, fence: Fence) -> NoReturn:
    """Lock this process up, then run the program in it. Chance is the same on every run."""
    os.setsid()
    vars(time).update(sleep=_no_sleep)
    random.seed(0)
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(0)
    runner.watch()
    fence.enter_child()
    runner.run(*program, answer, fence.limits["output_kb"] * 1024)


def _no_sleep(seconds: float, /) -> None:
    """Replace `time.sleep`: a program that only waits is not worth the time."""


def _computed_s(child: int) -> float:
    """Return the processor time of a child, seconds; ever more where the system does not report it."""
    try:
        return time.clock_gettime(~child << 3 | 2)  # Linux: clock_getcpuclockid
    except (AttributeError, OSError):
        return time.monotonic()


def _wait(answers: int, requests: int, deadline: float, late: tuple[int, float]) -> tuple[bytes, bytes]:
    """Wait for the child's line, its death or the deadline; with the parent gone, end at once.

    A child that has not computed at all for `BLOCKED_S` waits for something that never comes, and is late.
    The line of a late child is `own` when that is its own doing and not a busy machine's: it is blocked, or
    has computed for so many seconds. `late` is the child and these seconds.
    """
    poll = select.poll()
    poll.register(answers, select.POLLIN)
    poll.register(requests, 0)
    computed_s, since = 0.0, time.monotonic()
    while True:
        left_s = min(deadline - time.monotonic(), BLOCKED_S / 4)
        ready = dict(poll.poll(max(0, math.ceil(left_s * 1000))))
        if requests in ready:
            return b"g", b""
        if answers in ready:
            line = os.read(answers, 65536)
            return (b"d", line) if line else (b"x", b"")
        now, before_s = time.monotonic(), computed_s
        computed_s = _computed_s(late[0])
        since = since if computed_s == before_s else now
        if now >= min(deadline, since + BLOCKED_S):
            own = computed_s >= late[1] or now >= since + BLOCKED_S
            return b"t", b"own" if own else b""
