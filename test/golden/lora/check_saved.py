"""Loads adapter folders that Laurel saved and compares what peft computes with what Laurel wrote beside each.

    python check_saved.py FOLDER...

A FOLDER holds the adapters, whose base_model_name_or_path is a model folder, and check.safetensors: tokens [B, T] (int64)
and logits [B, T, V] of the adapted model. Prints a list in JSON: for each folder the version of peft, the largest
absolute difference of the adapted model, that of peft's own merge, how far the base is from it, and how many modules
peft adapted.
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file


@torch.no_grad()
def compare(folder):
    check = load_file(folder / "check.safetensors")
    config = peft.PeftConfig.from_pretrained(folder)
    base = transformers.AutoModelForCausalLM.from_pretrained(
        config.base_model_name_or_path, dtype=torch.float32, attn_implementation="eager"
    )
    without = base(input_ids=check["tokens"]).logits
    model = peft.PeftModel.from_pretrained(base, folder)
    modules = sum(isinstance(module, peft.tuners.lora.LoraLayer) for module in model.modules())
    adapted = model(input_ids=check["tokens"]).logits
    merged = model.merge_and_unload()(input_ids=check["tokens"]).logits
    distance = lambda logits: float((logits - check["logits"]).abs().max())
    return {
        "peft": peft.__version__,
        "difference": distance(adapted),
        "merged": distance(merged),
        "base": distance(without),
        "modules": modules,
    }


print(json.dumps([compare(Path(folder)) for folder in sys.argv[1:]]))
