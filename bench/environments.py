"""Virtual environments for the peers of `bench.teacher` and for trainers, made when they are first asked for.

None of them can share ours, or each other's: they pin packages that others pin otherwise.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

# What the packages import and do not ask for stands beside them. datatrove's own extra for inference
# would bring vLLM and SGLang; what it needs to call an endpoint are the five that follow it here.
REQUIREMENTS = {
    "openai": ("openai[aiohttp]",),
    "litellm": ("litellm[proxy]", "diskcache", "soundfile"),
    "curator": ("bespokelabs-curator",),
    "datatrove": ("datatrove[io]", "httpx", "aiofiles", "aiosqlite", "orjson", "xxhash"),
    "data_designer": ("data-designer",),
    "distilabel": ("distilabel[openai]", "requests"),
}

TRAINERS = {"verifiers": ("verifiers>=0.4", "--editable", str(Path(__file__).parents[1]))}
"""Trainers that take our rewards, with Thoughtmill beside them."""


class CannotRun(Exception):
    """A client that cannot be installed or run here, and why."""


def python(name: str, folder: Path) -> Path:
    """Return the Python that has a client or trainer; `folder` holds an environment for each."""
    requirements = {**REQUIREMENTS, **TRAINERS}.get(name)
    if requirements is None:
        return Path(sys.executable)
    environment = folder / name
    found, ready = environment / "bin" / "python", environment / "ready"
    if not ready.exists():
        venv.create(environment, with_pip=True, clear=True)
        words = [found, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
        installed = subprocess.run(words, capture_output=True, text=True, check=False)
        if installed.returncode:
            raise CannotRun(f"not installed: {last_line(installed.stderr)}")
        ready.touch()
    return found


def variables(found: Path) -> dict[str, str]:
    """Return the environment variables that keep a peer from calling home, and from fetching tables.

    The token counter that litellm and curator use fetches its table; litellm carries the same one.
    """
    tables = found.parents[1].glob("lib/python*/site-packages/litellm/litellm_core_utils/tokenizers")
    return {
        **os.environ,
        "CURATOR_VIEWER": "0",
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NEMO_TELEMETRY_ENABLED": "false",
        "OPENAI_API_KEY": "none",
        "TELEMETRY_ENABLED": "0",
        "TIKTOKEN_CACHE_DIR": str(next(tables, "")),
    }


def last_line(text: str) -> str:
    """Return what an error output ends with, as a cell of a table."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else "no word of why").replace("|", "/")[:160]
