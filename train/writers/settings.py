"""The section `infer` of `params.yaml`: how samples are written, and for which policies."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from thoughtmill.factory.core.params import Section, unique
from thoughtmill.factory.teachers.endpoint.settings import EndpointSettings
from thoughtmill.train.policies.problems import DecisionSettings
from thoughtmill.train.students.settings import BaseSettings, ChosenBase

PRESETS: dict[str, dict[str, Any]] = {
    # LoRID's released code; a chain about MATH takes several hundred tokens.
    "lorid": {"max_new_tokens": 1024, "temperature": 1.5, "top_k": 50, "top_p": 0.9},
}


class EndpointWriterSettings(EndpointSettings):
    """Settings of an endpoint, as in `generate.openai`, and its model for each role."""

    models: Mapping[str, str] = Field({}, description="model by role; `model` answers for all others")


class VllmSettings(Section):
    """Settings of vLLM."""

    gpu_memory_utilization: float = Field(
        0.9, gt=0, le=1, description="share of the GPU's memory that vLLM takes"
    )
    max_model_len: int | None = Field(
        None, gt=0, description="longest prompt with its text, in tokens; default: the base's"
    )


class InferSettings(DecisionSettings):
    """The section `infer` of `params.yaml`; `preset` fills in the other settings."""

    preset: Literal["lorid"] | None = None
    backend: Literal["students", "vllm", "openai"] = "students"
    base: ChosenBase = BaseSettings()
    precision: Literal["auto", "float32", "bfloat16", "4bit"] = "auto"
    seeds: Annotated[tuple[int, ...], AfterValidator(unique)] = Field(
        (1,), min_length=1, description="one run each"
    )
    temperature: float = Field(1.5, gt=0, description="temperature of sampled rounds; LoRID's")
    pair_temperatures: tuple[float, ...] = Field((0.3, 0.7, 1.0), min_length=1, description="pair after pair")
    top_k: int = Field(50, gt=0, description="LoRID's")
    top_p: float = Field(0.9, gt=0, le=1, description="LoRID's")
    max_new_tokens: int = Field(256, gt=0)
    rows: int = Field(128, gt=0, description="samples written at a time")
    shards: int = Field(8, ge=1, description="shares of the problems that an executor such as `ray` spreads")
    style: str | None = Field(None, description="how adapters of others are asked, which do not say it")
    mixed_versions: bool = Field(False, description="accept adapters of different data versions")
    openai: EndpointWriterSettings = EndpointWriterSettings()
    vllm: VllmSettings = VllmSettings()

    @model_validator(mode="after")
    def _fill(self) -> Self:
        for name, value in PRESETS.get(self.preset or "", {}).items():
            if name not in self.model_fields_set:
                object.__setattr__(self, name, value)  # the model is frozen for everybody else
        return self
