"""Writes advantages.json: TRL's advantage formulas, in float64, on fixed and seeded rewards.

Run: python advantages.py        (versions are recorded in the file it writes)
The formulas restate GRPOTrainer and RLOOTrainer of trl 1.13.0 around trl's own `nanstd`; null stands for NaN.
"""

import json
import math
from pathlib import Path

import torch
import trl
from trl.trainer.utils import nanstd

torch.set_default_dtype(torch.float64)
EPSILON = 1e-4


def zero_std(std):
    return torch.isclose(std, torch.zeros_like(std)).double().mean().item()


def grpo(rewards, generations, scale):
    mean = torch.nanmean(rewards.view(-1, generations), dim=1).repeat_interleave(generations)
    if scale in ("group", "none"):
        if generations > 1:
            std = nanstd(rewards.view(-1, generations), dim=1).repeat_interleave(generations)
        else:
            std = torch.zeros_like(rewards)
    elif rewards.numel() > 1:
        std = nanstd(rewards).expand_as(rewards)
    else:
        std = torch.zeros_like(rewards)
    advantages = rewards - mean
    if scale != "none":
        advantages = advantages / (std + EPSILON)
    return torch.nan_to_num(advantages, nan=0.0), zero_std(std)


def rloo(rewards, generations, normalize):
    grouped = rewards.view(-1, generations)
    std = nanstd(grouped, dim=1) if generations > 1 else torch.zeros(grouped.shape[0])
    counts = (~torch.isnan(grouped)).sum(dim=1, keepdim=True)
    total = torch.nansum(grouped, dim=1, keepdim=True)
    if generations > 1:
        advantages = rewards - ((total - grouped) / (counts - 1)).view(-1)
    else:
        advantages = torch.zeros_like(rewards)
    if normalize:
        advantages = (advantages - torch.nanmean(advantages)) / (nanstd(advantages) + EPSILON)
    return torch.nan_to_num(advantages, nan=0.0), zero_std(std)


def gdpo(per_function, generations, weights):
    unscorable = torch.isnan(per_function).all(dim=1)
    grouped = per_function.view(-1, generations, per_function.shape[1])
    mean = torch.nanmean(grouped, dim=1, keepdim=True)
    std = nanstd(grouped, dim=1, keepdim=True) if generations > 1 else torch.zeros_like(mean)
    z = ((grouped - mean) / (std + EPSILON)).view(-1, per_function.shape[1])
    rewards = (z * weights.unsqueeze(0)).nansum(dim=1)
    rewards[unscorable] = torch.nan
    batch_std = nanstd(rewards).expand_as(rewards) if rewards.numel() > 1 else torch.zeros_like(rewards)
    advantages = (rewards - torch.nanmean(rewards)) / (batch_std + EPSILON)
    return torch.nan_to_num(advantages, nan=0.0), zero_std(batch_std)


def plain(value):
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def result(pair, generations):
    advantages, fraction = pair
    return {"advantages": advantages.view(-1, generations).tolist(), "zeroStdFraction": fraction}


def case(rewards):
    generations = len(rewards[0])
    flat = torch.tensor(rewards).view(-1)
    return {
        "rewards": plain(rewards),
        **{scale: result(grpo(flat.clone(), generations, scale), generations) for scale in ("group", "batch", "none")},
        "rloo": result(rloo(flat.clone(), generations, False), generations),
        "rlooNormalized": result(rloo(flat.clone(), generations, True), generations),
    }


def objectives(values, weights):
    generations = len(values[0])
    flat = torch.tensor(values).view(-1, len(values[0][0]))
    expected = result(gdpo(flat, generations, torch.tensor(weights)), generations)
    return {"values": plain(values), "weights": weights, **expected}


nan = math.nan
torch.manual_seed(7)
normal = torch.randn(4, 8)
holes = torch.where(torch.rand(4, 8) < 0.3, torch.full((4, 8), nan), torch.randn(4, 8))
several = torch.randn(3, 4, 2)
several_holes = torch.where(torch.rand(3, 4, 3) < 0.4, torch.full((3, 4, 3), nan), torch.randn(3, 4, 3))
golden = {
    "versions": {"trl": trl.__version__, "torch": torch.__version__},
    "single": [
        case(rewards)
        for rewards in (
            [[0.0, 1.0, 1.0, 0.0]],
            [[1.0, 1.0, 1.0], [0.0, 1.0, 0.5]],
            [[0.1, 0.1, 0.1], [0.3, 0.3, 0.3]],
            [[nan, 1.0, 0.0, 0.5], [nan, nan, nan, nan], [nan, nan, nan, 2.0]],
            [[2.0], [3.0]],
            [[2.0]],
            normal.tolist(),
            holes.tolist(),
        )
    ],
    "several": [
        objectives(several.tolist(), [1.0, 1.0]),
        objectives(several.tolist(), [2.0, -0.5]),
        objectives(several_holes.tolist(), [1.0, 0.3, 2.0]),
        objectives([[[1.0, nan], [nan, nan], [nan, 2.0]], [[1.0, 1.0], [0.0, nan], [1.0, 3.0]]], [1.0, 1.0]),
        objectives([[[1.0]], [[3.0]]], [1.0]),
    ],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
