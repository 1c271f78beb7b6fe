"""Train with TRL's SFTTrainer on the tokens of a plan of ours, for comparison."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import TrainerCallback

from thoughtmill.train.students import adapters
from thoughtmill.train.students.bases import Base
from thoughtmill.train.training.plan import TrainingPlan
from thoughtmill.train.training.settings import FinetuneSettings

# One thread and its own CPU seconds: other work on the machine then changes no figure.
CLOCK = time.monotonic if torch.cuda.is_available() else time.process_time


def trl(
    base: Base,
    plan: TrainingPlan,
    chosen: FinetuneSettings,
    *,
    checkpointing: bool,
    out: Path,
    callbacks: Sequence[TrainerCallback] = (),
) -> tuple[float, list[float]]:
    """Train with SFTTrainer, with the loss on the targets alone as well; return its seconds and losses."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [plan.encoded[index] for step in plan.steps for index in step]
    columns = {
        "input_ids": [prompt + target for prompt, target in rows],
        "completion_mask": [[0] * len(prompt) + [1] * len(target) for prompt, target in rows],
    }
    config = SFTConfig(
        output_dir=str(out), max_steps=len(plan.steps),
        per_device_train_batch_size=chosen.batch_records,
        learning_rate=chosen.learning_rate, lr_scheduler_type="cosine", warmup_steps=0, weight_decay=0.0,
        logging_steps=1, save_strategy="no", report_to="none", train_sampling_strategy="sequential",
        completion_only_loss=True, gradient_checkpointing=checkpointing, bf16=torch.cuda.is_available(),
    )  # fmt: skip
    torch.manual_seed(chosen.seed)
    trainer = SFTTrainer(
        base.model,
        args=config,
        train_dataset=Dataset.from_dict(columns),
        processing_class=base.tokenizer,
        peft_config=adapters.lora(base.model, **chosen.lora()),
        callbacks=list(callbacks),
    )
    begun = CLOCK()
    trainer.train()
    seconds = CLOCK() - begun
    return seconds, [row["loss"] for row in trainer.state.log_history if "loss" in row]
