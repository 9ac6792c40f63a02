"""Token ids that TRL's DPOTrainer makes of preference rows, saved as pairs.json.

    python pairs.py        # trl 1.13, transformers 5.18; reads ../tokenizers

`_prepare_dataset` runs as it is: implicit prompts, the end of sequence, chat templates. The tokenizer and the template
are those of the tokenizers' golden values. Only rows whose prompt keeps its tokens in front of both completions are here:
TRL warns of others and drops characters of them.
"""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import datasets
import transformers
import trl
from datasets import Dataset
from transformers import AutoTokenizer
from trl.trainer.dpo_trainer import DPOTrainer

datasets.disable_progress_bars()
logging.disable(logging.WARNING)
HERE = Path(__file__).parent
TOKENIZERS = HERE.parent / "tokenizers"

tokenizer = AutoTokenizer.from_pretrained(TOKENIZERS / "trained" / "bytes-bpe")
tokenizer.chat_template = (TOKENIZERS / "families" / "smollm.jinja").read_text()


def turn(role, content):
    return {"role": role, "content": content}


hello, sums = turn("user", "Say hello."), [turn("system", "Be brief."), turn("user", "What is 2 + 2?")]
ROWS = [
    {"prompt": "Question: what is 2 + 2?\nAnswer:", "chosen": " It is 4.", "rejected": " 5, naïvely ☃"},
    {"prompt": "One two", "chosen": " three four" + tokenizer.eos_token, "rejected": " three"},
    {"chosen": "The sky is blue.", "rejected": "The sky is made of cheese."},
    {"prompt": [hello], "chosen": [turn("assistant", "Hello!")], "rejected": [turn("assistant", "Go away, now.")]},
    {"chosen": sums + [turn("assistant", "4")], "rejected": sums + [turn("assistant", "It is 5, of course.")]},
    {
        "prompt": sums + [turn("assistant", "4"), turn("user", "And 3 + 3?")],
        "chosen": [turn("assistant", "6")],
        "rejected": [turn("assistant", "7"), turn("user", "Sure?"), turn("assistant", "No.")],
    },
]


def prepare(row):
    args = SimpleNamespace(dataset_num_proc=None, max_length=None, truncation_mode="keep_start")
    self = SimpleNamespace(_tokenizer=tokenizer)
    [made] = DPOTrainer._prepare_dataset(self, Dataset.from_list([row]), tokenizer, args, "train")
    ids = {side: made[f"{side}_ids"] for side in ("prompt", "chosen", "rejected")}
    assert all(ids.values()), row
    return {"row": row, **ids}


content = {
    "versions": {"trl": trl.__version__, "transformers": transformers.__version__},
    "eosToken": tokenizer.eos_token,
    "cases": [prepare(row) for row in ROWS],
}
(HERE / "pairs.json").write_text(json.dumps(content, ensure_ascii=False) + "\n")
