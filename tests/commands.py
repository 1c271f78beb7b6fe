"""Commands of ours, run in the process of the test: a process each would take a second, most of it imports."""

import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from thoughtmill.factory.commands import cli


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `thoughtmill` in a folder, with no environment but that given; return its status and what it said."""
    out, err = StringIO(), StringIO()
    told = {"PATH": "", "HOME": str(folder)} | environment
    with (
        chdir(folder), patch.dict(os.environ, told, clear=True), patch.object(sys, "argv", ["thoughtmill", *words]),
        redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        try:
            cli.main()
        except SystemExit as ended:
            status = ended.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
