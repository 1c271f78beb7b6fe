"""The stages of a corpus, run in this process in the folder of a project."""

import json
from pathlib import Path
from typing import Any

from thoughtmill.factory import generate, verify
from thoughtmill.factory.core import params


def lay_out(folder: Path, given: dict[str, Any]) -> None:
    """Make a project without exemplars."""
    (folder / "params.yaml").write_text(json.dumps(given))
    (folder / "dvc.yaml").write_text("stages: {}\n")
    (folder / "data").mkdir()
    (folder / "data" / "exemplars.jsonl").touch()


def generate_and_verify() -> None:
    """Run `generate` and `verify` for every thought of the project in this folder."""
    for thought in params.thoughts():
        generate.main(thought)
        verify.main(thought)
