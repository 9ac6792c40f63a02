"""Trains a tiny Qwen2 reward model for five optimiser steps with TRL's RewardTrainer and saves what changed.

    python updates.py        # trl 1.13, transformers 5.18, torch 2.13 (CPU), in float64; reads ../updates/checkpoint

Writes updates.json (what the trainer was fed, loss, gradient norm and metrics of each step) and updates.safetensors (by
case and parameter: after less before; `score` is the head that training starts from). The trainer runs whole: its data
path, `compute_loss`, accumulation, clipping, AdamW and schedule.
"""

import json
import logging
import tempfile
from pathlib import Path

import datasets
import torch
import transformers
import trl
from datasets import Dataset
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast
from trl import RewardConfig, RewardTrainer

datasets.disable_progress_bars()
logging.disable(logging.WARNING)
HERE = Path(__file__).parent
CHECKPOINT = HERE.parent / "updates" / "checkpoint"
LETTERS, PAD, EOS = "abcdefghijklmnop", "<|pad|>", "<|eos|>"
STEPS = 5
generator = torch.Generator().manual_seed(61)
SCORE = (0.3 * torch.randn(1, 16, generator=generator)).float()


def tokenizer(pad):
    vocabulary = {letter: place for place, letter in enumerate(LETTERS)}
    vocabulary |= {PAD: 16, EOS: 17, "<|im_start|>": 18, "<|im_end|>": 19}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token=PAD))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("<\\|[a-z_]+\\|>|."), "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=EOS, pad_token=pad)


def integers(low, high, count):
    return torch.randint(low, high, (count,), generator=generator).tolist()


def word(low, high):
    return "".join(LETTERS[place] for place in integers(0, len(LETTERS), integers(low, high + 1, 1)[0]))


def load():
    model = AutoModelForSequenceClassification.from_pretrained(CHECKPOINT, num_labels=1, dtype=torch.float64)
    with torch.no_grad():
        model.score.weight.copy_(SCORE)
    return model


def case(name, pairs, batch=4, accumulation=1, pad=PAD, max_grad_norm=0.2, **options):
    with tempfile.TemporaryDirectory() as folder:
        args = RewardConfig(
            output_dir=folder,
            learning_rate=1e-2,
            lr_scheduler_type="constant",
            weight_decay=0.1,
            max_steps=STEPS,
            optim="adamw_torch",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            seed=0,
            max_grad_norm=max_grad_norm,
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=accumulation,
            train_sampling_strategy="sequential",
            **options,
        )
        trainer = RewardTrainer(
            load(), args=args, train_dataset=Dataset.from_list(pairs), processing_class=tokenizer(pad)
        )
        ids = [[trainer.train_dataset[i][side] for side in ("chosen_ids", "rejected_ids")] for i in range(2)]
        before = {key: value.detach().clone() for key, value in trainer.model.named_parameters()}
        trainer.train()
        logs = [log for log in trainer.state.log_history if "grad_norm" in log]
        assert len(logs) == STEPS and all(log["grad_norm"] > max_grad_norm for log in logs), (name, logs)
        clock = {"step_time", "epoch", "step"}
        steps = [{key: value for key, value in log.items() if key not in clock} for log in logs]
        after = dict(trainer.model.named_parameters())
        change = {f"{name}/{key}": (after[key] - value).detach().float() for key, value in before.items()}
        return {"name": name, "ids": ids, "steps": steps}, change


pairs = [{"prompt": word(1, 4), "chosen": word(1, 6), "rejected": word(1, 6)} for _ in range(4 * STEPS)]
margins = torch.rand(len(pairs), generator=generator).tolist()
with_margins = [{**pair, "margin": margin} for pair, margin in zip(pairs, margins)]
cases = [
    case("plain", pairs),
    case("centred, accumulated", pairs, batch=2, accumulation=2, center_rewards_coefficient=0.05),
    case("margins", with_margins),
    case("end of sequence as padding", pairs, pad=EOS),
]
content = {
    "versions": {"trl": trl.__version__, "transformers": transformers.__version__, "torch": torch.__version__},
    "pairs": with_margins,
    "cases": [made for made, _ in cases],
}
(HERE / "updates.json").write_text(json.dumps(content) + "\n")
changes = {key: value for _, change in cases for key, value in change.items()}
save_file({"score": SCORE, **changes}, HERE / "updates.safetensors")
