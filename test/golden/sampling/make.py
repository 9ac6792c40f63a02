"""Samples' distributions and stop strings by transformers' own logits processors and stopping criteria.

    python make.py        # transformers 5.18, torch 2.13 (CPU); writes model/, distributions.json and stops.json beside it

A Qwen2 of random float64 weights reads a prompt. For each setting, `_get_logits_processor` lists the processors of
`generate` in its order; the table holds the tokens they keep, likeliest first, and their log-probabilities, for the
first token and for the second after each first one.
"""
# parity: transformers-5

import json
from pathlib import Path

import torch
import transformers
from transformers import AutoTokenizer, GenerationConfig, Qwen2Config, Qwen2ForCausalLM
from transformers.generation import LogitsProcessorList, StopStringCriteria

HERE = Path(__file__).parent
VERSIONS = {"transformers": transformers.__version__, "torch": torch.__version__}
VOCAB, EOS = 12, 9
PROMPT = [2, 5, 2, 7]

SETTINGS = [
    {},
    {"temperature": 0.6},
    {"temperature": 1.7},
    {"top_k": 4},
    {"top_p": 0.8},
    {"min_p": 0.15},
    {"repetition_penalty": 1.6},
    {"repetition_penalty": 0.7},
    {"temperature": 1.4, "top_k": 8, "top_p": 0.9, "min_p": 0.1},
    {"temperature": 0.8, "top_k": 7, "top_p": 0.95, "repetition_penalty": 1.3},
]


def tiny_model():
    torch.manual_seed(3)
    config = Qwen2Config(
        vocab_size=VOCAB,
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=32,
        tie_word_embeddings=False,
        eos_token_id=EOS,
        bos_token_id=None,
        dtype=torch.float64,
    )
    model = Qwen2ForCausalLM(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.normal_(std=0.45)
    return model


def table(model, processors, text):
    ids = torch.tensor([text])
    with torch.no_grad():
        scores = processors(ids, model(ids).logits[:, -1])
    logprobs = scores.log_softmax(-1)[0]
    order = logprobs.argsort(descending=True)
    kept = [int(v) for v in order if logprobs[v] > float("-inf")]
    return {"kept": kept, "logprobs": [round(float(logprobs[v]), 9) for v in kept]}


def distribution(model, setting):
    given = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": None, "repetition_penalty": 1.0, **setting}
    config = GenerationConfig(do_sample=True, eos_token_id=EOS, **given)
    processors = model._get_logits_processor(
        generation_config=config, input_ids_seq_length=len(PROMPT), logits_processor=LogitsProcessorList()
    )
    return {
        "setting": setting,
        "processors": [type(processor).__name__ for processor in processors],
        "first": table(model, processors, PROMPT),
        "second": [table(model, processors, [*PROMPT, v]) for v in range(VOCAB)],
    }


def top_k_ties(model):
    """Tokens as likely as the k-th."""
    logits = torch.tensor([[1.0, 3.0, 2.0, 2.0, 2.0, 0.0, 3.0]], dtype=torch.float64)
    result = []
    for k in range(1, 8):
        config = GenerationConfig(do_sample=True, top_k=k)
        processors = model._get_logits_processor(
            generation_config=config, input_ids_seq_length=1, logits_processor=LogitsProcessorList()
        )
        scores = processors(torch.tensor([[0]]), logits)
        result.append({"top_k": k, "kept": [v for v in range(7) if scores[0, v] > float("-inf")]})
    return {"logits": logits[0].tolist(), "cases": result}


STOP_CASES = [
    ("The answer is 42.\n\nQuestion: what next", ["\n\n"]),
    ("The answer is 42.\n\nQuestion: what next", ["Question:", "answer"]),
    ("The answer is 42.\n\nQuestion: what next", ["er is 4"]),
    ("def add(a, b):\n    return a + b\n\n\ndef next", ["\ndef", "\nclass"]),
    ("naïve café → façade, Straße", ["é →", "aß"]),
    ("one two three", ["four"]),
    ("one two three", ["three"]),
    ("aaaabaaab", ["aab"]),
]


def stops():
    tokenizer = AutoTokenizer.from_pretrained(HERE.parent / "tokenizers" / "trained" / "bytes-bpe-v5")
    cases = []
    for text, strings in STOP_CASES:
        tokens = tokenizer.encode(text, add_special_tokens=False)
        criteria = StopStringCriteria(tokenizer, strings)
        hits = [bool(criteria(torch.tensor([tokens[: n + 1]]), None)[0]) for n in range(len(tokens))]
        cases.append({"text": text, "stops": strings, "tokens": tokens, "stops_at": hits.index(True) if True in hits else None})
    return {"versions": VERSIONS, "tokenizer": "bytes-bpe-v5", "cases": cases}


if __name__ == "__main__":
    model = tiny_model()
    model.save_pretrained(HERE / "model")
    distributions = {
        "versions": VERSIONS,
        "prompt": PROMPT,
        "settings": [distribution(model, setting) for setting in SETTINGS],
        "ties": top_k_ties(model),
    }
    (HERE / "distributions.json").write_text(json.dumps(distributions, indent=1) + "\n")
    (HERE / "stops.json").write_text(json.dumps(stops(), indent=1, ensure_ascii=False) + "\n")
