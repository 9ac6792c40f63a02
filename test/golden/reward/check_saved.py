"""Loads reward-model folders that Laurel saved and compares transformers' scores with those Laurel wrote beside each.

    python check_saved.py FOLDER...

A FOLDER holds the model and check.json: texts (token ids) and scores. Prints a list in JSON: for each folder the class,
the largest absolute difference, and what was missing or unexpected.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification


@torch.no_grad()
def compare(folder):
    check = json.loads((folder / "check.json").read_text())
    model, info = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    texts, pad = check["texts"], model.config.pad_token_id
    width = max(map(len, texts))
    ids = torch.tensor([text + [pad] * (width - len(text)) for text in texts])
    mask = torch.tensor([[1] * len(text) + [0] * (width - len(text)) for text in texts])
    scores = model(input_ids=ids, attention_mask=mask).logits[:, 0]
    return {
        "class": type(model).__name__,
        "difference": float((scores - torch.tensor(check["scores"])).abs().max()),
        "missing": sorted(info["missing_keys"]),
        "unexpected": sorted(info["unexpected_keys"]),
    }


print(json.dumps([compare(Path(folder)) for folder in sys.argv[1:]]))
