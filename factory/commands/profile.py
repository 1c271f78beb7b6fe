"""Put a profile into `params.yaml`: the base, roles, training and answering of students, as one choice.

A profile is a file of sections, such as `params/smol.yaml`. Each takes the place of the section of its name;
all other lines stay as they are.
"""

import argparse
import re
from pathlib import Path

from thoughtmill.factory.check import check
from thoughtmill.factory.core import params
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.files import aside, existing, root, text_of

SECTION = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)
"""Matches where a section of a file of parameters begins."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the profile."""
    parser.add_argument("profile", help="a name, such as smol for params/smol.yaml, or a file")


def call(words: argparse.Namespace) -> str:
    """Put the profile into `params.yaml`."""
    folder = root()
    file = Path(words.profile) if words.profile.endswith(".yaml") else folder / f"params/{words.profile}.yaml"
    there = ", ".join(sorted(path.stem for path in (folder / "params").glob("*.yaml"))) or "none"
    existing(file, f"there are: {there}")
    names = put(file, folder / "params.yaml")
    train = "train with `make students`, or `dvc repro` in train/"
    return f"params.yaml has {', '.join(names)} of {words.profile}: {train}"


def put(profile: Path, target: Path) -> list[str]:
    """Put the sections of a profile into a file of parameters and return their names.

    The file is written only if the whole is valid.
    """
    given = sections(profile)
    if not given:
        raise ThoughtmillError(f"{profile} holds no sections")
    with aside(target) as part:
        kept = [given.get(name, text) for name, text in sections(target).items()]
        new = [text for name, text in given.items() if name not in sections(target)]
        part.write_text("".join([before(target), *kept, *new]), "utf-8")
        check(params.load(part))
    return list(given)


def sections(path: Path) -> dict[str, str]:
    """Return the text of each section of a file of parameters by its name, to the next section."""
    parts = SECTION.split(text_of(path))[1:]
    return {part.partition(":")[0].rstrip(): part.rstrip("\n") + "\n\n" for part in parts}


def before(path: Path) -> str:
    """Return the text of a file before its first section."""
    return SECTION.split(text_of(path))[0]
