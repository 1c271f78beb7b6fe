"""LoRID's policies (arXiv 2508.13037): the intuitive and the deep reasoner answer until they agree.

In round t the intuitive reasoner IR answers, KG writes knowledge, and the deep reasoner DR answers with it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from thoughtmill.factory.answers import ANY, Answer, answer_of, equal, number
from thoughtmill.factory.answers.reading import boxes
from thoughtmill.train.policies import Asked, PolicyEntry, by_problem
from thoughtmill.train.policies.plans import Decision, Plan, Sample, SampleRequest
from thoughtmill.train.policies.votes import agree, greedy, tally, voted
from thoughtmill.train.roles import ROLES

CLOSING = re.compile(r"-->\s*(.*?)\s*END", re.DOTALL)
NUMBER = re.compile(r"-?\d*\.?\d+")
WHOLE = re.compile(r"^(-?\d+)\.0*$")
"""A whole number written with a point."""


def lorid(problem_id: str, max_rounds: int, least_gain: float = 0.0) -> Plan[Decision]:
    """Answer at the first agreement of an IR answer with a DR answer, over all rounds so far.

    IR's answer of a round is compared first, with DR's of the rounds before; only where it agrees with none
    are KG and DR asked in that round. So exactly one answer comes out. After `max_rounds` without one, or
    once the next round promises less than `least_gain`, it is the vote of all answers, in the order of rounds
    and IR before DR, and the problem is unresolved.
    """
    intuitive: list[Answer | None] = []
    deep: list[Answer | None] = []
    spent = round_ = 0
    while round_ < max_rounds and (not round_ or promised([*intuitive, *deep], spent / round_) >= least_gain):
        round_ += 1
        asked, rules = SampleRequest(problem_id, "ir", round_), SampleRequest(problem_id, "kg", round_)
        # In the first round DR is always asked, so KG need not wait for IR.
        samples = yield [asked, rules] if round_ == 1 else [asked]
        spent += sum(sample.new_tokens for sample in samples)
        intuitive.append(samples[0].predicted_answer)
        if any(agree(intuitive[-1], answer) for answer in deep):
            return voted(intuitive[-1:], True, round_)
        if round_ > 1:
            (written,) = yield [rules]
            spent += written.new_tokens
        (sample,) = yield [SampleRequest(problem_id, "dr", round_, given=rules)]
        spent += sample.new_tokens
        deep.append(sample.predicted_answer)
        if any(agree(deep[-1], answer) for answer in intuitive):
            return voted(deep[-1:], True, round_)
    return voted([answer for pair in zip(intuitive, deep, strict=True) for answer in pair], False, round_)


def promised(answers: Sequence[Answer | None], round_tokens: float) -> float:
    """Return how many agreements the next 1,000 tokens promise, at `round_tokens` a round.

    The chance that a new answer repeats an earlier one is the share of answers that are repeated already
    (Good, 1953), here with one answer of each kind added; an answer that is lacking repeats none.

    >>> seven, nine = Answer("7"), Answer("9")
    >>> [round(promised(found, 250), 2) for found in ([seven, nine], [seven, nine, None, None], [nine, nine])]
    [1.0, 0.67, 3.0]
    """
    repeated = sum(votes for _, votes in tally(answers) if votes > 1)
    return 1000 * (repeated + 1) / (len(answers) + 2) / max(round_tokens, 1.0)


def _round(problem_id: str, round_: int) -> Plan[list[Sample]]:
    """Draw a whole round and return IR's sample and DR's."""
    rules = SampleRequest(problem_id, "kg", round_)
    intuitive, _ = yield [SampleRequest(problem_id, "ir", round_), rules]
    (deep,) = yield [SampleRequest(problem_id, "dr", round_, given=rules)]
    return [intuitive, deep]


def same_round(problem_id: str, max_rounds: int) -> Plan[Decision]:
    """Answer at the first round whose IR and DR answers agree; else as `lorid` does."""
    answers: list[Answer | None] = []
    for round_ in range(1, max_rounds + 1):
        answers += [sample.predicted_answer for sample in (yield from _round(problem_id, round_))]
        if agree(*answers[-2:]):
            return voted(answers[-1:], True, round_)
    return voted(answers, False, max_rounds)


def lorid_released(problem_id: str, max_rounds: int) -> Plan[Decision]:
    """Do what the authors' released scorer does, for reproducing their tables only.

    Two sets of answers grow, IR's and DR's, as strings: `0.5` is not `1/2`. After the first round in which
    they share strings, all of these are the result, which is right if *any* of them is. After `max_rounds`
    there is no answer, which is wrong. It is scored with `released_grader`.
    """
    intuitive: set[str] = set()
    deep: set[str] = set()
    for round_ in range(1, max_rounds + 1):
        for strings, sample in zip((intuitive, deep), (yield from _round(problem_id, round_)), strict=True):
            strings.update({released_form(sample)} - {""})
        if shared := sorted(intuitive & deep):
            answers = (answer_of(string, ANY) for string in shared)
            return Decision(tuple(answer for answer in answers if answer is not None), True, round_)
    return Decision((), False, max_rounds)


def released_form(sample: Sample) -> str:
    """Return the string that the authors' scorer compares: of `--> 7 END`, the last box, or the last number.

    >>> released_form(Sample("It is 1/2 of $1,250.00.", None, None, 9))
    '1250'
    >>> released_form(Sample("Half.\\n--> 1/2 END", None, None, 9))
    '1/2'
    """
    text = sample.text or str(sample.predicted_answer or "")
    if closing := CLOSING.search(text):
        form = closing[1]
    elif boxed := boxes(text):
        form = boxed[-1]
    else:
        form = (NUMBER.findall(text.replace(",", "")) or [""])[-1]
    return WHOLE.sub(r"\1", re.sub(r"[$%\s]|\.$", "", form))


def released_grader(predicted: Answer, gold: Answer) -> bool:
    """Return the verdict of the authors' released grader, which is looser with numbers and only with them."""
    if predicted.kind == gold.kind == "number":
        return number.lorid_grader(predicted.text, gold.text)
    return equal(predicted, gold)


def greedy_plans(problem_ids: Sequence[str], role: str) -> list[Plan[dict[str, Decision]]]:
    """Return a plan for each problem: take the answer of `role` at temperature 0, with its given text.

    DR gets the knowledge that KG writes about the problem. Its variants get none, or the knowledge about the
    problem half-way round the list.
    """
    entry = ROLES.named(role) if role in ROLES else None
    away = len(problem_ids) // 2 if entry and entry.given_of_another else 0
    others = [*problem_ids[away:], *problem_ids[:away]]

    def plan(problem_id: str, other: str) -> Plan[dict[str, Decision]]:
        given = SampleRequest(other, entry.given_by, 0) if entry and entry.given_by else None
        return {problem_id: (yield from greedy(problem_id, role, given))}

    return [plan(problem_id, other) for problem_id, other in zip(problem_ids, others, strict=True)]


def _given_by(asked: Asked) -> tuple[str, ...]:
    giver = ROLES.named(asked.role).given_by if asked.role in ROLES else None
    return (asked.role, giver) if giver else (asked.role,)


def _in_rounds(plan: Callable[[str, int], Plan[Decision]]) -> PolicyEntry:
    return PolicyEntry(
        by_problem(lambda problem_id, asked: plan(problem_id, asked.settings.max_rounds)),
        roles=lambda asked: ("ir", "kg", "dr"),
    )


GREEDY = PolicyEntry(
    lambda problem_ids, asked: greedy_plans(problem_ids, asked.role), "/ROLE", roles=_given_by
)
LORID = _in_rounds(lorid)
LORID_STOP = replace(
    LORID,
    plans=by_problem(
        lambda problem_id, asked: lorid(problem_id, asked.settings.max_rounds, asked.settings.least_gain)
    ),
)
SAME_ROUND = _in_rounds(same_round)
LORID_RELEASED = replace(_in_rounds(lorid_released), grader=released_grader)
