"""Saves tiny sequence-classification models of transformers with one label, and what they score.

    python models.py        # transformers 5.18, torch 2.13 (CPU); writes llama/, qwen2/, qwen3/ and scores.json

The texts have unequal lengths and are padded on the right. `pad` of a case is the padding's id: once an id of its own,
once the end of sequence, behind which transformers then looks for the last token. Every parameter is random.
"""

import json
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForSequenceClassification

HERE = Path(__file__).parent
PAD, EOS = 16, 17
generator = torch.Generator().manual_seed(59)
SIZES = dict(
    vocab_size=20,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    bos_token_id=None,
    eos_token_id=EOS,
    pad_token_id=PAD,
    num_labels=1,
)
TEXTS = [[3, 1, 4, 1, 5, 9, EOS], [2, 6, EOS], [5, 3, EOS, 8, EOS], [7], [11, 0, 2, 12, 13, 14, 15, 1, 9, 10]]


def make(family):
    extra = {"head_dim": 4} if family == "qwen3" else {}
    model = AutoModelForSequenceClassification.from_config(AutoConfig.for_model(family, **SIZES, **extra))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.2 * noise if "norm" in name else 0.4 * noise)
    model.save_pretrained(HERE / family)
    return model


@torch.no_grad()
def score(family, pad):
    model = AutoModelForSequenceClassification.from_pretrained(HERE / family, dtype=torch.float32)
    model.config.pad_token_id = pad
    width = max(map(len, TEXTS))
    ids = torch.tensor([text + [pad] * (width - len(text)) for text in TEXTS])
    mask = torch.tensor([[1] * len(text) + [0] * (width - len(text)) for text in TEXTS])
    return model(input_ids=ids, attention_mask=mask).logits[:, 0].tolist()


families = ["llama", "qwen2", "qwen3"]
for family in families:
    make(family)
content = {
    "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
    "texts": TEXTS,
    "cases": [{"family": family, "pad": pad, "scores": score(family, pad)} for family in families for pad in (PAD, EOS)],
}
(HERE / "scores.json").write_text(json.dumps(content) + "\n")
