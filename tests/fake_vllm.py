"""A stand-in for vLLM: the part of the interface of 0.33 that is called here, over a base and peft.

It writes for real, one sample a step and the latest first, and is as strict about names as vLLM is.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from peft import PeftModel

from thoughtmill.train.students.bases import load_base


@dataclass
class EngineArgs:
    model: str
    revision: str | None = None
    dtype: str = "auto"
    enable_lora: bool = False
    max_loras: int = 1
    max_lora_rank: int = 16
    max_model_len: int | None = None
    gpu_memory_utilization: float = 0.92


@dataclass
class SamplingParams:
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    max_tokens: int | None = 16
    detokenize: bool = True


@dataclass
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str = ""


@dataclass
class LLMEngine:
    """What is waiting, and the base with the adapters that requests have brought."""

    args: EngineArgs
    waiting: list[tuple[str, list[int], SamplingParams, LoRARequest]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base = load_base(self.args.model, self.args.revision)
        longest = self.args.max_model_len or self.base.model.config.max_position_embeddings
        self.model_config = SimpleNamespace(max_model_len=longest)
        self.model: PeftModel | None = None

    @classmethod
    def from_engine_args(cls, engine_args: EngineArgs) -> "LLMEngine":
        return cls(engine_args)

    def add_request(
        self,
        request_id: str,
        prompt: dict[str, list[int]],
        params: SamplingParams,
        arrival_time: float | None = None,
        lora_request: LoRARequest | None = None,
    ) -> str:
        assert lora_request is not None
        assert 0 < lora_request.lora_int_id <= self.args.max_loras
        assert len(prompt["prompt_token_ids"]) < self.model_config.max_model_len
        assert request_id not in [name for name, *_ in self.waiting]
        self.waiting.append((request_id, prompt["prompt_token_ids"], params, lora_request))
        return request_id

    def step(self) -> Sequence[Any]:
        """Write the latest request to its end; tell of one under way as well, which is not to be taken."""
        name, prompt, params, lora = self.waiting.pop()
        if self.model is None:
            self.model = PeftModel.from_pretrained(self.base.model, lora.lora_path, lora.lora_name)
        elif lora.lora_name not in self.model.peft_config:
            self.model.load_adapter(lora.lora_path, lora.lora_name)
        self.model.set_adapter(lora.lora_name)
        torch.manual_seed(params.seed or 0)
        hot = {
            "do_sample": True,
            "temperature": params.temperature,
            "top_k": params.top_k,
            "top_p": params.top_p,
        }
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            ids_out = self.model.eval().generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=params.max_tokens,
                **(hot if params.temperature else {"do_sample": False}),
            )  # fmt: skip
        tokens = ids_out[0, len(prompt) :].tolist()
        reason = "stop" if tokens[-1] == self.base.tokenizer.eos_token_id else "length"
        begun = SimpleNamespace(token_ids=tokens[:1], finish_reason=None)
        ended = SimpleNamespace(token_ids=tokens, finish_reason=reason)
        return [
            SimpleNamespace(request_id="unknown", finished=False, outputs=[begun]),
            SimpleNamespace(request_id=name, finished=True, outputs=[ended]),
        ]


def install(patched: pytest.MonkeyPatch) -> None:
    """Let `import vllm` find the stand-in."""
    vllm, lora, request = ModuleType("vllm"), ModuleType("vllm.lora"), ModuleType("vllm.lora.request")
    vars(vllm).update(EngineArgs=EngineArgs, LLMEngine=LLMEngine, SamplingParams=SamplingParams, lora=lora)
    vars(request).update(LoRARequest=LoRARequest)
    for module in (vllm, lora, request):
        patched.setitem(sys.modules, module.__name__, module)
