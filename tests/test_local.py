"""Students on this machine: mixed batches that rows leave and enter write what each would write alone."""

import copy
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from tests import tiny
from tests.students import random_students, writer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train import roles
from thoughtmill.train.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.students.bases import Base

KINDS = ("causal", "two_sided")


@pytest.fixture(scope="module", params=KINDS)
def students(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Base, PeftModel]:
    return random_students(tmp_path_factory.mktemp(request.param), request.param, ("ir", "kg", "dr"))


def requests(temperature: float, number: int = 15) -> list[GenerationRequest]:
    """Return requests of three roles and of many lengths."""
    drawn = random.Random("requests")
    made = []
    for at in range(number):
        role = ("ir", "kg", "dr")[at % 3]
        problem = "".join(drawn.choices("abcdefgh 123", k=drawn.randrange(1, 60)))
        given = "A rule." if role == "dr" else None
        made.append(
            GenerationRequest(SampleRequest(f"p{at}", role, 1), role, problem, given, temperature, f"1/p{at}")
        )
    return made


def wrote(
    students: tuple[Base, PeftModel], asked: list[GenerationRequest], **how: Any
) -> dict[str, GeneratedText]:
    """Return what came of requests, by problem."""
    local = writer(*students, **how)
    local.ask(asked)
    found: dict[str, GeneratedText] = {}
    for _ in range(10_000):
        for one in local.write():
            assert one.wanted.problem_id not in found
            found[one.wanted.problem_id] = one
        if len(found) == len(asked):
            return found
    raise AssertionError("the students never came to an end")


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_a_row_writes_does_not_depend_on_who_shares_its_batch(
    students: tuple[Base, PeftModel], temperature: float
) -> None:
    together = wrote(students, requests(temperature), rows=15)
    if temperature:  # some end early, and others take their place
        assert len({one.new_tokens for one in together.values()}) > 3
    assert wrote(students, requests(temperature), rows=4) == together
    assert wrote(students, requests(temperature), rows=1) == together
    assert wrote(students, requests(temperature)[::-1], rows=4) == together


def test_greedy_rows_write_what_generate_writes_with_their_adapter_alone(
    students: tuple[Base, PeftModel],
) -> None:
    base, model = students
    found = wrote(students, requests(0.0), rows=7)
    for asked in requests(0.0):
        model.set_adapter(asked.role)
        ids = torch.tensor([roles.render(base.tokenizer, asked.role, asked.problem, asked.given)])
        with torch.inference_mode():
            ids_out = model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=30, do_sample=False
            )
        new = ids_out[0, ids.shape[1] if base.start is None else 1 :].tolist()
        new = new[: new.index(1)] if 1 in new else new
        assert found[asked.wanted.problem_id].text == base.tokenizer.decode(new)


def test_another_seed_writes_something_else_and_the_same_seed_the_same(
    students: tuple[Base, PeftModel],
) -> None:
    first = wrote(students, requests(1.0))
    other = [one._replace(seed=f"2/{one.wanted.problem_id}") for one in requests(1.0)]
    assert wrote(students, requests(1.0)) == first
    assert wrote(students, other) != first


def test_roles_of_one_problem_are_written_by_their_own_adapters(students: tuple[Base, PeftModel]) -> None:
    asked = [
        GenerationRequest(SampleRequest(role, role, 0), "ir", "7 bags.", None, 0.0, "")
        for role in ("ir", "kg")
    ]
    assert wrote(students, asked)["ir"].text == wrote(students, asked)["kg"].text
    other = [one._replace(role="kg") for one in asked]
    assert wrote(students, other)["ir"].text != wrote(students, asked)["ir"].text


def test_a_limit_cuts_and_says_so(students: tuple[Base, PeftModel]) -> None:
    whole = wrote(students, requests(1.0))
    for name, one in wrote(students, requests(1.0), max_new_tokens=2).items():
        assert one.new_tokens == min(2, whole[name].new_tokens)
        assert one.failure == ("truncated" if whole[name].new_tokens > 2 else None)
        assert whole[name].text.startswith(one.text)


def test_a_prompt_that_fills_the_context_is_cut_at_once_and_stops_no_other(tmp_path: Path) -> None:
    students = random_students(tmp_path, "causal", ("ir",))
    long, short = (
        GenerationRequest(SampleRequest(n, "ir", 1), "ir", "a" * k, None, 0.0, n)
        for n, k in (("long", 600), ("short", 5))
    )
    found = wrote(students, [long, short])
    assert found["long"] == GeneratedText(long.wanted, "", 0, "truncated")
    assert found["short"].new_tokens > 0


def test_a_batch_may_end_all_at_once_and_another_begin(students: tuple[Base, PeftModel]) -> None:
    local = writer(*students, max_new_tokens=1)
    assert local.write() == []
    for _ in range(2):
        local.ask(requests(0.0, 3))
        assert len(local.write()) == 3
        assert local.batch is None


def test_a_role_that_nobody_plays_is_named(students: tuple[Base, PeftModel]) -> None:
    with pytest.raises(ThoughtmillError, match="no adapter answers for `pot`: list it in `roles`"):
        writer(*students).ask(
            [GenerationRequest(SampleRequest("p", "pot", 0), "pot", "7 bags.", None, 0.0, "")]
        )


def test_a_base_whose_places_padding_shifts_writes_row_by_row_or_not_at_all(tmp_path: Path) -> None:
    students = random_students(tmp_path, "two_sided", ("ir",))
    students[0].model.config.max_position_embeddings = 512  # as BART's, which are not relative
    with pytest.raises(ThoughtmillError, match=r"padding: set infer\.rows to 1"):
        writer(*students, rows=2)
    assert wrote(students, requests(0.0, 1), rows=1)


def test_students_in_bfloat16_mostly_begin_as_they_do_in_float32(students: tuple[Base, PeftModel]) -> None:
    half = replace(students[0], model=copy.deepcopy(students[0].model).to(torch.bfloat16))
    exact, halved = (
        wrote((base, students[1]), requests(0.0), rows=4, max_new_tokens=1) for base in (students[0], half)
    )
    assert sum(exact[name].text == one.text for name, one in halved.items()) > len(exact) / 2


def test_the_base_is_in_memory_once(tmp_path: Path) -> None:
    base, model = random_students(tmp_path)
    weights = sum(weight.numel() for weight in model.parameters())
    adapters = sum(weight.numel() for name, weight in model.named_parameters() if "lora_" in name)
    alone = sum(weight.numel() for weight in tiny.causal(tmp_path / "again").model.parameters())
    assert weights - adapters == alone
    assert sum(weight.numel() for weight in writer(base, model).model.parameters()) == alone
