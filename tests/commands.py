"""Commands of ours, run in the process of the test: a process each would take a second of imports."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from thoughtmill.factory.commands import cli
from thoughtmill.factory.core import stage


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `thoughtmill` in a folder, with no environment but that given; return status and output."""
    return _called(cli.main, folder, words, environment)


def run_stage(
    main: Callable[..., None], folder: Path, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a stage by its `main` likewise, as `python -m` does."""
    return _called(lambda: stage.run(main), folder, words, environment)


def _called(
    main: Callable[[], object], folder: Path, words: tuple[str, ...], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    out, err = StringIO(), StringIO()
    told = {"PATH": "", "HOME": str(folder)} | environment
    with (
        chdir(folder), patch.dict(os.environ, told, clear=True), patch.object(sys, "argv", ["", *words]),
        redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        try:
            main()
        except SystemExit as ended:
            status = ended.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
