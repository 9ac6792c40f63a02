"""Loads folders that Laurel saved and compares what transformers computes with what Laurel wrote beside each.

    python check_saved.py FOLDER...

A FOLDER holds the model and check.safetensors: tokens [B, T] (int64) and logits [B, T, V]. Prints a list in JSON:
for each folder the version of transformers, the largest absolute difference, the dtype found in config.json, and what
was missing or unexpected.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file


@torch.no_grad()
def compare(folder):
    check = load_file(folder / "check.safetensors")
    config = transformers.AutoConfig.from_pretrained(folder)
    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    transformers.GenerationConfig.from_pretrained(folder)
    logits = model(input_ids=check["tokens"]).logits
    return {
        "transformers": transformers.__version__,
        "difference": float((logits - check["logits"].float()).abs().max()),
        "dtype": str(config.dtype),
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
    }


print(json.dumps([compare(Path(folder)) for folder in sys.argv[1:]]))
