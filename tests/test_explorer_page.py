"""The explorer in a browser, opened from the file system: what it finds is what SQL finds."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import duckdb
import pytest

from tests import jugs
from tests.browsers import NO_CHROMIUM, chromium, resize, shown_s
from tests.firefox import NO_FIREFOX, Firefox, firefox
from thoughtmill.factory.core import corpus, tables
from thoughtmill.factory.pages import explorer
from thoughtmill.factory.pages.explorer.columns import FACETS
from thoughtmill.schemas import Completions, Problems, Records

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    " \u2028\u2029\u202e\x00 \\ud800 '\"`${1}</pre>"
)
"""It would take the page over if any of it were read as markup or code."""

SIZE = (1280, 900)
VISITS = count()
"""Numbers that make each visit's address another, so that the page is loaded or shown again."""

needs_chromium = pytest.mark.skipif(bool(NO_CHROMIUM), reason=NO_CHROMIUM)
needs_firefox = pytest.mark.skipif(bool(NO_FIREFOX), reason=NO_FIREFOX)


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield the jugs with a family, a problem without records, costs, thinking and hostile texts."""
    data = jugs.build(tmp_path_factory.mktemp("jugs"))
    change(data / "problems.parquet", Problems, _problem)
    change(data / "records.parquet", Records, _record)
    for thought in jugs.THOUGHTS:
        change(data / "completions" / f"{thought}.parquet", Completions, _completion)
    with tables.connect() as con:
        corpus.fill(con, data, jugs.THOUGHTS, "view")
        yield con


def change(path: Path, table: type, changed: object) -> None:
    assert callable(changed)
    tables.write(path, table, [row for old in list(tables.rows_of(path)) for row in changed(old)])


def _problem(row: tables.Row) -> list[tables.Row]:
    if row["problem_id"] == "jugs-3":
        return [row | {"parent_id": "jugs-2", "growth": "redraw"}]
    if row["problem_id"] == "jugs-2":
        return [row, row | {"problem_id": "jugs-alone", "source": HOSTILE, "problem": "Nobody asked me."}]
    return [row | {"problem": HOSTILE} if row["problem_id"] == "jugs-11" else row]


def _record(row: tables.Row) -> list[tables.Row]:
    if row["record_id"] == "jugs-1/cot/0":
        row["rationale"] = "Each holds 1 + 2 = 4 cups.\nThen 4 + 6 = 10.\n#### 10"
    return [row | {"rationale": HOSTILE} if row["record_id"] == "jugs-11/cot/0" else row]


def _completion(row: tables.Row) -> list[tables.Row]:
    number = int(row["problem_id"].removeprefix("jugs-"))
    hostile = {"completion": HOSTILE, "reasoning": HOSTILE} if number == 11 else {}
    return [row | {"cost_usd": number / 1000, "latency_s": 0.5} | hostile]


@pytest.fixture(scope="module")
def address(con: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    explorer.write(con, folder, "f" * 64)
    return (folder / "explore.html").as_uri()


@pytest.fixture(scope="module")
def driver(address: str) -> Iterator["WebDriver"]:
    with chromium(*SIZE) as driver:
        yield driver


def visit(driver: "WebDriver | Firefox", address: str, **wanted: object) -> None:
    """Open the explorer anew at what is wanted, and wait until it is shown."""
    driver.get(f"{address}?{next(VISITS)}#{urlencode(wanted, doseq=True)}")
    shown_s(driver)


def turn(driver: "WebDriver", address: str, **wanted: object) -> None:
    """Turn the explorer, which is opened if need be, to what is wanted, and wait until it is shown."""
    if not driver.current_url.startswith(address):
        visit(driver, address)
    script = "performance.mark('asked'); location.hash = arguments[0]"
    driver.execute_script(script, f"turn={next(VISITS)}&{urlencode(wanted, doseq=True)}")
    shown_s(driver)


def counted(driver: "WebDriver | Firefox") -> tuple[int, int]:
    """Return how many records and problems the page says that it found."""
    (said,) = texts(driver, "#status")
    found = re.match(r"([\d,]+) records? of ([\d,]+) problems?", said)
    assert found is not None, said
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


def asked(con: duckdb.DuckDBPyConnection, where: str) -> tuple[int, int]:
    """Return how many records and problems meet a condition, by SQL over the corpus' own tables and views."""
    found = con.execute(
        "select count(r.record_id), count(distinct p.problem_id)"
        " from problems p left join records r using (problem_id)"
        " left join verdicts v using (record_id) left join completions c on c.completion_id = r.completion_id"
        f" left join agreement a on a.problem_id = p.problem_id where {where}"
    ).fetchone()
    assert found is not None
    return found


def texts(driver: "WebDriver | Firefox", selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((found) => found.textContent)"
    found: list[str] = driver.execute_script(script, selector)
    return found


@needs_chromium
def test_the_first_view_lists_problems_and_loads_nothing_but_files_beside_it(
    driver: "WebDriver", address: str
) -> None:
    visit(driver, address)
    assert counted(driver) == (48, 13)
    assert len(texts(driver, ".hit")) == 13
    loaded = driver.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert all(name.startswith(address.removesuffix("explore.html")) for name in loaded)
    logged = driver.get_log("browser")  # type: ignore[no-untyped-call]
    assert not [entry for entry in logged if entry["level"] == "SEVERE"]


SAME = {
    "thought": "r.thought", "outcome": "v.outcome", "fate": "if(r.kept, 'kept', r.drop_reason)",
    "split": "coalesce(r.split, p.split)", "source": "p.source", "growth": "coalesce(p.growth, '(original)')",
}  # fmt: skip


@needs_chromium
@pytest.mark.parametrize("facet", SAME)
def test_a_filter_finds_what_sql_finds(
    driver: "WebDriver", con: duckdb.DuckDBPyConnection, address: str, facet: str
) -> None:
    values = con.execute(
        f"select distinct {SAME[facet]} from problems p left join records r using (problem_id)"
        " left join verdicts v using (record_id) where r.record_id is not null or ? in ('source', 'growth')",
        [facet],
    ).fetchall()
    assert len(values) > 1
    for (value,) in values:
        turn(driver, address, **{facet: value})
        assert counted(driver) == asked(con, f"{SAME[facet]} = {corpus.quoted(value)}")


@needs_chromium
@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"gold": "doubtful"}, "p.problem_id in (select problem_id from doubtful_golds)"),
        ({"agreement": "all agree"}, "a.answers > 1 and a.answers = a.agreeing"),
        ({"agreement": ["all agree", "no answer"]},
         "a.answers = 0 or a.answers > 1 and a.answers = a.agreeing"),
        ({"failed": "steps"},
         "r.record_id in (select record_id from checks where \"check\" = 'steps' and not passed)"),
        ({"min_cost_usd": 0.002, "max_cost_usd": 0.004}, "c.cost_usd between 0.0019 and 0.0041"),
        ({"thought": ["pot", "eot"], "outcome": "correct", "min_cost_usd": 0.003},
         "r.thought in ('pot', 'eot') and v.outcome = 'correct' and c.cost_usd > 0.0029"),
        ({"q": "unknowns"}, "contains(r.rationale, 'unknowns')"),
        ({"q": "UNKNOWNS jugs", "outcome": "correct"},
         "contains(r.rationale, 'unknowns') and v.outcome = 'correct'"),
        ({"q": "unkn*"}, "contains(r.rationale, 'unknowns')"),
        ({"q": "nobody"}, "p.problem_id = 'jugs-alone'"),
        ({"q": "jugs poured 5"},
         r"regexp_matches(concat_ws(' ', p.problem, p.problem_id, p.answer, r.rationale,"
         r" r.predicted_answer, c.completion), '(^|\W)5(\W|$)') and contains(p.problem, 'poured')"),
        ({"q": "neverseen"}, "false"),
        ({"split": "nowhere"}, "false"),
        ({"level": "Level 9"}, "false"),  # the only level of this corpus is none
        ({"level": "(none)", "thought": "pot"}, "r.thought = 'pot'"),
    ],
)  # fmt: skip
def test_filters_and_words_together_find_what_sql_finds(
    driver: "WebDriver", con: duckdb.DuckDBPyConnection, address: str, wanted: dict[str, object], where: str
) -> None:
    turn(driver, address, **wanted)
    assert counted(driver) == asked(con, where)


@needs_chromium
def test_the_counts_beside_the_filters_are_of_what_matches_the_others(
    driver: "WebDriver", con: duckdb.DuckDBPyConnection, address: str
) -> None:
    visit(driver, address, thought="pot", outcome="correct")
    found = dict(
        zip(texts(driver, ".value .name"), map(int, texts(driver, ".value .count")), strict=True)
    )  # `name` is said once in this corpus, but for `incorrect`, which is an outcome and a reason
    for thought in jugs.THOUGHTS:
        assert found[thought] == asked(con, f"r.thought = '{thought}' and v.outcome = 'correct'")[0]
    for outcome in ("timeout", "correct"):
        assert found[outcome] == asked(con, f"v.outcome = '{outcome}' and r.thought = 'pot'")[0]
    assert found["redraw"] == 1
    checked = {box.get_attribute("data-key") for box in driver.find_elements("css selector", "input:checked")}
    assert checked == {"thought=pot", "outcome=correct"}


@needs_chromium
def test_a_click_narrows_the_list_and_going_back_widens_it(driver: "WebDriver", address: str) -> None:
    visit(driver, address)
    driver.execute_script("performance.mark('asked')")
    driver.find_element("css selector", "[data-key='outcome=timeout']").click()
    shown_s(driver)
    assert counted(driver) == (1, 1)
    assert texts(driver, ".hit .name") == ["jugs-2"]
    driver.execute_script("performance.mark('asked')")
    driver.back()
    shown_s(driver)
    assert counted(driver) == (48, 13)


@needs_chromium
def test_typing_words_finds_them(driver: "WebDriver", address: str) -> None:
    visit(driver, address)
    driver.execute_script("performance.mark('asked')")
    driver.find_element("id", "words").send_keys("nobody")
    shown_s(driver)
    assert texts(driver, ".hit .name") == ["jugs-alone"]


@needs_chromium
def test_a_permanent_link_opens_a_problem_with_its_thoughts_side_by_side(
    driver: "WebDriver", address: str
) -> None:
    visit(driver, address, record="jugs-1/cot/0")
    assert texts(driver, "#problem-title") == ["jugs-1"]
    assert texts(driver, ".thoughts h3") == sorted(jugs.THOUGHTS)
    assert driver.switch_to.active_element.get_attribute("data-record") == "jugs-1/cot/0"
    tops = {card.location["y"] for card in driver.find_elements("css selector", ".thoughts article")}
    assert len(tops) == 1
    assert "What was said of jugs-1/cot/0." in texts(driver, "article.aimed details pre")


@needs_chromium
def test_steps_are_coloured_and_values_are_beside_their_lines(driver: "WebDriver", address: str) -> None:
    visit(driver, address, problem="jugs-1")
    cot, eot, _, pot = driver.find_elements("css selector", ".thoughts article")
    assert [line.get_attribute("class") for line in cot.find_elements("css selector", "li")[:3]] == [
        "wrong",
        "right",
        "",
    ]
    assert "1+2 = 4, which is 3" in (cot.get_attribute("textContent") or "")
    for record in (eot, pot):
        values = [each.text for each in record.find_elements("css selector", ".worth")]
        assert values == ["→ cups = 3", "→ ans = 9"]


@needs_chromium
def test_a_problem_leads_to_its_parent_and_its_children(driver: "WebDriver", address: str) -> None:
    visit(driver, address, problem="jugs-3")
    assert texts(driver, ".family a") == ["jugs-2"]
    driver.execute_script("performance.mark('asked')")
    driver.find_element("css selector", ".family a").click()
    shown_s(driver)
    assert texts(driver, "#problem-title") == ["jugs-2"]
    assert texts(driver, ".family a") == ["jugs-3"]


@needs_chromium
def test_a_doubtful_gold_answer_is_named_with_what_the_thoughts_agree_on(
    driver: "WebDriver", address: str
) -> None:
    visit(driver, address, problem="jugs-4")
    assert texts(driver, ".doubt") == ["The gold answer may be wrong: all thoughts agree on 7."]


@needs_chromium
@pytest.mark.parametrize(
    "wanted", [{"problem": "jugs-11"}, {"source": HOSTILE}, {"q": HOSTILE}, {"problem": HOSTILE}]
)
def test_hostile_texts_are_shown_as_text(driver: "WebDriver", address: str, wanted: dict[str, str]) -> None:
    visit(driver, address, **wanted)
    assert driver.title == "Thoughtmill: every record"
    assert len(texts(driver, "body script")) == len(explorer.SCRIPTS)
    assert not texts(driver, "img")
    if wanted == {"problem": "jugs-11"}:
        shown = HOSTILE.replace("\x00", "\ufffd")
        assert texts(driver, ".problem") == [shown]
        assert [text for text in texts(driver, "pre") if text == shown] == [
            shown
        ] * 7  # one of eight is the rationale too
        assert shown in texts(driver, ".lines li")


@needs_chromium
def test_an_unknown_problem_is_said_to_be_unknown(driver: "WebDriver", address: str) -> None:
    visit(driver, address, problem="jugs-99")
    assert driver.find_element("id", "status").text == "There is no problem jugs-99 in this corpus."


@needs_chromium
def test_a_torn_file_is_named(con: duckdb.DuckDBPyConnection, driver: "WebDriver", tmp_path: Path) -> None:
    explorer.write(con, tmp_path, "")
    (tmp_path / "explore" / "columns" / "verified.js").write_text("thoughtmill.arr")
    visit(driver, (tmp_path / "explore.html").as_uri(), thought="pot")
    assert "explore/columns/verified.js is missing or torn" in driver.find_element("id", "status").text


@needs_chromium
def test_the_keyboard_reaches_the_words_and_leaves_a_problem(driver: "WebDriver", address: str) -> None:
    visit(driver, address, problem="jugs-1")
    driver.find_element("tag name", "body").send_keys("/")
    assert driver.switch_to.active_element.get_attribute("id") == "words"
    visit(driver, address, problem="jugs-1", thought="pot")
    driver.execute_script("performance.mark('asked')")
    driver.find_element("tag name", "body").send_keys("\ue00c")  # Escape
    shown_s(driver)
    assert counted(driver)[1] == 12


@needs_chromium
def test_nothing_is_wider_than_a_phone(driver: "WebDriver", address: str) -> None:
    resize(driver, 390, 800)
    try:
        for wanted in ({}, {"problem": "jugs-11"}, {"record": "jugs-1/cot/0"}, {"source": HOSTILE}):
            visit(driver, address, **wanted)
            driver.execute_script("document.querySelectorAll('details').forEach((each) => each.open = true)")
            assert driver.execute_script("return document.documentElement.scrollWidth") == 390
    finally:
        resize(driver, *SIZE)


@pytest.fixture(scope="module")
def fox() -> Iterator[Firefox]:
    with firefox() as tab:
        yield tab


@needs_firefox
def test_firefox_lists_problems_from_files_alone(fox: Firefox, address: str) -> None:
    visit(fox, address)
    assert counted(fox) == (48, 13)
    loaded = fox.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert all(name.startswith(address.removesuffix("explore.html")) for name in loaded)
    assert not fox.errors


@needs_firefox
def test_firefox_finds_by_filters_and_by_typed_words_what_sql_finds(
    fox: Firefox, con: duckdb.DuckDBPyConnection, address: str
) -> None:
    visit(fox, address, thought="pot", outcome="correct")
    assert counted(fox) == asked(con, "r.thought = 'pot' and v.outcome = 'correct'")
    visit(fox, address)
    fox.execute_script(
        "performance.mark('asked'); document.querySelector(\"[data-key='outcome=timeout']\").click()"
    )
    shown_s(fox)
    assert texts(fox, ".hit .name") == ["jugs-2"]
    visit(fox, address)
    fox.execute_script("performance.mark('asked')")
    fox.press("/nobody")
    shown_s(fox)
    assert texts(fox, ".hit .name") == ["jugs-alone"]


@needs_firefox
def test_firefox_opens_a_permanent_link_with_values_and_coloured_steps(fox: Firefox, address: str) -> None:
    visit(fox, address, record="jugs-1/cot/0")
    assert texts(fox, "#problem-title") == ["jugs-1"]
    assert texts(fox, ".thoughts h3") == sorted(jugs.THOUGHTS)
    assert fox.execute_script("return document.activeElement.dataset.record") == "jugs-1/cot/0"
    assert {"✗ 1+2 = 4, which is 3", "→ cups = 3", "→ ans = 9"} <= set(texts(fox, ".thoughts .worth"))
    assert len(texts(fox, ".thoughts li.wrong")) == 1


@needs_firefox
def test_firefox_shows_hostile_texts_as_text(fox: Firefox, address: str) -> None:
    visit(fox, address, problem="jugs-11")
    assert texts(fox, "title") == ["Thoughtmill: every record"]
    assert texts(fox, ".problem") == [HOSTILE.replace("\x00", "\ufffd")]


@needs_firefox
def test_firefox_shows_nothing_wider_than_a_phone(fox: Firefox, address: str) -> None:
    fox.resize(390, 800)
    for wanted in ({}, {"problem": "jugs-11"}, {"record": "jugs-1/cot/0"}):
        visit(fox, address, **wanted)
        fox.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page = "const page = document.documentElement; return [page.scrollWidth, page.clientWidth]"
        needed, there = fox.execute_script(page)
        assert needed == there <= 390  # Firefox takes the width of its scroll bar away


def test_every_column_of_the_page_is_tested_against_sql() -> None:
    assert {facet.name for facet in FACETS} - set(SAME) == {
        "agreement",
        "gold",
        "level",
        "subject",
        "teacher",
    }
