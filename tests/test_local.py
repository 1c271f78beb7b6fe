"""Students on this machine: mixed batches that rows leave and enter write what each would write alone."""

import copy
import inspect
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from tests import tiny
from tests.architectures import IN_SLOTS, OTHERS, students_of
from tests.students import random_students, writer
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.roles import encoding
from thoughtmill.train.students.bases import Base
from thoughtmill.train.writers.generating import GenerateWriter
from thoughtmill.train.writers.local import LocalWriter, local_writer
from thoughtmill.train.writers.masked import UncoveredError, unmasked
from thoughtmill.train.writers.sampling import StudentWriter
from thoughtmill.train.writers.stepping import SlotSteps

WRITERS = {
    "slots": ("causal", LocalWriter),
    "generate": ("causal", GenerateWriter),
    "two_sided": ("two_sided", GenerateWriter),
}
"""A base and its writer."""

Students = tuple[Base, PeftModel, Callable[..., StudentWriter]]


@pytest.fixture(scope="module", params=WRITERS)
def students(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Students:
    kind, writes = WRITERS[request.param]
    return *random_students(tmp_path_factory.mktemp(request.param), kind, ("ir", "kg", "dr")), writes


def requests(temperature: float, number: int = 9) -> list[GenerationRequest]:
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


def mixed() -> list[GenerationRequest]:
    """Return such requests, every other at temperature 0."""
    return [one._replace(temperature=at % 2 * 1.0) for at, one in enumerate(requests(1.0))]


def wrote(
    students: tuple[Base, PeftModel] | Students, asked: list[GenerationRequest], **how: Any
) -> dict[str, GeneratedText]:
    """Return what came of requests, by problem."""
    base, model, *kind = students
    local = writer(base, model, *kind, **how)
    local.ask(asked)
    found: dict[str, GeneratedText] = {}
    for _ in range(10_000):
        for one in local.write():
            assert one.wanted.problem_id not in found
            found[one.wanted.problem_id] = one
        if len(found) == len(asked):
            return found
    raise AssertionError("the students never came to an end")


@pytest.fixture(scope="module")
def whole(students: Students) -> dict[str, GeneratedText]:
    """What they write at temperature 1."""
    return wrote(students, requests(1.0))


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_a_row_writes_does_not_depend_on_who_shares_its_batch(
    students: Students, temperature: float
) -> None:
    together = wrote(students, requests(temperature, 15), rows=15)
    if temperature:  # some end early, and others take their place
        assert len({one.new_tokens for one in together.values()}) > 3
    assert wrote(students, requests(temperature, 15), rows=4) == together
    alone = wrote(students, requests(temperature, 15)[:3], rows=1)
    assert alone == {name: together[name] for name in alone}
    assert wrote(students, requests(temperature, 15)[::-1], rows=4) == together


def test_greedy_rows_write_what_generate_writes_with_their_adapter_alone(
    students: Students,
) -> None:
    base, model, _ = students
    found = wrote(students, requests(0.0), rows=7)
    unmasked(base.model)
    for asked in requests(0.0):
        model.set_adapter(asked.role)
        ids = torch.tensor([encoding.render(base.tokenizer, asked.role, asked.problem, asked.given)])
        with torch.inference_mode():
            ids_out = model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=16, do_sample=False
            )
        new = ids_out[0, ids.shape[1] if base.start is None else 1 :].tolist()
        new = [*takewhile(lambda token: token not in base.ends, new)]
        assert found[asked.wanted.problem_id].text == base.tokenizer.decode(new)


def test_another_seed_writes_something_else_and_the_same_seed_the_same(
    students: Students, whole: dict[str, GeneratedText]
) -> None:
    other = [one._replace(seed=f"2/{one.wanted.problem_id}") for one in requests(1.0)]
    assert wrote(students, requests(1.0)) == whole
    assert wrote(students, other) != whole


def test_roles_of_one_problem_are_written_by_their_own_adapters(students: Students) -> None:
    asked = [
        GenerationRequest(SampleRequest(role, role, 0), "ir", "7 bags.", None, 0.0, "")
        for role in ("ir", "kg")
    ]
    found = wrote(students, asked)
    assert found["ir"].text == found["kg"].text
    other = [one._replace(role="kg") for one in asked]
    assert wrote(students, other)["ir"].text != found["ir"].text


def test_a_limit_cuts_and_says_so(students: Students, whole: dict[str, GeneratedText]) -> None:
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


def test_a_batch_may_end_all_at_once_and_another_begin(students: Students) -> None:
    local = writer(*students, max_new_tokens=1)
    assert local.write() == []
    for _ in range(2):
        local.ask(requests(0.0, 3))
        ended = [one for _ in range(6) for one in local.write()]
        assert len(ended) == 3
        assert local.write() == []


def test_a_role_that_nobody_plays_is_named(students: Students) -> None:
    with pytest.raises(ThoughtmillError, match="no adapter answers for `pot`: list it in `roles`"):
        writer(*students).ask(
            [GenerationRequest(SampleRequest("p", "pot", 0), "pot", "7 bags.", None, 0.0, "")]
        )


def test_every_end_of_text_that_the_base_knows_ends_a_text(
    students: Students, whole: dict[str, GeneratedText], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = students[0]
    letter = max("GHIJKLMNOQRSTUVW", key=lambda one: sum(one in each.text for each in whole.values()))
    ends = [*base.ends, base.tokenizer.convert_tokens_to_ids(letter)]
    monkeypatch.setattr(base.model.generation_config, "eos_token_id", ends)
    found = wrote(students, requests(1.0))
    assert any(letter in one.text for one in whole.values())
    for name, one in whole.items():
        assert found[name].text == one.text.partition(letter)[0]
        assert letter not in one.text or found[name].failure is None


def test_students_in_bfloat16_mostly_begin_as_they_do_in_float32(students: Students) -> None:
    half = replace(students[0], model=copy.deepcopy(students[0].model).to(torch.bfloat16))
    exact, halved = (
        wrote((base, *students[1:]), requests(0.0), rows=4, max_new_tokens=1) for base in (students[0], half)
    )
    assert sum(exact[name].text == one.text for name, one in halved.items()) > len(exact) / 2


def test_the_base_is_in_memory_once(tmp_path: Path) -> None:
    base, model = random_students(tmp_path)
    weights = sum(weight.numel() for weight in model.parameters())
    adapters = sum(weight.numel() for name, weight in model.named_parameters() if "lora_" in name)
    alone = sum(weight.numel() for weight in tiny.causal(tmp_path / "again").model.parameters())
    assert weights - adapters == alone
    assert sum(weight.numel() for weight in writer(base, model).model.parameters()) == alone


@pytest.mark.parametrize("kind", IN_SLOTS)
def test_rows_in_slots_write_what_generate_writes(kind: str, tmp_path: Path) -> None:
    students = students_of(tmp_path, kind, IN_SLOTS[kind])
    expected = wrote(students, mixed(), kind=GenerateWriter)
    assert wrote(students, mixed(), kind=LocalWriter, rows=4) == expected
    cold = [one for one in mixed() if one.temperature == 0]
    greedy = {one.wanted.problem_id: expected[one.wanted.problem_id] for one in cold}
    assert wrote(students, cold, kind=LocalWriter, rows=15) == greedy


@pytest.mark.parametrize("kind", OTHERS)
def test_a_base_that_slots_do_not_cover_is_refused_with_the_reason_and_generate_writes(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, model = students_of(tmp_path, kind, OTHERS[kind])
    with pytest.raises(UncoveredError, match="base"):
        writer(base, model, kind=LocalWriter)
    assert type(writer(base, model, kind=local_writer)) is GenerateWriter
    assert "students write by `generate`" in capsys.readouterr().err


@pytest.fixture(scope="module")
def llamas(tmp_path_factory: pytest.TempPathFactory) -> tuple[Base, PeftModel]:
    return students_of(tmp_path_factory.mktemp("llamas"), "Llama", IN_SLOTS["Llama"])


def test_a_base_that_was_refused_has_its_own_layers_again(tmp_path: Path) -> None:
    base, _ = students_of(tmp_path, "Mistral", OTHERS["Mistral"])
    names = [name for name, _ in base.model.named_modules()]
    with pytest.raises(UncoveredError):
        LocalWriter(base, {"ir": "ir"}, rows=4, max_new_tokens=30, top_k=50, top_p=0.9)
    assert [name for name, _ in base.model.named_modules()] == names


def test_rows_of_one_temperature_and_mixed_ones_write_the_same(llamas: tuple[Base, PeftModel]) -> None:
    hot, cold = (wrote(llamas, requests(temperature), kind=LocalWriter) for temperature in (1.0, 0.0))
    both = wrote(llamas, mixed(), kind=LocalWriter)
    assert both == {
        one.wanted.problem_id: (hot if one.temperature else cold)[one.wanted.problem_id] for one in mixed()
    }


def test_longer_prompts_that_come_later_find_room(llamas: tuple[Base, PeftModel]) -> None:
    short, long = requests(1.0, 6), [one._replace(problem="a b " * 60) for one in requests(1.0, 12)[6:]]
    expected = wrote(llamas, [*short, *long])
    local = writer(*llamas, kind=LocalWriter, rows=8)
    found = {}
    local.ask(short)
    found |= {one.wanted.problem_id: one for one in local.write()}
    local.ask(long)
    while len(found) < len(expected):
        found |= {one.wanted.problem_id: one for one in local.write()}
    assert found == expected


def test_longer_rows_wait_where_memory_does_not_hold_them_beside_the_others(
    llamas: tuple[Base, PeftModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = requests(1.0, 6), [one._replace(problem="a b " * 60) for one in requests(1.0, 12)[6:]]
    expected = wrote(llamas, [*short, *long])
    monkeypatch.setattr(LocalWriter, "_free", lambda writer: 0.0 if writer.rows else math.inf)
    local = writer(*llamas, kind=LocalWriter, rows=8)
    found, waited = {}, 0
    local.ask(short)
    found |= {one.wanted.problem_id: one for one in local.write()}
    local.ask(long)
    while len(found) < len(expected):
        found |= {one.wanted.problem_id: one for one in local.write()}
        writing = {row.request.wanted.problem_id for row in local.rows.values()}
        waited += not ids(short) <= found.keys()
        assert ids(short) <= found.keys() or not writing & ids(long)
    assert found == expected
    assert waited, "the longer rows came while the others were being written"


def test_slots_become_fewer_for_long_rows_and_more_for_short_ones_after_them(
    llamas: tuple[Base, PeftModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = requests(1.0, 6), [one._replace(problem="a b " * 60) for one in requests(1.0, 12)[6:]]
    expected = wrote(llamas, [*short, *long])
    local = writer(*llamas, kind=LocalWriter, rows=8)
    monkeypatch.setattr(LocalWriter, "_free", lambda _: 3000.0 * local.bytes)
    rows, found = [], {}
    for asked in (long, short):
        local.ask(asked)
        while not ids(asked) <= found.keys():
            found |= {one.wanted.problem_id: one for one in local.write()}
        rows.append(local.max_rows)
    assert found == expected
    assert rows[0] < rows[1]


def ids(asked: Sequence[GenerationRequest]) -> set[str]:
    """Return the problems of some requests."""
    return {one.wanted.problem_id for one in asked}


def test_the_cache_is_given_by_the_name_that_the_base_has_for_it(
    llamas: tuple[Base, PeftModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = llamas[0]
    kind, forward, given = type(base.model), type(base.model).forward, []
    (known,) = {"cache", "past_key_values"} & set(inspect.signature(forward).parameters)

    def renamed(self: Any, cache: Any = None, logits_to_keep: int = 0, **more: Any) -> Any:
        given.append(cache)
        return forward(self, **more, **{known: cache, "logits_to_keep": logits_to_keep})

    expected = wrote(llamas, requests(0.0))
    monkeypatch.setattr(kind, "forward", renamed)
    assert wrote((*llamas, LocalWriter), requests(0.0)) == expected
    assert any(cache is not None for cache in given)


def test_a_text_ends_at_its_limit_and_at_the_end_of_the_context(llamas: tuple[Base, PeftModel]) -> None:
    base = llamas[0]
    lengths = [len(encoding.render(base.tokenizer, one.role, "", one.given)) for one in requests(0.0)]
    room = [base.context - length for length in lengths]
    asked = [one._replace(problem="a" * (room[at] - 3 * at)) for at, one in enumerate(requests(0.0))]
    for limit in (1, 9):
        expected = wrote(llamas, asked, max_new_tokens=limit)
        assert wrote(llamas, asked, kind=LocalWriter, max_new_tokens=limit) == expected
    assert "" in {one.text for one in expected.values()}


def test_a_step_that_warms_up_before_a_graph_is_made_changes_no_text(
    llamas: tuple[Base, PeftModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = wrote(llamas, requests(1.0), kind=LocalWriter, rows=4)

    def stepping(steps: SlotSteps, live: int, hot: bool) -> None:
        steps.warm(live, hot)
        steps.write(live, hot)

    monkeypatch.setattr(SlotSteps, "_step", stepping)
    assert wrote(llamas, requests(1.0), kind=LocalWriter, rows=4) == expected


def test_adapters_of_some_layers_and_of_other_ranks_are_their_own(tmp_path: Path) -> None:
    base, model = random_students(tmp_path, "causal", ("ir", "kg"))
    base.model.double()
    config = copy.deepcopy(model.peft_config["ir"])
    config.r, config.target_modules, config.lora_alpha = 3, {"v_proj", "up_proj"}, 5
    model.add_adapter("dr", config)
    for name, weight in model.named_parameters():
        if "lora_B.dr" in name:
            torch.nn.init.normal_(weight)
    expected = wrote((base, model), requests(0.0))
    assert wrote((base, model), requests(0.0), kind=LocalWriter) == expected
