"""Samples from students in vLLM, for those with a GPU: one base, the adapters of all roles in one batch.

It is written against vLLM 0.33, whose torch needs a separate environment. So far it has only been run against
a stand-in with the signatures of that version (`tests/fake_vllm.py`), never against vLLM itself.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from peft import PeftConfig
from transformers import AutoTokenizer

from thoughtmill.factory.core.errors import ThoughtmillError
from thoughtmill.train.policies.answering import GeneratedText, GenerationRequest
from thoughtmill.train.policies.plans import SampleRequest
from thoughtmill.train.roles.escapes import decoded
from thoughtmill.train.writers.loading import AdapterMap, prompted
from thoughtmill.train.writers.settings import VllmSettings

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The maximum ranks that vLLM accepts."""


class VllmWriter:
    """A `Writer` over vLLM's engine, which makes its own batches; `sampling` applies to all requests."""

    def __init__(
        self, settings: VllmSettings, adapters: AdapterMap, base: str, dtype: str, **sampling: Any
    ) -> None:
        try:
            vllm, lora = import_module("vllm"), import_module("vllm.lora.request")
        except ImportError as error:
            raise ThoughtmillError("infer.backend: vllm is not installed: `pip install vllm`") from error
        self.adapter_of, self.styles = adapters.adapter_of, adapters.styles
        self.sampled, self.sampling = vllm.SamplingParams, sampling
        if dtype == "4bit":
            raise ThoughtmillError("infer.precision: 4bit needs `infer.backend: students`")
        if whole := [name for name, origin in adapters.origins.items() if origin.whole]:
            raise ThoughtmillError(
                f"infer.backend: vllm serves adapters, and {', '.join(whole)} are models: use `students`"
            )
        folders = {name: str(place) for name, place in adapters.folders.items()}
        self.loras = {
            name: lora.LoRARequest(name, at, one) for at, (name, one) in enumerate(folders.items(), 1)
        }
        rank = max(PeftConfig.from_pretrained(folder).r for folder in folders.values())
        named = {"model": base, "revision": adapters.revision(base), "dtype": dtype}
        room = {"max_loras": len(folders), "max_lora_rank": min(one for one in RANKS if one >= rank)}
        given = settings.model_dump(exclude_none=True)
        self.engine = vllm.LLMEngine.from_engine_args(
            vllm.EngineArgs(enable_lora=True, **named, **room, **given)
        )
        self.tokenizer = AutoTokenizer.from_pretrained(base, revision=named["revision"])
        self.asked: dict[str, SampleRequest] = {}
        self.cut: list[GeneratedText] = []

    def ask(self, requests: Sequence[GenerationRequest]) -> None:
        """Give requests to vLLM; a prompt that fills the context is cut at once."""
        for one, adapter, prompt in prompted(self.tokenizer, requests, self.adapter_of, self.styles):
            if len(prompt) >= self.engine.model_config.max_model_len:
                self.cut.append(GeneratedText(one.wanted, "", 0, "truncated"))
                continue
            how = self.sampled(
                temperature=one.temperature, seed=one.seed_number, detokenize=False, **self.sampling
            )
            name = "/".join(map(str, one.wanted.key))
            lora = self.loras[adapter]
            self.engine.add_request(name, {"prompt_token_ids": prompt}, how, lora_request=lora)
            self.asked[name] = one.wanted

    def write(self) -> list[GeneratedText]:
        """Let vLLM write a token of every active sample; return the texts that ended."""
        found, self.cut = self.cut, []
        for one in self.engine.step() if self.asked else ():
            if one.finished:
                tokens, reason = list(one.outputs[0].token_ids), one.outputs[0].finish_reason
                text = decoded(self.tokenizer, tokens[:-1] if reason == "stop" else tokens)
                failure = {"stop": None, "length": "truncated"}.get(reason, "unanswered")
                found.append(GeneratedText(self.asked.pop(one.request_id), text, len(tokens), failure))
        return found
