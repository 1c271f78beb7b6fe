"""Stage `present`: the report of the corpus, and on the same page what students answered."""

from pathlib import Path

from thoughtmill.factory import report
from thoughtmill.factory.core import params, stage
from thoughtmill.factory.core.files import root
from thoughtmill.factory.pages.students import answered


def present(data: Path, thoughts: tuple[str, ...], settings: report.ReportSettings) -> None:
    """Read the tables under `data` and what students answered, write `students/index.html` beside them."""
    with report.opened(data, thoughts) as (con, manifest):
        section = answered(data / "students.json", manifest["data_version"])
        html = report.page(con, settings, manifest, [section])
    report.write_page(data / "students", html)


def main() -> None:
    """Read all tables and what students answered, write `data/students/index.html`."""
    present(root() / "data", params.thoughts(), params.section("report", report.ReportSettings))


if __name__ == "__main__":
    stage.run(main)
