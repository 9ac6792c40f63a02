"""Renders conversations with the chat templates that TRL ships, original and for training.

    python make_families.py        # trl 1.13, transformers 5.18; writes families.json beside it

The templates themselves stay in the installed package; `families/` holds our own in the same formats. A training
template marks what the assistant wrote, and `spans` are the texts it marks.
"""
# parity: transformers-5

import json
from pathlib import Path

import transformers
import trl
from transformers.utils.chat_template_utils import render_jinja_template

HERE = Path(__file__).parent
SHIPPED = Path(trl.__file__).parent / "chat_templates"
TOKENS = {
    "qwen2": ("qwen2_5", None, "<|im_end|>"),
    "qwen3": ("qwen3", None, "<|im_end|>"),
    "llama3": ("llama3", "<|begin_of_text|>", "<|eot_id|>"),
    "gemma": ("gemma", "<bos>", "<end_of_turn>"),
    "phi3": ("phi3", "<s>", "<|endoftext|>"),
    "deepseek-r1": ("deepseek_r1_distill", "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
}
QUESTION = {"role": "user", "content": "What is 2 + 2?"}
ANSWER = {"role": "assistant", "content": "It is 4."}
AGAIN = [{"role": "user", "content": "Café ☕,\nplease?"}, {"role": "assistant", "content": "Bien sûr !"}]
THOUGHT = {"role": "assistant", "content": "<think>\nAdd them.\n</think>\n\nIt is 4."}
CONVERSATIONS = {
    "question": [QUESTION],
    "one round": [QUESTION, ANSWER],
    "two rounds": [QUESTION, ANSWER, *AGAIN],
    "system and two rounds": [{"role": "system", "content": "Be short."}, QUESTION, ANSWER, *AGAIN],
    "a thought": [QUESTION, THOUGHT],
    "a thought in the past": [QUESTION, THOUGHT, *AGAIN],
    "a question more": [QUESTION, ANSWER, AGAIN[0]],
}


def render(template, messages, bos, eos, generation=False):
    """The text, and the texts marked as the assistant's."""
    [text], [places] = render_jinja_template(
        conversations=[messages],
        chat_template=template,
        return_assistant_tokens_mask=True,
        add_generation_prompt=generation,
        bos_token=bos,
        eos_token=eos,
    )
    return text, [text[start:end] for start, end in places]


def cases(family):
    name, bos, eos = TOKENS[family]
    template = (SHIPPED / f"{name}.jinja").read_text()
    training = (SHIPPED / f"{name}_training.jinja").read_text()
    result = []
    for conversation, messages in CONVERSATIONS.items():
        if family == "gemma" and messages[0]["role"] == "system":
            continue
        text, _ = render(template, messages, bos, eos)
        prompt, _ = render(template, messages, bos, eos, True)
        trained, spans = render(training, messages, bos, eos)
        case = {"conversation": conversation, "text": text, "prompt": prompt}
        result.append({**case, "training": {"text": trained, "spans": spans}})
    return {"template": name, "bos": bos, "eos": eos, "cases": result}


if __name__ == "__main__":
    golden = {
        "versions": {"trl": trl.__version__, "transformers": transformers.__version__},
        "conversations": CONVERSATIONS,
        "families": {family: cases(family) for family in TOKENS},
    }
    (HERE / "families.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
