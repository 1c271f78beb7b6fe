import json
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import MambaConfig, MambaForCausalLM

from tests import tiny
from tests.waiting import PATIENCE_S
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.factory.core.params import validated
from thoughtmill.train import roles
from thoughtmill.train.finetune import TrainingJob, finetune, prepare, student, write_curve
from thoughtmill.train.roles import encoding
from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import load_base
from thoughtmill.train.students.origins import WEIGHTS, origin_of
from thoughtmill.train.training.learning import learn
from thoughtmill.train.training.plan import training_plan
from thoughtmill.train.training.settings import FinetuneSettings
from thoughtmill.train.training.states import LossPoint

MARKED = "seven."


def settings(**given: object) -> FinetuneSettings:
    quick = {"rank": 8, "alpha": 16, "learning_rate": 0.02, "batch_records": 8, "steps": 3}
    return FinetuneSettings.model_validate(quick | given)


def marked_corpus(folder: Path) -> Path:
    """Write a corpus in which every rationale is the same marked thing."""
    return tiny.write_corpus(folder, [row | {"rationale": MARKED} for row in tiny.records()])


def trained(tmp_path: Path, base: Path, role: str, corpus: Path, **given: object) -> Path:
    chosen = settings(base=str(base), **given)
    finetune(TrainingJob(role, open_corpus(str(corpus)), chosen, tmp_path / role, tmp_path / f"{role}.pt"))
    return tmp_path / role


def answer(base: Path, adapter: Path, role: str, parts_of: str) -> tuple[str, bool]:
    """Return what a student writes about a problem of no corpus, and whether it stopped by itself."""
    loaded = load_base(str(base))
    student = adapters.load(loaded, adapter, role).eval()
    asked = torch.tensor([encoding.render(loaded.tokenizer, parts_of, "9 bags of 9 nuts. How many nuts?")])
    wrote = student.generate(
        input_ids=asked, attention_mask=torch.ones_like(asked), max_new_tokens=40, do_sample=False
    )
    new = wrote[0, 1 if loaded.start is not None else asked.shape[1] :].tolist()
    stopped = 1 in new
    text = "".join(loaded.tokenizer.convert_ids_to_tokens(new[: new.index(1)] if stopped else new))
    return text, stopped


@pytest.mark.parametrize("role", ["ir", "kg", "gp"])
def test_a_role_learns_the_one_thing_its_records_say_and_stops_after_it(tmp_path: Path, role: str) -> None:
    base = tiny.write_causal(tmp_path / "base")
    adapter = trained(tmp_path, base, role, marked_corpus(tmp_path / "corpus"), steps=30)
    assert answer(base, adapter, role, role) == (MARKED, True)


@pytest.mark.parametrize(("role", "parts_of"), [("pot", "pot"), ("etd", "eot")])
def test_a_t5_learns_through_the_same_code(tmp_path: Path, role: str, parts_of: str) -> None:
    base = tiny.write_t5(tmp_path / "base")
    adapter = trained(tmp_path, base, role, marked_corpus(tmp_path / "corpus"), steps=40)
    assert answer(base, adapter, role, parts_of) == (MARKED, True)


def test_the_ensemble_answers_each_instruction_with_its_own_thought(tmp_path: Path) -> None:
    rows = [row | {"rationale": str(row["thought"])} for row in tiny.records()]
    base = tiny.write_causal(tmp_path / "base")
    corpus, quick = tiny.write_corpus(tmp_path / "c", rows), {"steps": 60, "learning_rate": 0.04}
    adapter = trained(tmp_path, base, "etd", corpus, batch_records=12, **quick)
    for thought in ("cot", "pot", "eot"):
        assert answer(base, adapter, "etd", thought) == (thought, True)


def test_the_untrained_adapter_writes_what_the_base_writes(tmp_path: Path) -> None:
    base = load_base(str(tiny.write_causal(tmp_path / "base")))
    ids = torch.arange(10)[None] + 20
    before = base.model(input_ids=ids).logits.detach().clone()
    assert torch.equal(student(base, settings()).eval()(input_ids=ids).logits, before)


def test_layers_that_peft_refuses_are_one_sentence(tmp_path: Path) -> None:
    config = MambaConfig(vocab_size=98, hidden_size=32, num_hidden_layers=1, state_size=4)
    base = tiny.based_on(MambaForCausalLM(config), tmp_path / "base")
    with pytest.raises(ThoughtmillError, match=r"^finetune\.targets: [^\n]*incompatible with Mamba[^\n]*$"):
        student(base, settings())


def test_two_runs_of_one_seed_learn_the_same_bytes(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    first = trained(tmp_path / "1", base, "ir", corpus, dropout=0.2)
    second = trained(tmp_path / "2", base, "ir", corpus, dropout=0.2)
    other = trained(tmp_path / "3", base, "ir", corpus, dropout=0.2, seed=1)
    assert (first / WEIGHTS).read_bytes() == (second / WEIGHTS).read_bytes()
    assert (first / WEIGHTS).read_bytes() != (other / WEIGHTS).read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from tests.test_finetune import settings
from thoughtmill.factory.core.corpus import open_corpus
from thoughtmill.train.finetune import TrainingJob, finetune
folder, base, corpus = sys.argv[1:]
save = torch.save
def killed(held, part):
    if len(held["curve"]) == 3:
        part.write_bytes(b"half a state")
        os.kill(os.getpid(), signal.SIGKILL)
    save(held, part)
torch.save = killed
chosen = settings(base=base, steps=6, save_every=1, dropout=0.2)
finetune(TrainingJob("ir", open_corpus(corpus), chosen, Path(folder, "ir"), Path(folder, "ir.pt")))
"""


def test_a_run_killed_while_it_saves_goes_on_from_its_last_state_with_the_same_curve_and_weights(
    tmp_path: Path, python: str
) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    chosen = settings(base=str(base), steps=6, save_every=1, dropout=0.2)
    whole = finetune(
        TrainingJob(
            "ir", open_corpus(str(corpus)), chosen, tmp_path / "whole" / "ir", tmp_path / "whole" / "ir.pt"
        )
    )
    folder = tmp_path / "killed"
    words = [python, "-c", KILLED, str(folder), str(base), str(corpus)]
    done = subprocess.run(
        words, cwd=Path(__file__).parents[1], stderr=subprocess.DEVNULL, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert b"half a state" in [path.read_bytes() for path in folder.iterdir()]
    assert len(torch.load(folder / "ir.pt", weights_only=True)["curve"]) == 2
    assert not (folder / "ir").exists()
    rest = finetune(TrainingJob("ir", open_corpus(str(corpus)), chosen, folder / "ir", folder / "ir.pt"))
    assert rest == whole
    weights = [(where / "ir" / WEIGHTS).read_bytes() for where in (tmp_path / "whole", folder)]
    assert weights[0] == weights[1]
    assert not (folder / "ir.pt").exists()


def test_a_loss_that_is_no_number_ends_the_run_in_one_sentence(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    with pytest.raises(ThoughtmillError, match=r"the loss of step 1 is nan: lower finetune\.learning_rate"):
        trained(tmp_path, base, "ir", corpus, learning_rate=float("inf"))
    assert not (tmp_path / "ir").exists()


def test_a_state_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), open_corpus(str(marked_corpus(tmp_path / "corpus")))
    state = tmp_path / "ir.pt"
    torch.save(
        {"fingerprint": "of another run", "adapter": {}, "optimizer": {}, "curve": [(0, 9.9, 1, 0.1)]}, state
    )
    curve = finetune(TrainingJob("ir", corpus, settings(base=str(base)), tmp_path / "ir", state))
    assert [point.step for point in curve] == [0, 1, 2]
    assert curve[0].loss != 9.9


def test_an_adapter_says_where_it_comes_from(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    adapter = trained(tmp_path, base, "ir", corpus)
    origin = origin_of(adapter)
    assert (origin.role, origin.data_version, origin.records) == ("ir", "v" * 64, len(tiny.PAIRS))
    assert origin.parameters["rank"] == 8
    assert origin.base_sha == load_base(str(base)).sha
    card = (adapter / "README.md").read_text()
    for told in (
        "v" * 64,
        origin.examples_sha,
        origin.base_sha,
        origin.commit,
        "| finetune.learning_rate | 0.02 |",
    ):
        assert told in card
    assert json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"] == str(base)


def test_an_adapter_loads_with_peft_alone(tmp_path: Path) -> None:
    base = tiny.write_causal(tmp_path / "base")
    adapter = trained(tmp_path, base, "ir", marked_corpus(tmp_path / "corpus"))
    ids = torch.arange(12)[None] + 30
    ours = adapters.load(load_base(str(base)), adapter, "ir").eval()(input_ids=ids).logits
    plain = PeftModel.from_pretrained(load_base(str(base)).model, str(adapter)).eval()(input_ids=ids).logits
    assert torch.equal(ours, plain)
    assert not torch.allclose(plain, load_base(str(base)).model(input_ids=ids).logits)


def test_the_curve_is_shown_as_it_grows_with_speed_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("thoughtmill.train.training.learning.LINE_EVERY_S", 0.0)
    base, corpus = tiny.write_causal(tmp_path / "base"), open_corpus(str(tiny.write_corpus(tmp_path / "c")))
    seen: list[int] = []
    chosen = settings(base=str(base), dora=True)
    curve = finetune(
        TrainingJob(
            "ir", corpus, chosen, tmp_path / "ir", tmp_path / "ir.pt", lambda points: seen.append(len(points))
        )
    )
    assert seen == [1, 2, 3]
    assert len(curve) == 3
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("finetune ir: loss")]
    assert re.search(
        r"loss \d\.\d{3}, [\d,]+ tokens a second, MFU \d+\.\d%, \d+\.\d GiB: 1 of 3, .* s left$", lines[0]
    )


def test_a_loss_curve_is_a_table_that_dvc_can_plot(tmp_path: Path) -> None:
    write_curve([LossPoint(0, 1.5, 20, 1e-3), LossPoint(1, 1.25, 22, 0.0, 0.4)], tmp_path / "ir.csv")
    assert (tmp_path / "ir.csv").read_text().splitlines() == [
        "step,loss,target_tokens,learning_rate,right", "0,1.5000,20,0.001,", "1,1.2500,22,0,0.4000",
    ]  # fmt: skip


def test_records_longer_than_the_context_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tiny.records()
    rows[1] |= {"rationale": "long " * 30}
    base = tiny.write_causal(tmp_path / "base")
    trained(tmp_path, base, "ir", tiny.write_corpus(tmp_path / "c", rows), context=120)
    said = capsys.readouterr().out
    assert "23 ir; 3 steps of 8, packed" in said
    assert "of 120 in the context; 4.2% are left out" in said


def test_a_context_that_no_record_fits_is_one_sentence(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    with pytest.raises(ThoughtmillError, match=r"no record of `ir` fits 20 tokens: raise finetune\.context"):
        trained(tmp_path, base, "ir", corpus, context=20)


def test_a_thought_of_which_no_record_fits_is_one_sentence(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), tiny.write_corpus(tmp_path / "corpus")
    with pytest.raises(ThoughtmillError, match="no record of `eot` fits 101 tokens"):
        trained(tmp_path, base, "etd", corpus, context=101)


def test_the_context_is_no_more_than_the_base_has_positions_for(tmp_path: Path) -> None:
    base = tiny.causal(tmp_path / "base")
    base.model.config.max_position_embeddings = 90
    examples = roles.examples(open_corpus(str(tiny.write_corpus(tmp_path / "corpus"))), "ir")
    plan = training_plan(base, examples, settings(context=120))
    assert (plan.context, max(plan.lengths) <= 90, plan.left_out > 0) == (90, True, True)


def test_a_limit_draws_the_same_records_for_the_same_seed(tmp_path: Path) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    told = [origin_of(trained(tmp_path / name, base, "ir", corpus, limit=5, seed=int(seed)))
            for name, seed in (("a", "0"), ("b", "0"), ("c", "1"))]  # fmt: skip
    assert [one.records for one in told] == [5, 5, 5]
    assert told[0].examples_sha == told[1].examples_sha != told[2].examples_sha


def test_what_a_preset_says_yields_to_what_is_given() -> None:
    lorid = FinetuneSettings.model_validate({"preset": "lorid", "dropout": 0.0})
    assert lorid.context == 2048
    assert (lorid.rank, lorid.alpha, lorid.targets, lorid.dropout) == (512, 1024, ["q_proj", "v_proj"], 0.0)
    assert (lorid.learning_rate, lorid.epochs, lorid.batch_records, lorid.steps) == (5e-5, 5, 16, None)
    assert FinetuneSettings.model_validate({"preset": "lorid", "steps": 7}).epochs is None


def test_steps_and_epochs_at_once_are_refused() -> None:
    with pytest.raises(ThoughtmillError, match=r"^params\.yaml: finetune: give either `steps` or `epochs`$"):
        validated({"steps": 3, "epochs": 1}, FinetuneSettings, "params.yaml: finetune")


def test_a_role_may_have_settings_of_its_own() -> None:
    given = {"dropout": 0.5, "by_role": {"kg": {"steps": 7}, "dr": {"epochs": 2, "rank": 3}}}
    settings = FinetuneSettings.model_validate(given)
    assert settings.of("ir") == FinetuneSettings.model_validate({"dropout": 0.5})
    assert settings.of("kg") == FinetuneSettings.model_validate({"dropout": 0.5, "steps": 7})
    assert settings.of("dr") == FinetuneSettings.model_validate({"dropout": 0.5, "epochs": 2, "rank": 3})


def test_a_role_may_have_a_preset_of_its_own() -> None:
    etd = {"preset": "etd", "rank": 8}
    settings = FinetuneSettings.model_validate({"seed": 3, "rank": 4, "by_role": {"kg": etd}})
    assert settings.of("kg") == FinetuneSettings.model_validate(etd | {"seed": 3})
    assert settings.of("ir").rank == 4


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kg": {"stepz": 7}}, "finetune.by_role.kg: `stepz` is an unknown key"),
        ({"kg": {"rank": 0}}, "finetune.by_role.kg: `rank`"),
        ({"kg": {"rank": "8"}}, "finetune.by_role.kg: `rank`"),
        ({"kgs": {"steps": 7}}, "unknown role `kgs`"),
    ],
)
def test_wrong_settings_of_a_role_are_refused_by_name(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ThoughtmillError, match=told):
        validated({"by_role": wrong}, FinetuneSettings, "params.yaml: finetune")


def test_a_wrong_key_is_named() -> None:
    with pytest.raises(ThoughtmillError, match=r"`ranks` is an unknown key; did you mean `rank`\?"):
        validated({"ranks": 3}, FinetuneSettings, "params.yaml: finetune")


SPREAD = """
import os, sys
from pathlib import Path
from tests.test_finetune import settings
from thoughtmill.train.finetune import TrainingJob, finetune
from thoughtmill.factory.core.corpus import open_corpus
folder, base, corpus = sys.argv[1:]
state = Path(folder, os.environ["RANK"], "ir.pt")
chosen = settings(base=base, steps=4, save_every=2)
curve = finetune(TrainingJob("ir", open_corpus(corpus), chosen, Path(folder, "ir"), state))
print("\\ncurve", [round(point.loss, 4) for point in curve])
"""


def test_two_processes_go_on_where_one_was_killed_and_learn_what_it_would_have(
    tmp_path: Path, python: str
) -> None:
    base, corpus = tiny.write_causal(tmp_path / "base"), marked_corpus(tmp_path / "corpus")
    chosen = settings(base=str(base), steps=4, save_every=2)
    loaded, model, plan = prepare("ir", open_corpus(str(corpus)), chosen)
    # The state of its second step is left where only the first process finds it, as on machines of their own.
    alone = learn(loaded, model, plan, chosen, state=tmp_path / "0" / "ir.pt", what="ir")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    shared |= {"ACCELERATE_USE_CPU": "1"}
    words = [python, "-c", SPREAD, str(tmp_path), str(base), str(corpus)]
    processes = [
        subprocess.Popen(
            words,
            env=os.environ | shared | {"RANK": rank, "LOCAL_RANK": rank},
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    told = "".join(process.communicate(timeout=PATIENCE_S)[0] for process in processes)
    curves = [one for one in told.splitlines() if one.startswith("curve")]
    assert curves == [f"curve {[round(point.loss, 4) for point in alone]}"] * 2
    one, two = get_peft_model_state_dict(model), load_file(tmp_path / "ir" / WEIGHTS)
    assert one.keys() == two.keys()
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)
