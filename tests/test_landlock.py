"""Under Landlock a process reads what it was shown and nothing else."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = """
import ctypes, sys
sys.path.insert(0, sys.argv[3])
from thoughtmill.factory.solvers.program import landlock
libc = ctypes.CDLL(None, use_errno=True)
try:
    libc.prctl(38, 1, 0, 0, 0)
    landlock.restrict(libc, [sys.argv[1], "/not/there"])
except (OSError, AttributeError):
    print("missing")
    sys.exit()
for path, mode in ((sys.argv[1] + "/file", "r"), (sys.argv[1] + "/file", "w"), (sys.argv[2] + "/file", "r")):
    try:
        open(path, mode).close()
        print("yes")
    except PermissionError:
        print("no")
"""


def test_shown_files_are_read_and_nothing_is_written(tmp_path: Path) -> None:
    for name in ("shown", "hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    arguments = [str(tmp_path / "shown"), str(tmp_path / "hidden"), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=600, check=True
    )
    assert done.stdout.split() in (["yes", "no", "no"], ["missing"])
    assert (tmp_path / "shown" / "file").read_text() == "x"
