"""The site has every page, with links that lead on, and builds without a warning where its tools are."""

import subprocess
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
SPEC = spec_from_file_location("site_builder", ROOT / "docs" / "build.py")
assert SPEC is not None
assert SPEC.loader is not None
site = module_from_spec(SPEC)
SPEC.loader.exec_module(site)


def test_a_page_of_the_root_is_beside_those_of_docs() -> None:
    assert site.in_the_site(ROOT / "README.md") == Path("index.md")
    assert site.in_the_site(ROOT / "examples" / "README.md") == Path("examples.md")
    assert site.in_the_site(ROOT / "docs" / "cli.md") == Path("cli.md")


def test_links_point_to_where_files_are_in_the_site() -> None:
    text = "[a](docs/cli.md#x) [b](tests/test_site.py) [c](https://x.example/docs/y.md) [d](#here)"
    expected = "[a](cli.md#x) [b](tests/test_site.py) [c](https://x.example/docs/y.md) [d](#here)"
    assert site.moved(ROOT / "README.md", text) == expected
    assert site.moved(ROOT / "docs" / "cli.md", "[s](../SECURITY.md)") == "[s](SECURITY.md)"
    assert site.moved(ROOT / "README.md", '<img src="docs/report.png">') == '<img src="report.png">'


def test_files_that_a_page_links_to_are_found() -> None:
    text = '[t](tests/test_site.py) <img src="docs/report.png"> [p](docs/cli.md)'
    linked = {path.name for path in site.linked_files(ROOT / "README.md", text)}
    assert linked == {"test_site.py", "report.png"}


def test_the_navigation_has_every_page() -> None:
    nav = yaml.safe_load((ROOT / "docs" / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = [page for entry in nav for pages in entry.values() for page in _pages(pages)]
    sources = [*map(ROOT.joinpath, site.BESIDES), *ROOT.glob("docs/*.md")]
    assert sorted(listed) == sorted(site.in_the_site(source).as_posix() for source in sources)


def test_every_page_that_a_page_links_to_is_in_the_site() -> None:
    pages = [*map(ROOT.joinpath, site.BESIDES), *ROOT.glob("docs/*.md")]
    for page in pages:
        targets = [(page.parent / link).resolve() for link in site.links(page.read_text("utf-8"))]
        assert not [target for target in targets if target.suffix == ".md" and target not in pages], page


def _pages(entry: str | list[dict[str, str]]) -> list[str]:
    return [entry] if isinstance(entry, str) else [page for each in entry for page in each.values()]


def test_every_room_has_a_page_with_all_its_modules() -> None:
    pages = dict(site.reference_pages())
    assert "::: thoughtmill.factory.answers.number\n" in pages["thoughtmill.factory.answers.md"] + "\n"
    assert {"thoughtmill.schemas.md", "thoughtmill.train.policies.md"} <= set(pages)


@pytest.mark.skipif(find_spec("zensical") is None, reason="`make docs` installs what builds the site")
def test_it_builds_without_a_warning() -> None:
    words = [sys.executable, ROOT / "docs" / "build.py"]
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (site.SITE / "html" / "index.html").exists()
