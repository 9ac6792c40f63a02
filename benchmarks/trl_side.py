"""TRL's side of the benchmark: GRPOTrainer.train() of a Qwen2, held between steps until the parent asks for one.

The clock of a step runs from one `on_step_begin` to the next: rollouts, rewards, loss, optimiser and everything
the trainer does in between.
"""

import json
import sys
import tempfile

import datasets
import tokenizers
import torch
import transformers
import trl
from qwen2_model import Stopwatch, answer, describe, make_model, shape
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

PROMPTS, COMPLETIONS = 8, 8
PROMPT_TOKENS, COMPLETION_TOKENS = 32, 64


def byte_tokenizer():
    """A token for each byte, then fillers up to the model's vocabulary; the end token lies past it and is never drawn."""
    symbols = sorted(ByteLevel.alphabet())
    symbols += [f"<{index}>" for index in range(len(symbols), shape["vocabulary"])]
    vocabulary = {symbol: index for index, symbol in enumerate(symbols)}
    tokenizer = tokenizers.Tokenizer(BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<end>", pad_token=symbols[-1]
    )


def reward(completions, **_):
    return [float(len(set(completion))) for completion in completions]


class Gate(transformers.TrainerCallback):
    """Holds the trainer before each step until a line on standard input asks for it."""

    watch, left, repeats = None, 0, 1

    def on_step_begin(self, args, state, control, **_):
        self.left -= 1
        if self.left > 0:
            return
        if self.watch is not None:
            answer({name: value / self.repeats for name, value in self.watch.read().items()})
        line = sys.stdin.readline()
        if line == "":
            raise SystemExit
        self.left = self.repeats = json.loads(line).get("repeats", 1)
        self.watch = Stopwatch()


threads, cache = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(threads)
prompts = [f"{index:04d}+{index * 7:05d}=".ljust(PROMPT_TOKENS, "?") for index in range(512)]
tokenizer = byte_tokenizer()
assert all(len(tokenizer(prompt)["input_ids"]) == PROMPT_TOKENS for prompt in prompts)
model = make_model()
with tempfile.TemporaryDirectory() as folder:
    trainer = trl.GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=reward,
        train_dataset=datasets.Dataset.from_dict({"prompt": prompts}),
        callbacks=[Gate()],
        args=trl.GRPOConfig(
            output_dir=folder,
            per_device_train_batch_size=PROMPTS * COMPLETIONS,
            num_generations=COMPLETIONS,
            max_completion_length=COMPLETION_TOKENS,
            cache_implementation=None if cache == "dynamic" else cache,
            max_steps=1_000_000,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            logging_strategy="no",
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
    )
    versions = f"TRL {trl.__version__}, transformers {transformers.__version__}"
    answer(describe(model, f"{versions}, {cache} cache"))
    trainer.train()
