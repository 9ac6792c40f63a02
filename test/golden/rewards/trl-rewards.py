"""Writes trl-rewards.json: what trl's own reward functions return.

Run: python trl-rewards.py        (versions are recorded in the file it writes)
math_verify was not available where this was run, so for the cosine schedule and for reasoning accuracy trl's code runs
with its verifier replaced by one that compares the content of the last \\boxed{} as text; the cases are such that this
decides them. `accuracy` holds the examples of trl's documentation.
"""

import importlib
import json
import re
from pathlib import Path

import trl
from trl.rewards import (
    get_cosine_scaled_reward,
    get_repetition_penalty_reward,
    get_soft_overlong_punishment,
    reasoning_accuracy_reward,
    think_format_reward,
)

module = importlib.import_module("trl.rewards.accuracy_rewards")


def last_box(text):
    found = re.findall(r"\\boxed\{([^{}]*)\}", text)
    return found[-1:]


module.is_math_verify_available = lambda: True
module.parse = lambda text, extraction_config=None, **_: last_box(text) if extraction_config else [text.strip()][: bool(text.strip())]
module.verify = lambda gold, answer, **_: gold == answer
module.LatexExtractionConfig = lambda **_: [True]
module.NormalizationConfig = lambda **_: None


def messages(texts):
    return [[{"role": "assistant", "content": text}] for text in texts]


think = [
    "<think>\nThis is my reasoning.\n</think>\nThis is my answer.",
    "<think>\nThis is my reasoning.\nThis is my answer.",
    "<think></think>",
    " <think>a</think>b",
    "<think>a<think>b</think>c",
    "<think>a</think>b<think>c</think>",
    "<think>a</think></think>",
    "a</think>b",
    "",
    "<think>",
    "</think><think>a</think>",
    "x\n<think>a</think>",
]
ids = [[], [1], [1, 2], [1, 2, 3, 4], [5, 5, 5, 5, 5], [1, 2, 1, 2, 1, 2, 1], [1, 11, 1, 1, 1, 11], list(range(50)) * 2]
lengths = [0, 1, 40, 79, 80, 81, 90, 99, 100, 101, 500]
cosine_lengths = [0, 1, 10, 33, 50, 99, 100, 101, 1000]
cosine_texts = [r"so \boxed{7}", r"so \boxed{8}"]
reasoning = [
    r"<think>\boxed{3}</think> The answer is \boxed{7}",
    r"<think>\boxed{7}</think> The answer is \boxed{3}",
    r"<think>\boxed{7} and no end",
    r"a</think>\boxed{3}</think>\boxed{7}",
    r"a</think>no answer",
    r"\boxed{7}</think>",
    r"a [done] \boxed{7}",
]
golden = {
    "versions": {"trl": trl.__version__},
    "think": [{"completion": t, "reward": r} for t, r in zip(think, think_format_reward(messages(think)))],
    "repetition": [
        {"tokens": tokens, "ngramSize": n, "maxPenalty": p, "reward": get_repetition_penalty_reward(n, p)([tokens])[0]}
        for tokens in ids
        for n, p in ((3, -1.0), (2, -1.0), (1, -0.5), (4, 0.0))
    ],
    "overlong": [
        {"length": n, "maxCompletionTokens": m, "softPunishTokens": c, "reward": get_soft_overlong_punishment(m, c)([[1] * n])[0]}
        for n in lengths
        for m, c in ((100, 20), (100, 100), (80, 0))
    ],
    "cosine": [
        {"completion": text, "solution": "7", "length": n, "options": options, "reward": get_cosine_scaled_reward(**options)(messages([text]), ["7"], [[1] * n])[0]}
        for text in cosine_texts
        for n in cosine_lengths
        for options in (
            {"max_len": 100},
            {"max_len": 50, "min_value_wrong": -2.0, "max_value_wrong": 0.0, "min_value_correct": 0.1, "max_value_correct": 3.0},
        )
    ],
    "reasoning": [
        {"completion": t, "solution": "7", "delimiters": d, "reward": reasoning_accuracy_reward(messages([t]), ["7"], reasoning_delimiters=d)[0]}
        for t in reasoning
        for d in (["</think>"], ["[done]", "</think>"])
    ],
    "accuracy": [
        {"completion": r"My answer is \boxed{\frac{1}{3}}", "solution": r"\frac{1}{3}", "reward": 1.0},
        {"completion": r"My answer is \boxed{\frac{1}{2}}", "solution": r"\frac{1}{3}", "reward": 0.0},
    ],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
