"""Runs TRL's own DPOTrainer._compute_loss on random logits and saves loss, gradients and metrics.

    python preference.py        # trl 1.13, torch 2.13 (CPU); writes preference.json

The trainer is a stub that holds the attributes `_compute_loss` reads; policy and reference are functions that return
fixed logits, the policy's a float64 leaf.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
import trl
from trl.trainer.dpo_trainer import DPOTrainer

HERE = Path(__file__).parent
P, T, V = 4, 9, 6
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(31)


def make_batch():
    prompts = torch.tensor([2, 3, 1, 2]).repeat(2)
    completions = torch.tensor([7, 2, 1, 4, 3, 6, 5, 1])
    place = torch.arange(T)[None]
    mask = (place >= prompts[:, None]) & (place < (prompts + completions)[:, None])
    return {
        "tokens": torch.randint(V, (2 * P, T), generator=generator),
        "attentionMask": (place < (prompts + completions)[:, None]).long(),
        "completionMask": mask.long(),
        "logits": 1.5 * torch.randn(2 * P, T, V, generator=generator),
        "referenceLogits": 1.5 * torch.randn(2 * P, T, V, generator=generator),
    }


accelerator = SimpleNamespace(
    device=torch.device("cpu"), gather=lambda x: x, gather_for_metrics=lambda x: x
)


class Fixed(torch.nn.Module):
    """A model that answers with given logits."""

    is_gradient_checkpointing = False

    def __init__(self, logits):
        super().__init__()
        self.logits = logits

    def forward(self, **_):
        return SimpleNamespace(logits=self.logits)


def run(name, batch, loss_type, loss_weights=None, **options):
    leaf = batch["logits"].clone().requires_grad_()
    attributes = {"beta": 0.1, "label_smoothing": 0.0, "f_divergence_type": "reverse_kl", **options}
    self = SimpleNamespace(
        **attributes,
        loss_types=loss_type,
        loss_weights=loss_weights or [1.0] * len(loss_type),
        model=Fixed(leaf),
        ref_model=Fixed(batch["referenceLogits"]),
        accelerator=accelerator,
        args=SimpleNamespace(gradient_checkpointing_kwargs=None, discopop_tau=0.05),
        aux_loss_enabled=False,
        ld_alpha=None,
        use_weighting=False,
        precompute_ref_logps=False,
        _total_train_tokens=0,
        _tp_size=1,
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
    )
    inputs = {
        "input_ids": batch["tokens"],
        "attention_mask": batch["attentionMask"],
        "completion_mask": batch["completionMask"],
    }
    loss = DPOTrainer._compute_loss(self, self.model, inputs, False)
    loss.backward()
    metrics = {key: values[0] for key, values in self._metrics["train"].items()}
    return {"name": name, "loss": loss.item(), "logitsGradient": leaf.grad, "metrics": metrics}


def smoothed(name, batch, **options):
    """cDPO, which TRL 1.13 has only as `aot_unpaired` of a single pair: the mean over pairs."""
    pairs = [{key: value[[p, p + P]] for key, value in batch.items()} for p in range(P)]
    runs = [run(name, pair, ["aot_unpaired"], **options) for pair in pairs]
    gradients = [each["logitsGradient"] / P for each in runs]
    whole = run(name, batch, ["sigmoid"], **options)
    return {
        "name": name,
        "loss": sum(each["loss"] for each in runs) / P,
        "logitsGradient": torch.cat([g[:1] for g in gradients] + [g[1:] for g in gradients]),
        "metrics": whole["metrics"],
    }


def cases(batch):
    return [
        run("sigmoid", batch, ["sigmoid"]),
        run("sigmoid at beta 0.7", batch, ["sigmoid"], beta=0.7),
        smoothed("sigmoid with smoothed labels", batch, beta=0.3, label_smoothing=0.1),
        run("robust", batch, ["robust"], beta=0.3, label_smoothing=0.1),
        run("sigmoid_norm", batch, ["sigmoid_norm"], beta=2.0),
        run("ipo", batch, ["ipo"]),
        run("ipo at beta 0.7", batch, ["ipo"], beta=0.7),
        run("hinge", batch, ["hinge"]),
        run("hinge at beta 0.7", batch, ["hinge"], beta=0.7),
        run("sft", batch, ["sft"]),
        run("sigmoid and sft", batch, ["sigmoid", "sft"], [1.0, 0.25]),
        run("three weighted", batch, ["ipo", "hinge", "sft"], [0.5, 2.0, 0.1], beta=0.4),
    ]


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


batch = make_batch()
content = {"versions": {"trl": trl.__version__, "torch": torch.__version__}, "batch": batch, "cases": cases(batch)}
(HERE / "preference.json").write_text(json.dumps(plain(content)) + "\n")
