"""SASRec in plain PyTorch modules: states, scores, cross-entropy over all items and its gradients, as sasrec.json.

    python make.py        # torch 2.13 (CPU)

Rows are padded from the left and padding is masked, as in the published code; the implementation under test has no
padding at all. Everything is float64.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
ITEMS, WIDTH, HEADS, LAYERS, LENGTH = 9, 6, 2, 2, 5
ROWS = [
    {"items": [3, 1, 4, 1, 5], "targets": [1, 4, 1, 5, 8]},
    {"items": [7], "targets": [0]},
    {"items": [2, 6, 0], "targets": [3]},
]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH, eps=1e-8)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.feed_forward_norm = nn.LayerNorm(WIDTH, eps=1e-8)
        self.inner = nn.Linear(WIDTH, WIDTH)
        self.outer = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, hidden):
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed, normed, attn_mask=hidden, need_weights=False)[0]
        return x + self.outer(F.relu(self.inner(self.feed_forward_norm(x))))


class Sasrec(nn.Module):
    def __init__(self):
        super().__init__()
        self.items = nn.Embedding(ITEMS, WIDTH)
        self.positions = nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-8)

    def forward(self, rows):
        padded = torch.tensor([[0] * (LENGTH - len(row)) + row for row in rows])
        is_padding = torch.tensor([[t < LENGTH - len(row) for t in range(LENGTH)] for row in rows])
        later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
        hidden = later[None] | is_padding[:, None, :]
        hidden = hidden & ~torch.eye(LENGTH, dtype=torch.bool)  # a row of padding sees itself, not nothing
        x = self.items(padded) + self.positions(torch.arange(LENGTH))
        for block in self.blocks:
            x = block(x, hidden.repeat_interleave(HEADS, 0))
        return self.norm(x)


def weights_of(value):
    model = Sasrec()
    named = {"items": model.items.weight, "positions": model.positions.weight}
    for index, block in enumerate(model.blocks):
        parts = {
            "attention_norm": block.attention_norm,
            "output": block.attention.out_proj,
            "feed_forward_norm": block.feed_forward_norm,
            "inner": block.inner,
            "outer": block.outer,
        }
        for name, part in parts.items():
            named[f"blocks.{index}.{name}.weight"] = part.weight
            named[f"blocks.{index}.{name}.bias"] = part.bias
        named[f"blocks.{index}.query_key_value.weight"] = block.attention.in_proj_weight
        named[f"blocks.{index}.query_key_value.bias"] = block.attention.in_proj_bias
    named["norm.weight"] = model.norm.weight
    named["norm.bias"] = model.norm.bias
    with torch.no_grad():
        for parameter in named.values():
            parameter.copy_(value(parameter))
    return model, named


model, named = weights_of(lambda p: 0.4 * torch.randn(p.shape) + (1.0 if p.dim() == 1 else 0.0))
states = model([row["items"] for row in ROWS])
kept = [states[i, LENGTH - len(row["items"]) :] for i, row in enumerate(ROWS)]
trained = torch.cat([state[-len(row["targets"]) :] for state, row in zip(kept, ROWS)])
targets = torch.tensor([target for row in ROWS for target in row["targets"]])
loss = F.cross_entropy(trained @ model.items.weight.T, targets)
loss.backward()
scores = torch.stack([state[-1] for state in kept]) @ model.items.weight.T
result = {
    "torch": torch.__version__,
    "config": {
        "numItems": ITEMS,
        "hiddenSize": WIDTH,
        "numLayers": LAYERS,
        "numHeads": HEADS,
        "maxLength": LENGTH,
        "dropout": 0.5,
    },
    "rows": ROWS,
    "weights": {name: parameter.tolist() for name, parameter in named.items()},
    "states": torch.cat(kept).tolist(),
    "scores": scores.tolist(),
    "loss": loss.item(),
    "gradients": {name: parameter.grad.tolist() for name, parameter in named.items()},
}
(Path(__file__).parent / "sasrec.json").write_text(json.dumps(result) + "\n")
