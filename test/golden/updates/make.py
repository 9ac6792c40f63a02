"""Trains a tiny Qwen2 for five optimiser steps with TRL's GRPOTrainer and DPOTrainer and saves what changed.

    python make.py        # trl 1.13, transformers 5.18, torch 2.13 (CPU), in float64

Writes checkpoint/ (the model, float32), updates.json (what the trainers were fed, and loss, gradient norm and metrics of
each step) and updates.safetensors (by case and parameter: after less before).

Both trainers run whole: their data path, `compute_loss`, accumulation, clipping, AdamW and schedule. Only GRPO's
`_generate_and_score_completions` is replaced, by a fixed buffer whose old log-probabilities are not the policy's.
"""

import json
import logging
import tempfile
from pathlib import Path

import torch
import transformers
import trl
from datasets import Dataset
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from trl import DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer

logging.disable(logging.WARNING)
HERE = Path(__file__).parent
CHECKPOINT = HERE / "checkpoint"
LETTERS, PAD, EOS = "abcdefghijklmnop", "<|pad|>", "<|eos|>"
STEPS, ROWS, PROMPTS = 5, 8, 2
generator = torch.Generator().manual_seed(41)


def make_checkpoint():
    config = Qwen2Config(
        vocab_size=20,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=17,
        pad_token_id=16,
    )
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.2 * noise if "norm" in name else 0.3 * noise)
    model.save_pretrained(CHECKPOINT)


def tokenizer():
    vocabulary = {letter: place for place, letter in enumerate(LETTERS)}
    vocabulary |= {PAD: 16, EOS: 17, "<|im_start|>": 18, "<|im_end|>": 19}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token=PAD))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=EOS, pad_token=PAD)


def integers(low, high, count):
    return torch.randint(low, high, (count,), generator=generator).tolist()


def word(low, high):
    return "".join(LETTERS[place] for place in integers(0, len(LETTERS), integers(low, high + 1, 1)[0]))


def load():
    return AutoModelForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.float64)


def common(folder, **options):
    return dict(
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
        **options,
    )


def grpo_rows():
    """What a generation of each step holds: prompts, completions and numbers per token."""
    model = load()
    steps = []
    for _ in range(STEPS):
        rows = []
        for place in range(ROWS):
            if place % (ROWS // PROMPTS) == 0:
                prompt = integers(0, 16, integers(1, 5, 1)[0])
            completion = integers(0, 16, integers(0, 8, 1)[0]) + [17]
            with torch.no_grad():
                logits = model(torch.tensor([prompt + completion])).logits[0, len(prompt) - 1 : -1]
            logps = logits.log_softmax(-1).gather(-1, torch.tensor(completion)[:, None])[:, 0]
            noise = torch.randn(2, len(completion), generator=generator, dtype=torch.float64)
            rows.append(
                {
                    "prompt": prompt,
                    "completion": completion,
                    "oldLogprobs": (logps + 0.25 * noise[0]).tolist(),
                    "referenceLogprobs": (logps + 0.5 * noise[1]).tolist(),
                    "advantage": torch.randn(1, generator=generator, dtype=torch.float64).item(),
                }
            )
        steps.append(rows)
    return steps


def padded(rows, key, side, value, dtype=torch.float64):
    width = max(len(row[key]) for row in rows)
    fill = lambda row: [value] * (width - len(row[key]))
    whole = [fill(row) + row[key] if side == "left" else row[key] + fill(row) for row in rows]
    return torch.tensor(whole, dtype=dtype)


def as_buffer(rows):
    ones = [{key: [1] * len(row[key]) for key in ("prompt", "completion")} for row in rows]
    mask = padded(ones, "completion", "right", 0, torch.long)
    return {
        "prompt_ids": padded(rows, "prompt", "left", 16, torch.long),
        "prompt_mask": padded(ones, "prompt", "left", 0, torch.long),
        "completion_ids": padded(rows, "completion", "right", 16, torch.long),
        "completion_mask": mask,
        "old_per_token_logps": padded(rows, "oldLogprobs", "right", 0.0),
        "ref_per_token_logps": padded(rows, "referenceLogprobs", "right", 0.0),
        "advantages": torch.tensor([row["advantage"] for row in rows], dtype=torch.float64),
        "num_items_in_batch": mask.sum(),
    }


class FixedGrpo(GRPOTrainer):
    buffers = ()

    def _generate_and_score_completions(self, inputs):
        return self.buffers[self.state.global_step]


def finish(name, trainer, before, max_grad_norm):
    trainer.train()
    logs = [log for log in trainer.state.log_history if "grad_norm" in log]
    assert len(logs) == STEPS and all(log["grad_norm"] > max_grad_norm for log in logs), (name, logs)
    clock = {"step_time", "epoch", "step", "num_tokens"}
    steps = [{key: value for key, value in log.items() if key not in clock} for log in logs]
    after = dict(trainer.model.named_parameters())
    change = {f"{name}/{key}": (after[key] - value).detach().float() for key, value in before.items()}
    return {"name": name, "steps": steps}, change


def grpo_case(name, buffers, max_grad_norm=0.2, **options):
    with tempfile.TemporaryDirectory() as folder:
        args = GRPOConfig(
            **common(folder, max_grad_norm=max_grad_norm),
            per_device_train_batch_size=ROWS // 2,
            gradient_accumulation_steps=2,
            num_generations=ROWS // PROMPTS,
            max_completion_length=9,
            **options,
        )
        trainer = FixedGrpo(
            load(),
            reward_funcs=lambda completions, **_: [0.0] * len(completions),
            args=args,
            train_dataset=Dataset.from_list([{"prompt": "a"}] * STEPS * PROMPTS),
            processing_class=tokenizer(),
        )
        trainer.buffers = [as_buffer(rows) for rows in buffers]
        before = {key: value.detach().clone() for key, value in trainer.model.named_parameters()}
        return finish(name, trainer, before, max_grad_norm)


def dpo_case(name, pairs, batch=2, accumulation=2, max_grad_norm=0.2, **options):
    with tempfile.TemporaryDirectory() as folder:
        args = DPOConfig(
            **common(folder, max_grad_norm=max_grad_norm),
            per_device_train_batch_size=batch,
            gradient_accumulation_steps=accumulation,
            train_sampling_strategy="sequential",
            **options,
        )
        trainer = DPOTrainer(
            load(), load(), args=args, train_dataset=Dataset.from_list(pairs), processing_class=tokenizer()
        )
        before = {key: value.detach().clone() for key, value in trainer.model.named_parameters()}
        return finish(name, trainer, before, max_grad_norm)


make_checkpoint()
buffers = grpo_rows()
pairs = [{"prompt": word(1, 4), "chosen": word(1, 6), "rejected": word(1, 6)} for _ in range(4 * STEPS)]
cases = [
    grpo_case("grpo", buffers, loss_type="grpo", beta=0.04),
    grpo_case("gspo", buffers, loss_type="grpo", importance_sampling_level="sequence", epsilon=0.1, epsilon_high=0.15),
    grpo_case("dapo", buffers, loss_type="dapo", beta=0.04, epsilon_high=0.28, use_bias_correction_kl=False),
    grpo_case("dr_grpo", buffers, loss_type="dr_grpo", scale_rewards=False),
    grpo_case("cispo", buffers, loss_type="cispo", epsilon_high=1.2),
    grpo_case("sapo", buffers, loss_type="sapo", sapo_temperature_pos=1.2, sapo_temperature_neg=1.5),
    dpo_case("sigmoid", pairs),
    dpo_case("ipo", pairs, loss_type=["ipo"], beta=0.2),
    dpo_case("hinge", pairs, loss_type=["hinge"], beta=0.5),
    dpo_case("sigmoid and sft", pairs, batch=4, accumulation=1, loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.2]),
]
content = {
    "versions": {"trl": trl.__version__, "transformers": transformers.__version__, "torch": torch.__version__},
    "grpo": buffers,
    "dpo": pairs,
    "cases": [case for case, _ in cases],
}
(HERE / "updates.json").write_text(json.dumps(content) + "\n")
save_file({key: value for _, change in cases for key, value in change.items()}, HERE / "updates.safetensors")
