"""`thoughtmill status`: the pipeline in a screen, or every stage with all that changed."""

from thoughtmill.factory.commands.status import WIDTH, StageState, drawn

FOUND = [
    StageState("seed", "built", ""),
    StageState("generate@cot", "built", "", ("seed",)),
    StageState("generate@pot", "missing", "data/completions/pot.parquet never built", ("seed",)),
    StageState("curate", "stale", "x" * 900, ("seed", "generate@cot", "generate@pot")),
    StageState("train/dvc.yaml:finetune@ir", "stale", "curate is stale", ("curate", "seed")),
    StageState("train/dvc.yaml:finetune@kg", "stale", "curate is stale", ("curate", "seed")),
]


def test_a_stage_is_a_line_and_so_are_all_stages_of_a_foreach() -> None:
    assert [line.split()[:3] for line in drawn(FOUND)] == [
        ["built", "seed"],
        ["missing", "generate", "×2"],
        ["stale", "curate", "←"],
        ["stale", "finetune", "×2"],
    ]


def test_a_line_says_how_many_stages_are_not_built() -> None:
    assert "generate ×2 (1 missing)" in drawn(FOUND)[1]
    assert "finetune ×2  " in drawn(FOUND)[3]


def test_a_stage_follows_the_last_of_those_it_needs() -> None:
    arrows = [line.partition("←")[2].split("  ")[0].split() for line in drawn(FOUND)]
    assert arrows == [[], ["seed"], ["generate"], ["curate"]]


def test_what_changed_is_cut_to_a_readable_length() -> None:
    lines = drawn(FOUND)
    assert lines[2].endswith("x…")
    assert all(len(line) < 50 + WIDTH for line in lines)


def test_no_stage_is_no_line() -> None:
    assert drawn([]) == []
