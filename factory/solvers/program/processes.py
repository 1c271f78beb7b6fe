"""The parent's side of a zygote: start it, hand it programs, and replace it when it dies."""

import contextlib
import importlib.util
import json
import os
import signal
import struct
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from thoughtmill.factory.core import pipes
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.program.screen import Screened

REQUEST = struct.Struct(">dII")
REPLY = struct.Struct(">cI")
GRACE_S = 0.3
"""How much later than the zygote itself the parent gives a program up, seconds."""

START_S = 60.0
HEAVY_MODULES = ("numpy", "sympy")
PACKAGES = (*HEAVY_MODULES, "mpmath")  # which sympy needs
"""What programs may read beside Python's own."""

ROOT = Path(__file__).parents[4]
START = (
    "import sys; sys.path.insert(0, sys.argv.pop())\n"
    "from thoughtmill.factory.solvers.program.zygote import main; main()"
)


class FenceMissing(OSError):
    """The system does not offer a fence; the message says what is missing."""


class Zygote:
    """A zygote and the pipes to it, started when first needed; `heavy`: with numpy and sympy loaded."""

    def __init__(self, fence: str, limits: Limits, heavy: bool) -> None:
        self._arguments = (fence, limits, heavy)
        self._process: subprocess.Popen[bytes] | None = None
        self.seen: str | None = None
        """The first event by which the latest program reached beyond computing, as the fence saw it."""
        self.late = False
        """Whether the latest program was late by its own doing, and not because the machine is busy."""

    def run(self, program: Screened, wall_s: float) -> tuple[str, str]:
        """Run a program; return a kind and its text: a value's, or `timeout`, or `killed`.

        Raises FenceMissing when this fence cannot be started here.
        """
        self.seen, self.late = None, False
        process = self._process = self._process or _start(*self._arguments)
        body, tail = program.body.encode(), program.tail.encode()
        deadline = time.monotonic() + wall_s + GRACE_S
        try:
            assert process.stdin is not None
            request = REQUEST.pack(wall_s, len(body), len(tail)) + body + tail
            pipes.write(process.stdin.fileno(), request, deadline)
            kind, line = _receive(process, deadline)
        except (EOFError, BrokenPipeError):
            self.close()
            return "killed", "the process that held the program died"
        except TimeoutError:
            self.close()
            return "timeout", "the process that held the program was stopped"
        self.late = line == b"own" if kind == b"t" else kind == b"x" and int(line) == signal.SIGXCPU
        if kind == b"t":
            return "timeout", f"not done after {wall_s:g} s"
        if kind == b"x":
            return _death(int(line))
        word, _, text = " ".join(line.decode("utf-8", "replace").split()).partition(" ")
        if word.startswith("saw="):
            self.seen = word.removeprefix("saw=")
            word, _, text = text.partition(" ")
        return word, text

    def close(self) -> None:
        """Kill the zygote and all it holds."""
        if self._process is not None:
            _end(self._process)
            self._process = None


def _death(number: int) -> tuple[str, str]:
    """Say why a child died."""
    if number == signal.SIGXCPU:
        return "timeout", "the limit of processor time was reached"
    return "killed", f"signal {number}" if number else "it ended without an answer"


def _start(fence: str, limits: Limits, heavy: bool) -> "subprocess.Popen[bytes]":
    """Start a zygote and wait until it is ready."""
    packages = _package_folders()
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}  # not those of a virtual environment
    python = [sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")]
    libraries = [f"{folder}.libs" for folder in packages]  # where wheels keep theirs
    settings = {
        "fence": fence,
        "limits": limits.model_dump(),
        "root": str(ROOT),
        "packages": sorted({str(Path(folder).parent) for folder in packages}),
        "modules": (*HEAVY_MODULES, "numpy.random") if heavy else (),  # numpy loads it late, in every child
        "readable": [*python, *packages, *libraries],
    }
    process = subprocess.Popen(
        [sys.executable, "-s", "-S", "-P", "-c", START, json.dumps(settings), str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
        cwd="/",
        bufsize=0,
        start_new_session=True,
    )
    try:
        kind, reason = _receive(process, time.monotonic() + START_S)
    except (EOFError, TimeoutError):
        kind, reason = b"m", b"its process ended early"
    if kind == b"m":
        _end(process)
        raise FenceMissing(reason.decode())
    return process


def _package_folders() -> list[str]:
    """Return the folders of the packages that programs may import."""
    specs = [importlib.util.find_spec(name) for name in PACKAGES]
    return [str(Path(spec.origin).parent) for spec in specs if spec and spec.origin]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Close the pipes, at which a zygote ends itself, and kill one that does not."""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _receive(process: "subprocess.Popen[bytes]", deadline: float) -> tuple[bytes, bytes]:
    """Read one reply. Raises EOFError when the zygote is gone and TimeoutError when it is late."""
    kind, length = REPLY.unpack(_read(process, REPLY.size, deadline))
    return kind, _read(process, length, deadline)


def _read(process: "subprocess.Popen[bytes]", length: int, deadline: float) -> bytes:
    assert process.stdout is not None
    data = b""
    while len(data) < length:
        piece = pipes.read(process.stdout.fileno(), length - len(data), deadline)
        if not piece:
            raise EOFError
        data += piece
    return data
