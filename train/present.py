"""Stage `present`: write the report of the corpus with a section about the students."""

from pathlib import Path

from thoughtmill.factory import report
from thoughtmill.factory.core import params, stage
from thoughtmill.factory.core.files import root
from thoughtmill.factory.pages.students import answered


def present(data: Path, thoughts: tuple[str, ...], settings: report.ReportSettings) -> None:
    """Read the tables and the students' results under `data`, write `students/index.html` there."""
    with report.opened(data, thoughts) as (con, manifest):
        section = answered(data / "students.json", manifest["data_version"])
        html = report.page(con, settings, manifest, [section])
    report.write_page(data / "students", html)


def main() -> None:
    """Read all tables and the students' results, write `data/students/index.html`."""
    present(root() / "data", params.thoughts(), params.section("report", report.ReportSettings))


if __name__ == "__main__":
    stage.run(main)
