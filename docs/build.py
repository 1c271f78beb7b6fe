"""Builds the site: `python docs/build.py` writes `site/html` from the Markdown pages and the docstrings.

README and the other pages of the root are in the site, side by side with those of `docs/`, and so is every
file that a page links to. The API reference has a page for each room (package). A warning is an error.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SITE = ROOT / "site"
BESIDES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "examples/README.md",
    "bench/gpu/README.md",
)
"""Pages of the site that are not in `docs/`."""
NAMES = {
    "README.md": "index.md",
    "examples/README.md": "examples.md",
    "bench/gpu/README.md": "fifteen-minutes-on-a-gpu.md",
}
"""Pages that have another name in the site, where all pages are side by side."""
LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)")
HTML_LINK = re.compile(r'(?:(?<=src=")|(?<=href="))(?!https?:|mailto:|#)([^"#]+)')


def main() -> int:
    """Put the pages together in `site/pages` and let Zensical make HTML of them; return its exit status."""
    shutil.rmtree(SITE, ignore_errors=True)
    pages = SITE / "pages"
    pages.mkdir(parents=True)
    for source in (*map(ROOT.joinpath, BESIDES), *sorted(ROOT.glob("docs/*.md"))):
        text = source.read_text("utf-8")
        for target in linked_files(source, text):
            copy = pages / in_the_site(target)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target, copy)
        (pages / in_the_site(source)).write_text(moved(source, text), "utf-8")
    shutil.copyfile(ROOT / "docs" / "site.css", pages / "site.css")
    config = yaml.safe_load((ROOT / "docs" / "mkdocs.yml").read_text("utf-8"))
    reference = dict(reference_pages())
    for name, text in reference.items():
        (pages / name).write_text(text, "utf-8")
    config["nav"].append({"Rooms": [{text.split("\n")[0][2:]: name} for name, text in reference.items()]})
    (SITE / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "-f", SITE / "mkdocs.yml"], check=False
    )
    return done.returncode


def in_the_site(path: Path) -> Path:
    """Return where a file of the repository is in the site.

    >>> in_the_site(ROOT / "README.md").as_posix(), in_the_site(ROOT / "docs" / "cli.md").as_posix()
    ('index.md', 'cli.md')
    """
    path = path.relative_to(ROOT)
    name = Path(NAMES.get(path.as_posix(), path))
    return name.relative_to("docs") if name.is_relative_to("docs") else name


def links(text: str) -> list[str]:
    """Return the files that a page links to, as it writes them."""
    return LINK.findall(text) + HTML_LINK.findall(text)


def linked_files(source: Path, text: str) -> Iterator[Path]:
    """Yield the files, pages apart, that a page links to."""
    for link in links(text):
        target = (source.parent / link).resolve()
        if target.is_file() and target.suffix != ".md":
            yield target


def moved(source: Path, text: str) -> str:
    """Return a page with its links pointing at where their files are in the site."""

    def place(link: re.Match[str]) -> str:
        target = (source.parent / link[1]).resolve()
        return in_the_site(target).as_posix() if target.exists() else link[1]

    return HTML_LINK.sub(place, LINK.sub(place, text))


def reference_pages() -> Iterator[tuple[str, str]]:
    """Yield (name, text) of the page of each room: all its modules that hold something."""
    for folder in ("factory", "schemas", "train"):
        for init in sorted((ROOT / folder).rglob("__init__.py")):
            room = "thoughtmill." + ".".join(init.parent.relative_to(ROOT).parts)
            modules = [room, *(f"{room}.{path.stem}" for path in sorted(init.parent.glob("[!_]*.py")))]
            parts = "\n\n".join(f"::: {module}" for module in modules)
            yield f"{room}.md", f"# {room.removeprefix('thoughtmill.')}\n\n{parts}\n"


if __name__ == "__main__":
    sys.exit(main())
