"""Thoughts: which there are, what kinds they are, and that nothing a teacher writes raises in a parser."""

import random
from collections.abc import Callable

import pytest

from bench.fuzz import made
from thoughtmill.factory import solutions
from thoughtmill.factory.answers import ANY, number, numbers_in_text, reading
from thoughtmill.factory.answers.reading import boxes
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.solutions.calculations import UnusableSolution
from thoughtmill.factory.solvers.arithmetic import evaluate
from thoughtmill.factory.solvers.limits import Limits
from thoughtmill.factory.solvers.solvers import Solvers
from thoughtmill.factory.solvers.steps import steps
from thoughtmill.factory.thoughts import THOUGHTS
from thoughtmill.factory.thoughts.solving import Job, solve
from thoughtmill.schemas.fields import FAILURES

NESTING = [
    *(("[", "]"), ("{", "}"), ("(", ")"), ('[{"a":', "}]"), ("\\boxed{", "}"), ("\\frac{1}{", "}")),
    *(("x^(", ")"), ("sqrt(", ")"), ("<<", ">>"), ("f'{", "}'"), ("```python\n", "```"), ("if 1:\n", "")),
    *(("[", ""), ("-", ""), ("not ", ""), ("lambda: ", ""), ("2^", ""), ("ans = ", "")),
]


def nested(depth: int) -> list[str]:
    return [
        opening * depth + inside + closing * depth
        for opening, closing in NESTING
        for inside in ("1", "ans = 1")
    ]


def test_thoughts_are_modules_and_helpers_are_none() -> None:
    names = ("cot", "eot", "equation_only", "knowledge", "long_cot", "pot", "socratic")
    assert THOUGHTS.names()[:7] == names
    assert [THOUGHTS.named(name).KIND for name in names] == [
        "chain", "equations", "chain", "rules", "chain", "program", "chain",
    ]  # fmt: skip
    assert not {"prompts", "reasoning", "solving"} & set(THOUGHTS.names())


def test_an_unknown_thought_is_named_with_those_there_are() -> None:
    with pytest.raises(
        ThoughtmillError,
        match="unknown thought `tot`; there are: cot, eot, equation_only, knowledge, long_cot, pot, socratic",
    ):
        THOUGHTS.named("tot")


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_a_completion_nested_however_deep_is_parsed_or_is_not_and_never_raises(thought: str) -> None:
    for text in [*nested(1_200), *nested(20_000)]:
        rationale = THOUGHTS.named(thought).parse(text)
        assert rationale is None or rationale


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_a_completion_nested_1200_deep_is_a_row_with_a_verdict(thought: str) -> None:
    jobs = [Job(thought, "How many are 3?", "number", text) for text in nested(1_200)]
    with Solvers(Limits(), equations_timeout_s=1.0) as solvers:
        for solved in solve(jobs, solvers):
            assert solved.outcome.failure is None or solved.outcome.failure in FAILURES


KINDS = ("number", *(kind for kind in ANY if kind != "number"))


@pytest.mark.parametrize("thought", THOUGHTS.names())
def test_no_completion_of_any_shape_raises_whatever_kind_of_answer_is_asked_for(thought: str) -> None:
    limits = Limits(wall_s=0.2, long_wall_s=1.0, cpu_s=1.0)
    texts = [made(random.Random(f"1/{thought}/{at}")) for at in range(36)]
    texts += [
        "\ud800",
        '["\\ud800"]',
        "ans = '\ud800'",
        "####" + "9" * 100_000,
        "\\boxed{" * 3000,
        "\\frac{" * 3000,
    ]
    jobs = [Job(thought, "Ann has 12 in 3.", KINDS[at % len(KINDS)], text) for at, text in enumerate(texts)]
    with Solvers(limits, equations_timeout_s=1.0) as solvers:
        for job, solved in zip(jobs, solve(jobs, solvers), strict=True):
            outcome = solved.outcome
            assert outcome.failure is None or outcome.failure in FAILURES, job.completion
            said = (solved.rationale, outcome.detail, *(check.detail for check in outcome.checks))
            assert all(text is None or text.encode() is not None for text in said), job.completion


def test_rules_in_more_brackets_than_the_reader_of_json_can_count_are_unparsable() -> None:
    for depth in (1_200, 100_000):
        assert THOUGHTS.named("knowledge").parse("[" * depth + '"Add."' + "]" * depth) is None


@pytest.mark.parametrize("name", ["read", "steps", "find", "evaluate", "canonical", "boxes", "solution"])
def test_no_reader_of_text_counts_brackets_on_the_stack(name: str) -> None:
    readers: dict[str, Callable[[str], object]] = {
        "read": reading.read,
        "steps": steps,
        "find": numbers_in_text.find,
        "evaluate": evaluate,
        "canonical": number.canonical,
        "boxes": boxes,
        "solution": _solution,
    }
    for text in [*nested(1_200), *nested(20_000)]:
        readers[name](text)


def _solution(text: str) -> object:
    try:
        return solutions.parse(text, text)
    except UnusableSolution:
        return None


@pytest.mark.parametrize(
    ("completion", "rules"),
    [
        ('["Prices add up.", "The total is the', "Prices add up."),
        ('["Prices add up.", "A rest is what is left."', "Prices add up.\nA rest is what is left."),
        ('["Prices add up.", ', "Prices add up."),
        ('["A set [a] has one.", "A \\"half\\" is 1/2.", "Th\\', 'A set [a] has one.\nA "half" is 1/2.'),
        ('["Again.", "Again.", "Again.", "Aga', "Again."),
        ('{"rules": ["Prices add up.", "The', "Prices add up."),
        ('["The total of the', None),
        ('["Prices add up." "Two', None),
        ('[1, "Prices add up.", "The', None),
        ("[", None),
    ],
)
def test_of_rules_that_are_cut_the_whole_ones_are_read(completion: str, rules: str | None) -> None:
    assert THOUGHTS.named("knowledge").parse(completion) == rules


def test_a_truncated_completion_keeps_its_whole_rules_and_says_so_and_no_other_thought_is_read(
    solvers: Solvers,
) -> None:
    cut = ("truncated", "cut off by the length limit")
    rules, none, chain = solve(
        [
            Job("knowledge", "How many?", "number", '["Prices add up.", "The', *cut),
            Job("knowledge", "How many?", "number", '["Prices add', *cut),
            Job("cot", "How many?", "number", "2 + 2 = 4\n#### 4\nNext, the", *cut),
        ],
        solvers,
    )
    assert (rules.rationale, rules.outcome.failure) == ("Prices add up.", None)
    assert rules.outcome.detail == "cut off by the length limit; what is whole before is read"
    assert (none.rationale, none.outcome.failure) == (None, "truncated")
    assert (chain.rationale, chain.outcome.failure) == (None, "truncated")
