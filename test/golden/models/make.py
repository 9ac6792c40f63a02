"""Golden values for src/models, from Hugging Face transformers.

    python make.py

Run it once under transformers 4.57.6 and once under 5.18.0 (both with torch 2.13.0, CPU). Each run writes
transformers-<major>.json (the configuration as that version saves it, inputs, greedy continuations) and
transformers-<major>.safetensors (logits). The weights, drawn with numpy, are the same in both and are written once
per family: weights-<family>.safetensors.

Every parameter is random, biases and norms too. Head width differs from width / heads, and two query heads share
a key-value head. Scaled models are read past their original context. Checked here: logits have a standard deviation
of at least 1, and each greedy choice leads by at least 0.001.
"""
# parity: transformers-4
# parity: transformers-5

import json
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).parent
MAJOR = transformers.__version__.split(".")[0]
PROMPT, NEW, CONTEXT = 10, 30, 24

SIZES = dict(
    vocab_size=96,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    rms_norm_eps=1e-5,
    initializer_range=0.05,
    bos_token_id=1,
    eos_token_id=None,
    pad_token_id=0,
)
LLAMA = dict(SIZES, model_type="llama", head_dim=12, attention_bias=True, mlp_bias=True, rope_theta=500.0)
QWEN2 = dict(SIZES, model_type="qwen2", head_dim=12, rope_theta=2000.0, tie_word_embeddings=True)
QWEN3 = dict(SIZES, model_type="qwen3", head_dim=16, attention_bias=True, rope_theta=3000.0)

SHORT_FACTOR = [1.0, 1.1, 1.2, 1.3, 1.5, 1.7]
LONG_FACTOR = [1.0, 1.5, 2.2, 3.1, 3.7, 4.0]


def scaled(original, max_position, **scaling):
    return dict(LLAMA, max_position_embeddings=max_position, rope_scaling=dict(scaling), **original)


CASES = {
    "llama": LLAMA,
    "qwen2": QWEN2,
    "qwen3": QWEN3,
    "llama-linear": scaled({}, 64, rope_type="linear", factor=4.0),
    "llama-dynamic": scaled({}, 16, rope_type="dynamic", factor=4.0),
    "llama-yarn": scaled({}, 64, rope_type="yarn", factor=4.0, original_max_position_embeddings=16),
    "llama-yarn-options": scaled(
        {}, 64, rope_type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=1.5, beta_slow=0.25,
        mscale=1.2, mscale_all_dim=0.4, truncate=False,
    ),
    "llama-yarn-attention": scaled(
        {}, 64, rope_type="yarn", factor=4.0, original_max_position_embeddings=16, attention_factor=1.3
    ),
    "llama-llama3": scaled(
        {}, 64, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=16,
    ),
    "llama-longrope": scaled(
        {"original_max_position_embeddings": 16}, 64, rope_type="longrope", factor=4.0, short_factor=SHORT_FACTOR,
        long_factor=LONG_FACTOR,
    ),
}


def draw(name, shape, tied):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    values = rng.standard_normal(shape)
    if "norm" in name:
        return 1 + 0.3 * values
    if name.endswith("bias"):
        return 0.5 * values
    if "embed_tokens" in name:
        return (0.25 if tied else 0.6) * values
    gain = 2.5 if "lm_head" in name or tied else 1.2
    return gain * values / np.sqrt(shape[-1])


def build(settings):
    settings = dict(settings)
    config = transformers.AutoConfig.for_model(settings.pop("model_type"), **settings)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval().float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(draw(name, tuple(parameter.shape), config.tie_word_embeddings)))
    return model


def saved_config(model):
    folder = HERE / ".config"
    model.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").unlink()
    folder.rmdir()
    config["architectures"] = [type(model).__name__]
    return config


@torch.no_grad()
def greedy(model, prompt):
    tokens = torch.tensor([prompt])
    past, new, fed = transformers.DynamicCache(), [], tokens
    for _ in range(NEW):
        out = model(input_ids=fed, past_key_values=past, use_cache=True)
        top = out.logits[0, -1].topk(2)
        assert top.values[0] - top.values[1] > 1e-3, f"a near tie: {top.values}"
        fed = top.indices[:1].view(1, 1)
        new.append(int(fed))
        past = out.past_key_values
    return new


@torch.no_grad()
def main():
    rng = np.random.default_rng(7)
    tokens = rng.integers(2, SIZES["vocab_size"], (2, CONTEXT)).tolist()
    prompt = rng.integers(2, SIZES["vocab_size"], PROMPT).tolist()
    # Row 1 is padded by 9 tokens on the left.
    mask = [[1] * CONTEXT, [0] * 9 + [1] * (CONTEXT - 9)]
    mask_positions = [list(range(CONTEXT)), [0] * 9 + list(range(CONTEXT - 9))]
    far = [[5000 + t for t in range(CONTEXT)]] * 2
    ids = torch.tensor(tokens)
    logits, cases = {}, {}
    for name, settings in CASES.items():
        model = build(settings)
        family = settings["model_type"]
        logits[name] = model(input_ids=ids).logits
        assert logits[name].std() >= 1, (name, logits[name].std())
        model = build(settings)
        cases[name] = {"family": family, "config": saved_config(model), "greedy": greedy(model, prompt)}
        if name == family:
            logits[f"{name}/padded"] = model(
                input_ids=ids, attention_mask=torch.tensor(mask), position_ids=torch.tensor(mask_positions)
            ).logits
            logits[f"{name}/far"] = model(input_ids=ids, position_ids=torch.tensor(far)).logits
            tied = settings.get("tie_word_embeddings", False)
            state = {k: v for k, v in model.state_dict().items() if not (tied and k == "lm_head.weight")}
            save_file(state, HERE / f"weights-{family}.safetensors", {"format": "pt"})
        print(name, "std", float(logits[name].std()))
    save_file({k: v.contiguous() for k, v in logits.items()}, HERE / f"transformers-{MAJOR}.safetensors")
    golden = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "tokens": tokens,
        "prompt": prompt,
        "attention_mask": mask,
        "far": far,
        "cases": cases,
    }
    text = json.dumps(golden, indent=1)
    (HERE / f"transformers-{MAJOR}.json").write_text(text + "\n")


main()
