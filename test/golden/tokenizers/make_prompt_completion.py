"""Tokens and labels that TRL's SFTTrainer makes of rows with prompt and completion.

    python make_prompt_completion.py        # trl 1.13, transformers 5.18; writes prompt-completion.json beside it

Pairs are chosen so that some tokens would reach over the border between prompt and completion.
"""
# parity: transformers-5

import json
import tempfile
from pathlib import Path

import transformers
import trl
from datasets import Dataset
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
from trl import SFTConfig, SFTTrainer

HERE = Path(__file__).parent
TEXTS = [
    ("What is the an", "swer? 42."),
    ("One two th", "ree four"),
    ("The answer is ", "42."),
    ("The answer is", " 42."),
    ("naïve caf", "é façade"),
    ("Line\n", "\nNext"),
    ("2 + 2 =", " 4<|im_end|>"),
]
CHATS = [
    [[{"role": "user", "content": "What is 2 + 2?"}], [{"role": "assistant", "content": "It is 4."}]],
    [
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Bye"}],
        [{"role": "assistant", "content": "naïve answer"}],
    ],
]


def rows(tokenizer, pairs):
    model = Qwen2ForCausalLM(
        Qwen2Config(vocab_size=len(tokenizer), hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                    num_attention_heads=1, num_key_value_heads=1, max_position_embeddings=256)
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(output_dir=folder, report_to="none", use_cpu=True, bf16=False),
            train_dataset=Dataset.from_list([{"prompt": p, "completion": c} for p, c in pairs]),
            processing_class=tokenizer,
        )
        batch = [trainer.train_dataset[i] for i in range(len(pairs))]
    return [
        {"prompt": p, "completion": c, "ids": list(row["input_ids"]), "labels": list(row["labels"])}
        for (p, c), row in zip(pairs, batch)
    ]


if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained(HERE / "trained" / "bytes-bpe")
    cases = rows(tokenizer, TEXTS)
    tokenizer.chat_template = (HERE / "families" / "smollm.jinja").read_text()
    cases += rows(tokenizer, CHATS)
    golden = {"versions": {"trl": trl.__version__, "transformers": transformers.__version__}, "cases": cases}
    (HERE / "prompt-completion.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
