"""Writes trl_config.json: TRL's option defaults, and the batch arithmetic that its trainers really do.

Run with TRL installed:  python trl_config.py
"""

import dataclasses
import json
import logging
import pathlib
import tempfile

import torch
import transformers
import trl
from datasets import Dataset
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM
from tokenizers import Tokenizer, models, pre_tokenizers
from trl import DPOConfig, GRPOConfig, GRPOTrainer, RewardConfig, SFTConfig, SFTTrainer

logging.disable(logging.WARNING)


def tokenizer():
    vocabulary = {"<eos>": 0, "<pad>": 1, "a": 2, "b": 3}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<eos>", pad_token="<pad>")


def model():
    torch.manual_seed(0)
    sizes = dict(vocab_size=4, hidden_size=8, intermediate_size=8, num_hidden_layers=1)
    return Qwen2ForCausalLM(Qwen2Config(**sizes, num_attention_heads=1, num_key_value_heads=1))


def common(folder, options):
    return dict(output_dir=folder, use_cpu=True, bf16=False, report_to="none", **options)


def steps(trainer):
    values = trainer.set_initial_training_values(trainer.args, trainer.get_train_dataloader())
    epochs, per_epoch, examples, samples, total_batch, batches, maximum = values
    return {
        "steps_per_epoch": per_epoch,
        "micro_batches_per_epoch": batches,
        "total_steps": maximum,
        "warmup_steps": trainer.args.get_warmup_steps(maximum),
    }


def grpo_case(folder, rows, options):
    args = GRPOConfig(**common(folder, options))
    data = Dataset.from_list([{"prompt": "a"}] * rows)
    reward = lambda completions, **columns: [0.0] * len(completions)
    trainer = GRPOTrainer(model(), reward, args, train_dataset=data, processing_class=tokenizer())
    derived = {
        "generation_batch_size": args.generation_batch_size,
        "steps_per_generation": args.steps_per_generation,
    }
    return {"rows": rows, "options": options, "derived": {**derived, **steps(trainer)}}


def sft_case(folder, rows, options):
    args = SFTConfig(**common(folder, options))
    data = Dataset.from_list([{"text": "a b"}] * rows)
    trainer = SFTTrainer(model(), args, train_dataset=data, processing_class=tokenizer())
    return {"rows": rows, "options": options, "derived": steps(trainer)}


def defaults(config):
    plain = (bool, int, float, str, list, dict, type(None))
    values = {}
    for field in dataclasses.fields(config):
        value = field.default
        if value is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        value = getattr(value, "value", value)
        if isinstance(value, plain):
            values[field.name] = value
    return values


GRPO = [
    (100, {}),
    (100, dict(num_generations=4)),
    (100, dict(num_generations=4, gradient_accumulation_steps=4)),
    (101, dict(num_generations=4, steps_per_generation=6, gradient_accumulation_steps=4)),
    (37, dict(num_generations=2, per_device_train_batch_size=6, generation_batch_size=24)),
    (37, dict(num_generations=8, num_iterations=3, gradient_accumulation_steps=2)),
    (50, dict(num_generations=4, num_train_epochs=0.5, warmup_steps=0.1)),
    (50, dict(num_generations=4, max_steps=7, warmup_steps=3)),
    (10, dict(num_generations=6, per_device_train_batch_size=2, gradient_accumulation_steps=3, num_train_epochs=2.5)),
]
SFT = [
    (100, {}),
    (101, dict(per_device_train_batch_size=4, gradient_accumulation_steps=3)),
    (7, dict(per_device_train_batch_size=8, gradient_accumulation_steps=4, num_train_epochs=2)),
    (64, dict(num_train_epochs=0.3, warmup_steps=0.25)),
    (64, dict(max_steps=5)),
]

with tempfile.TemporaryDirectory() as folder:
    result = {
        "versions": {"trl": trl.__version__, "transformers": transformers.__version__},
        "defaults": {
            name: defaults(config)
            for name, config in dict(grpo=GRPOConfig, sft=SFTConfig, dpo=DPOConfig, reward=RewardConfig).items()
        },
        "grpo": [grpo_case(folder, *case) for case in GRPO],
        "sft": [sft_case(folder, *case) for case in SFT],
    }
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(result, indent=1) + "\n")
