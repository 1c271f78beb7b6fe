"""Write with students of any base by transformers' `generate`, one adapter at a time.

It is slower than slots. A batch lasts as long as its longest text, and holds the rows of one adapter.
"""

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import GenerationConfig, LogitsProcessor

from thoughtmill.train.policies.answering import GeneratedText
from thoughtmill.train.writers.masked import unmasked
from thoughtmill.train.writers.sampling import ActiveSample, StudentWriter, pick


class GenerateWriter(StudentWriter):
    """A `Writer` of students of one base, decoder-only or encoder-decoder, on CPU or GPU."""

    @torch.inference_mode()
    def write(self) -> list[GeneratedText]:
        """Write a whole batch of waiting prompts of one adapter; a prompt that fills the context is cut."""
        taken: list[ActiveSample] = []
        left: list[tuple[int, str, int, ActiveSample]] = []
        for entry in sorted(self.waiting):
            fits = len(taken) < self.max_rows and (not taken or entry[1] == taken[0].adapter)
            (taken.append(entry[-1]) if fits else left.append(entry))
        self.waiting = left
        rows = [row for row in taken if row.limit > 0]
        if rows:
            self._generate(rows)
        return [row.text(self.base.tokenizer) for row in taken]

    def _generate(self, rows: list[ActiveSample]) -> None:
        """Write all rows of a batch until they end."""
        unmasked(self.model)
        activate(self.model, rows[0].adapter)
        start, pad = self.base.start, self.base.pad
        side = "left" if start is None else "right"  # a decoder's text goes on where its prompt ends
        prompts = [torch.tensor(row.prompt) for row in rows]
        ids_BT = pad_sequence(prompts, True, pad, side)
        mask_BT = pad_sequence([torch.ones_like(prompt) for prompt in prompts], True, 0, side)
        config = GenerationConfig(
            max_new_tokens=max(row.limit for row in rows),
            eos_token_id=sorted(self.base.ends),
            pad_token_id=pad,
            decoder_start_token_id=start,
        )
        before, self.model.generation_config = self.model.generation_config, config
        try:
            found_BT = self.model.generate(
                input_ids=ids_BT.to(self.model.device),
                attention_mask=mask_BT.to(self.model.device),
                logits_processor=[Picked(rows, self.top_k, self.top_p)],
            )
        finally:
            self.model.generation_config = before
        begin = 1 if start is not None else ids_BT.shape[1]
        for row, tokens in zip(rows, found_BT[:, begin:].tolist(), strict=True):
            row.add(tokens)


class Picked(LogitsProcessor):
    """Chooses tokens as slots do, so that `generate` can take no other."""

    def __init__(self, rows: list[ActiveSample], top_k: int, top_p: float) -> None:
        self.rows, self.top_k, self.top_p = rows, top_k, top_p

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return scores in which only the chosen token of each row is possible."""
        temperatures_B = scores.new_tensor([row.request.temperature for row in self.rows])
        uniforms_B = scores.new_tensor([row.random.random() for row in self.rows])
        chosen_B = pick(scores, temperatures_B, uniforms_B, top_k=self.top_k, top_p=self.top_p)
        return torch.full_like(scores, -torch.inf).scatter(1, chosen_B[:, None], 0.0)


def activate(model: nn.Module, adapter: str) -> None:
    """Activate one adapter in peft's layers."""
    for layer in model.modules():
        if isinstance(layer, BaseTunerLayer):
            layer.set_adapter([adapter])
