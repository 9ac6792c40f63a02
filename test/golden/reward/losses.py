"""Runs TRL's own RewardTrainer.compute_loss on random rewards and saves loss, gradients and metrics.

    python losses.py        # trl 1.13, torch 2.13 (CPU); writes losses.json

The trainer is a stub that holds the attributes `compute_loss` reads; the model is a function that returns fixed scores,
a float64 leaf.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
import trl
from trl.trainer.reward_trainer import RewardTrainer

HERE = Path(__file__).parent
P = 5
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(53)
REWARDS = 2 * torch.randn(2 * P, generator=generator)
MARGINS = torch.rand(P, generator=generator)


class Fixed(torch.nn.Module):
    """A model that answers with given scores."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, **_):
        return SimpleNamespace(logits=self.scores.unsqueeze(-1))


def run(name, margins=None, center=None):
    leaf = REWARDS.clone().requires_grad_()
    model = Fixed(leaf)
    same = lambda value: value
    self = SimpleNamespace(
        model=model,
        args=SimpleNamespace(center_rewards_coefficient=center),
        accelerator=SimpleNamespace(gather=same, gather_for_metrics=same),
        _tp_size=1,
        _total_train_tokens=0,
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
    )
    inputs = {"attention_mask": torch.ones(2 * P, 3)}
    if margins is not None:
        inputs["margin"] = margins
    loss = RewardTrainer.compute_loss(self, model, inputs)
    loss.backward()
    metrics = {key: values[0] for key, values in self._metrics["train"].items() if key != "num_tokens"}
    return {
        "name": name,
        "center": center,
        "margins": None if margins is None else margins.tolist(),
        "loss": loss.item(),
        "gradient": leaf.grad.tolist(),
        "metrics": metrics,
    }


content = {
    "versions": {"trl": trl.__version__, "torch": torch.__version__},
    "rewards": REWARDS.tolist(),
    "cases": [
        run("plain"),
        run("margins", MARGINS),
        run("centred", center=0.01),
        run("margins and centred", MARGINS, 0.3),
    ],
}
(HERE / "losses.json").write_text(json.dumps(content) + "\n")
