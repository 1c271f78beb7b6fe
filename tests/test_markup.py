"""Templates into HTML: nothing that is put into a page can become a part of it."""

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from thoughtmill.factory.pages import markup
from thoughtmill.factory.pages.markup import ReportSection, render


def test_what_is_put_into_a_template_is_escaped() -> None:
    shown = render("stacked.svg", label='<script>"]]>', segments=[], whole=1)
    assert "<script>" not in shown
    assert "&lt;script&gt;&#34;]]&gt;" in shown


def test_what_a_template_made_is_not_escaped_again() -> None:
    section = ReportSection("one", "One & all", render("stacked.svg", label="a", segments=[], whole=1))
    page = render("page.html", headline="<h1>", sections=[section])
    assert "<svg" in page
    assert "One &amp; all" in page
    assert "&lt;h1&gt;" in page


def test_a_value_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="segments"):
        render("stacked.svg", label="a", whole=1)


def test_a_template_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TemplateNotFound):
        render("nowhere.html")


def test_the_text_of_a_value_is_never_a_template() -> None:
    assert "{{ 7*7 }}" in render("stacked.svg", label="{{ 7*7 }}", segments=[], whole=1)


def test_the_head_of_a_page_is_written_once() -> None:
    heads = [path.name for path in markup.TEMPLATES.glob("*.html") if "<head>" in path.read_text("utf-8")]
    assert heads == ["document.html"]


def test_every_template_compiles() -> None:
    names = sorted(path.name for path in markup.TEMPLATES.iterdir())
    assert "page.html" in names
    for name in names:
        markup._environment.get_template(name)
