"""Loads a folder that Laurel saved and compares what transformers computes with what Laurel wrote beside it.

    python check_saved.py FOLDER

FOLDER holds the model and check.safetensors: tokens [B, T] (int64) and logits [B, T, V]. Prints one line of JSON:
the version of transformers, the largest absolute difference, the dtype found in config.json, and what was missing
or unexpected.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

folder = Path(sys.argv[1])
check = load_file(folder / "check.safetensors")
config = transformers.AutoConfig.from_pretrained(folder)
model, info = transformers.AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
)
transformers.GenerationConfig.from_pretrained(folder)
with torch.no_grad():
    logits = model(input_ids=check["tokens"]).logits
print(
    json.dumps(
        {
            "transformers": transformers.__version__,
            "difference": float((logits - check["logits"].float()).abs().max()),
            "dtype": str(config.dtype),
            "missing": sorted(info["missing_keys"]),
            "unexpected": sorted(info["unexpected_keys"]),
        }
    )
)
