"""AdamW, SGD, gradient clipping (torch) and learning-rate schedules (transformers), saved as optim.json.

    python make.py        # torch 2.13 (CPU), transformers 5.18
"""

import json
from pathlib import Path

import torch
import transformers

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(7)
SHAPES = {"layer.weight": (3, 4), "layer.bias": (3,), "norm.weight": (4,)}


def normal(shape):
    return torch.randn(shape, generator=generator)


def run(make, learning_rates, moments):
    start = {name: normal(shape) for name, shape in SHAPES.items()}
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    decayed, rest = [parameters["layer.weight"]], [parameters["layer.bias"], parameters["norm.weight"]]
    optimizer = make([{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}])
    steps = []
    for learning_rate in learning_rates:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate
        gradients = {name: normal(shape) for name, shape in SHAPES.items()}
        for name, parameter in parameters.items():
            parameter.grad = gradients[name].clone()
        optimizer.step()
        steps.append(
            {
                "learningRate": learning_rate,
                "gradients": listed(gradients),
                "parameters": listed(parameters),
                "moments": {
                    f"{moment}.{name}": optimizer.state[parameter][moment].tolist()
                    for moment in moments
                    for name, parameter in parameters.items()
                },
            }
        )
    return {"start": listed(start), "steps": steps}


def listed(tensors):
    return {name: value.tolist() for name, value in tensors.items()}


def clipping(max_norm):
    gradients = {name: normal(shape) for name, shape in SHAPES.items()}
    parameters = {name: value.clone().requires_grad_() for name, value in gradients.items()}
    for name, parameter in parameters.items():
        parameter.grad = gradients[name].clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), max_norm)
    clipped = {name: parameter.grad for name, parameter in parameters.items()}
    return {"maxNorm": max_norm, "gradients": listed(gradients), "norm": norm.item(), "clipped": listed(clipped)}


def schedule(name, warmup, total, options, **keywords):
    parameter = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    scheduler = transformers.get_scheduler(name, optimizer, warmup, total, scheduler_specific_kwargs=keywords)
    rates = []
    for _ in range(total + 2):
        rates.append(scheduler.get_last_lr()[0] / 0.5)
        optimizer.step()
        scheduler.step()
    return {"name": name, "options": {"warmupSteps": warmup, "totalSteps": total, **options}, "factors": rates}


rates = [1e-2, 3e-2, 2e-2, 5e-3, 1e-3]
content = {
    "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    "adamw": run(lambda g: torch.optim.AdamW(g, betas=(0.8, 0.95), eps=1e-6), rates, ["exp_avg", "exp_avg_sq"]),
    "sgd": run(lambda g: torch.optim.SGD(g, lr=1.0, momentum=0.9), rates, ["momentum_buffer"]),
    "plainSgd": run(lambda g: torch.optim.SGD(g, lr=1.0), rates, []),
    "clipping": [clipping(1.0), clipping(100.0)],
    "schedules": [
        schedule("constant", 4, 20, {}),
        schedule("constant_with_warmup", 4, 20, {}),
        schedule("linear", 4, 20, {}),
        schedule("linear", 0, 20, {}),
        schedule("cosine", 4, 20, {}),
        schedule("cosine", 0, 20, {"cycles": 0.25}, num_cycles=0.25),
        schedule("cosine_with_restarts", 3, 20, {"cycles": 3}, num_cycles=3),
        schedule("cosine_with_min_lr", 4, 20, {"minRatio": 0.1}, min_lr_rate=0.1),
        schedule("polynomial", 4, 20, {"power": 2, "minRatio": 0.2}, power=2, lr_end=0.1),
        schedule("inverse_sqrt", 4, 20, {}),
        schedule("inverse_sqrt", 0, 20, {}),
        schedule("warmup_stable_decay", 4, 20, {"decaySteps": 6, "minRatio": 0.1}, num_decay_steps=6, min_lr_ratio=0.1),
    ],
}
(Path(__file__).parent / "optim.json").write_text(json.dumps(content, indent=1) + "\n")
