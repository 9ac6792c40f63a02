"""AdamW over float32 copies of bfloat16 parameters, gradients of several micro-batches summed in float32, saved as
masters.json.

    python masters.py     # torch 2.13 (CPU)
"""

import json
from pathlib import Path

import torch

generator = torch.Generator().manual_seed(11)
SHAPES = {"layer.weight": (3, 4), "norm.weight": (4,)}
DECAY = {"layer.weight": 0.1, "norm.weight": 0.0}


def half(shape, scale=1.0):
    return (torch.randn(shape, generator=generator) * scale).to(torch.bfloat16)


def listed(tensors):
    return {name: value.tolist() for name, value in tensors.items()}


start = {name: half(shape) for name, shape in SHAPES.items()}
masters = {name: value.float().requires_grad_() for name, value in start.items()}
groups = [{"params": [masters[name]], "weight_decay": DECAY[name]} for name in SHAPES]
optimizer = torch.optim.AdamW(groups, lr=2e-5, betas=(0.9, 0.99))
steps = []
for _ in range(6):
    # Each later micro-batch's gradient is too small to change the first one's in bfloat16.
    micro_batches = [{name: half(shape, 0.5**5 if i else 1.0) for name, shape in SHAPES.items()} for i in range(4)]
    for name, master in masters.items():
        master.grad = sum((micro[name].float() for micro in micro_batches[1:]), micro_batches[0][name].float())
    optimizer.step()
    steps.append(
        {
            "microBatches": [listed(micro) for micro in micro_batches],
            "masters": listed(masters),
            "rounded": listed({name: master.detach().to(torch.bfloat16) for name, master in masters.items()}),
        }
    )
content = {"versions": {"torch": torch.__version__}, "start": listed(start), "steps": steps}
(Path(__file__).parent / "masters.json").write_text(json.dumps(content) + "\n")
