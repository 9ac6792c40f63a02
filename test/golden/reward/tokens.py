"""Token ids that TRL's RewardTrainer makes of preference rows, saved as tokens.json.

    python tokens.py        # trl 1.13, transformers 5.18; reads ../tokenizers

`_prepare_dataset` runs as it is: implicit prompts, the end of sequence, chat templates, rows past `max_length`. The
tokenizer and the template are those of the tokenizers' golden values.
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
from trl.trainer.reward_trainer import RewardTrainer

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
    {"prompt": "One two th", "chosen": "ree four" + tokenizer.eos_token, "rejected": "ree"},
    {"chosen": "The sky is blue.", "rejected": "The sky is made of cheese."},
    {"chosen": "The sky is blue.", "rejected": "The sky is blue. Or not."},
    {"prompt": [hello], "chosen": [turn("assistant", "Hello!")], "rejected": [turn("assistant", "Go away, now.")]},
    {"chosen": sums + [turn("assistant", "4")], "rejected": sums + [turn("assistant", "It is 5, of course.")]},
    {
        "prompt": sums + [turn("assistant", "4"), turn("user", "And 3 + 3?")],
        "chosen": [turn("assistant", "6")],
        "rejected": [turn("assistant", "7"), turn("user", "Sure?"), turn("assistant", "No.")],
    },
]


def prepare(row, max_length=None):
    args = SimpleNamespace(dataset_num_proc=None, max_length=max_length)
    return list(RewardTrainer._prepare_dataset(None, Dataset.from_list([row]), tokenizer, args, "train"))


def case(row):
    [made] = prepare(row)
    longest = max(len(made["chosen_ids"]), len(made["rejected_ids"]))
    assert len(prepare(row, longest)) == 1 and prepare(row, longest - 1) == []
    return {"row": row, "chosen": made["chosen_ids"], "rejected": made["rejected_ids"]}


content = {
    "versions": {"trl": trl.__version__, "transformers": transformers.__version__},
    "eosToken": tokenizer.eos_token,
    "cases": [case(row) for row in ROWS],
}
(HERE / "tokens.json").write_text(json.dumps(content, ensure_ascii=False) + "\n")
