"""The section `finetune` of `params.yaml`: which records a role learns from, on which base, and how."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from thoughtmill.factory.core.params import Section, unique, validated
from thoughtmill.train.roles import ROLES
from thoughtmill.train.roles.knowledge import KINDS
from thoughtmill.train.roles.styles import OURS, STYLES
from thoughtmill.train.students.settings import BaseSettings, ChosenBase

PRESETS: dict[str, dict[str, Any]] = {
    # The embedded student is small: rank 16 is enough, and it takes a high learning rate.
    "embedded": {
        "rank": 16, "alpha": 32, "dropout": 0.0, "targets": "all-linear",
        "learning_rate": 5e-3, "batch_records": 10, "steps": 300,
    },
    # LoRID, section 4.1 and its released code; the context holds MATH's longest chains with their knowledge.
    "lorid": {
        "rank": 512, "alpha": 1024, "dropout": 0.1, "targets": ["q_proj", "v_proj"],
        "learning_rate": 5e-5, "batch_records": 16, "epochs": 5, "context": 2048,
    },
    # EoTD, section 4.1: its rate and epochs, with LoRA on all layers; the paper trains all weights.
    "etd": {
        "rank": 64, "alpha": 128, "dropout": 0.0, "targets": "all-linear",
        "learning_rate": 5e-4, "batch_records": 32, "epochs": 10,
    },
}  # fmt: skip


class ValidationSettings(Section):
    """When a student in training is tried on held-out problems; the best weights are kept."""

    every: int = Field(gt=0, description="steps between two trials; there is one at the end too")
    problems: int = Field(50, gt=0, description="how many, always the same")
    split: str = "validation"
    patience: int | None = Field(None, gt=0, description="trials without a gain after which training ends")
    max_new_tokens: int = Field(256, gt=0)


def filled(given: dict[str, Any]) -> dict[str, Any]:
    """Complete the given settings from the preset that they name, if any."""
    preset = PRESETS.get(given.get("preset", ""), {})
    length = {"steps", "epochs"} if given.keys() & {"steps", "epochs"} else set()
    return {name: value for name, value in preset.items() if name not in length} | given


def _some(shares: dict[str, float]) -> dict[str, float]:
    """Refuse shares of unknown kinds of knowledge, and shares that are all 0."""
    if unknown := sorted(shares.keys() - set(KINDS)):
        raise ValueError(f"`knowledge`: unknown kind `{unknown[0]}`; there are: {', '.join(KINDS)}")
    if shares and not sum(shares.values()):
        raise ValueError("`knowledge`: give some kind a share above 0")
    return shares


Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Shares = Annotated[dict[str, Share], AfterValidator(_some)]


class FinetuneSettings(Section):
    """The section `finetune`; `preset` fills in the other settings."""

    preset: Literal["embedded", "lorid", "etd"] = "embedded"
    base: ChosenBase = BaseSettings()
    corpus: str = "data"
    corpus_revision: str | None = None
    data_version: str | None = Field(None, description="refuse a corpus of any other version")
    style: str = Field(OURS, description="the layout of prompts: thoughtmill, etd or lorid")
    where: str = Field("kept", description="SQL condition: the records to learn from")
    limit: int | None = Field(None, gt=0, description="most records to learn from, drawn by the seed")
    mix: dict[str, Share] = Field(
        {}, description="how often an epoch has the records for which an SQL condition holds; default: once"
    )
    curriculum: str | None = Field(
        None, description="SQL expression, such as `difficulty`: the first epoch has low values first"
    )
    knowledge: Shares = Field(
        {},
        description="how often `dr` learns with knowledge that is `gold` (alone the default), `shuffled`, "
        "`partial`, another problem's (`other`), `none`, or KG's `own`",
    )
    weights: Literal["lora", "all"] = Field("lora", description="learn an adapter, or a whole model")
    rank: int = Field(gt=0)
    alpha: int = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    targets: str | list[str] = Field(description="last names of linear layers, or `all-linear`")
    dora: bool = Field(False, description="learn the magnitudes of weights apart (DoRA)")
    rslora: bool = Field(False, description="scale by alpha over the root of the rank")
    learning_rate: float = Field(gt=0)
    warmup: float = Field(
        0.03, ge=0, lt=1, description="share of steps in which the rate rises; cosine after"
    )
    batch_records: int = Field(gt=0, description="records a step learns from, over all processes")
    epochs: float | None = Field(None, gt=0)
    steps: int | None = Field(None, gt=0, description="instead of epochs")
    context: int = Field(512, gt=0, description="tokens; longer examples are left out")
    pass_tokens: int = Field(8192, gt=0, description="tokens in one forward pass of one device: its memory")
    precision: Literal["auto", "float32", "bfloat16", "4bit"] = "auto"
    gradient_checkpointing: bool | None = Field(
        None, description="less memory for more time; null: on a GPU where its faster step is not to be had"
    )
    shard: bool = Field(False, description="spread the model itself over the processes (FSDP)")
    validation: ValidationSettings | None = None
    logs: list[Literal["tensorboard", "dvclive"]] = Field([], description="writers of the curve as it grows")
    save_every: int = Field(
        50,
        gt=0,
        description="steps between two states that a killed run goes on from; on a GPU half a minute",
    )
    seed: int = Field(0, ge=0)
    seeds: Annotated[list[int], AfterValidator(unique)] = Field(
        [], description="further seeds: every role is trained once more with each"
    )
    by_role: dict[str, dict[str, Any]] = Field({}, description="settings of single roles: `kg: {steps: 600}`")

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        preset = str(given.get("preset", "embedded"))
        if preset not in PRESETS:  # else every setting that it would fill in were a fault too
            raise ValueError(f"`preset`: unknown preset `{preset}`; there are: {', '.join(PRESETS)}")
        return filled({"preset": preset} | given)

    @model_validator(mode="after")
    def _one_length(self) -> "FinetuneSettings":
        STYLES.named(self.style)
        if self.weights == "all" and self.precision == "4bit":
            raise ValueError(
                "`precision`: weights of 4 bits cannot learn: choose another, or `weights: lora`"
            )
        if self.shard and self.validation is not None:
            raise ValueError("`shard`: a model spread over processes cannot write: leave out `validation`")
        if self.seed in self.seeds:
            raise ValueError(f"`seeds`: {self.seed} is `seed` already: list further ones")
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give either `steps` or `epochs`")
        return self

    @model_validator(mode="after")
    def _each_role(self) -> "FinetuneSettings":
        for role in self.by_role:
            ROLES.named(role)
            self.of(role)
        return self

    def lora(self) -> dict[str, Any]:
        """Return the arguments with which `adapters.lora` makes peft's settings."""
        named = {"rank", "alpha", "dropout", "targets", "dora", "rslora"}
        return self.model_dump(include=named) | {"revision": self.base.revision}

    def of(self, role: str) -> "FinetuneSettings":
        """Return the settings of one role; a preset named for it overrides the settings of all roles."""
        other = filled(self.by_role.get(role, {}))
        left = {"by_role", "steps", "epochs"} if other.keys() & {"steps", "epochs"} else {"by_role"}
        where = f"params.yaml: finetune.by_role.{role}"
        return validated(self.model_dump(exclude=left) | other, FinetuneSettings, where)
