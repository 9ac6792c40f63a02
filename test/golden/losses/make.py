"""Runs TRL's own `_compute_loss` on random log-probabilities and saves loss, gradients and metrics.

    python make.py        # trl 1.13, torch 2.13 (CPU); writes policy.json and token-scores.json

The trainer is a stub that holds the attributes `_compute_loss` reads; the model's forward pass is replaced by the
log-probabilities and entropies themselves, as float64 leaves. TRL has no REINFORCE; its CISPO on policy, with a
normaliser of B, is −A log π summed over each of B completions: the same.
"""

import json
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import torch
import trl
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer
from trl.trainer.utils import entropy_from_logits, selective_log_softmax

HERE = Path(__file__).parent
B, T = 6, 7
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20)


def normal(*shape):
    return torch.randn(*shape, generator=generator)


def random_batch(lengths):
    old = -normal(B, T).abs() - 0.05
    mask = (torch.arange(T)[None] < torch.tensor(lengths)[:, None]).double()
    mask[0, 1] = 0.0  # a token in the middle that is not the policy's own
    return {
        "logprobs": old + 0.35 * normal(B, T),
        "oldLogprobs": old,
        "referenceLogprobs": old + 0.5 * normal(B, T),
        "advantages": normal(B),
        "completionMask": mask,
        "entropy": normal(B, T).abs() + 0.1,
    }


accelerator = SimpleNamespace(
    num_processes=1,
    sync_gradients=True,
    gather=lambda x: x,
    gather_for_metrics=lambda x: x,
    reduce=lambda x, reduction: x,
    pad_across_processes=lambda x, dim, pad_index: x,
)


def stub(leaves, **options):
    arguments = {
        "delta": None,
        "use_bias_correction_kl": False,
        "sapo_temperature_pos": 1.0,
        "sapo_temperature_neg": 1.05,
        "steps_per_generation": 1,
    }
    attributes = {
        "loss_type": "dapo",
        "epsilon_low": 0.2,
        "epsilon_high": 0.2,
        "beta": 0.0,
        "importance_sampling_level": "token",
        "top_entropy_quantile": 1.0,
        "entropy_coef": 0.0,
        "max_completion_length": 512,
    }
    for key, value in options.items():
        (arguments if key in arguments else attributes)[key] = value
    attributes["_entropy_bonus_enabled"] = attributes["entropy_coef"] != 0
    self = SimpleNamespace(
        **attributes,
        args=SimpleNamespace(**arguments),
        accelerator=accelerator,
        model=SimpleNamespace(training=True),
        aux_loss_enabled=False,
        off_policy_mask_threshold=None,
        use_vllm=False,
        use_adaptive_entropy=False,
        current_gradient_accumulation_steps=1,
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        _get_per_token_logps_and_entropies=lambda *_, **__: (*leaves, None),
    )
    self.get_high_entropy_mask = lambda *a: GRPOTrainer.get_high_entropy_mask(self, *a)
    return self


def run(name, batch, trainer=GRPOTrainer, on_policy=False, num_items=None, **options):
    leaves = [batch[key].clone().requires_grad_() for key in ("logprobs", "entropy")]
    mask = batch["completionMask"]
    inputs = {
        "prompt_ids": torch.zeros(B, 1, dtype=torch.long),
        "prompt_mask": torch.ones(B, 1),
        "completion_ids": torch.zeros(B, T, dtype=torch.long),
        "completion_mask": mask,
        "advantages": batch["advantages"],
        "ref_per_token_logps": batch["referenceLogprobs"],
        "old_per_token_logps": None if on_policy else batch["oldLogprobs"],
        "old_logps": (batch["oldLogprobs"] * mask).sum(1),
        "num_items_in_batch": torch.tensor(float(num_items or mask.sum())),
    }
    self = stub(leaves, **options)
    loss = trainer._compute_loss(self, self.model, inputs)
    loss.backward()
    gradients = [torch.zeros(B, T) if leaf.grad is None else leaf.grad for leaf in leaves]
    return {
        "name": name,
        "loss": loss.item(),
        "logprobsGradient": gradients[0].tolist(),
        "entropyGradient": gradients[1].tolist(),
        "metrics": {key: values[0] for key, values in self._metrics["train"].items() if key != "entropy_coef"},
    }


def reinforce(name, batch, **options):
    case = run(name, batch, on_policy=True, num_items=B, loss_type="cispo", epsilon_high=1e9, **options)
    del case["metrics"]["cispo_clip_ratio"]
    return case


def policy_cases():
    uneven = random_batch([7, 3, 5, 1, 0, 6])
    full = random_batch([7, 3, 5, 1, 2, 6])
    sequence = {"importance_sampling_level": "sequence"}
    return {
        "uneven": {
            "batch": uneven,
            "cases": [
                run("grpo", uneven, loss_type="grpo"),
                run("grpo on policy", uneven, on_policy=True, loss_type="grpo"),
                run("grpo with KL", uneven, loss_type="grpo", beta=0.04),
                run("grpo with ratio-weighted KL", uneven, loss_type="grpo", beta=0.04, use_bias_correction_kl=True),
                run("grpo clip-higher", uneven, loss_type="grpo", epsilon_high=0.28),
                run("grpo two-sided", uneven, loss_type="grpo", delta=1.05),
                run("grpo entropy bonus", uneven, loss_type="grpo", entropy_coef=0.05),
                run("grpo top entropy", uneven, loss_type="grpo", beta=0.04, top_entropy_quantile=0.43),
                run(
                    "grpo top entropy with bonus",
                    uneven,
                    loss_type="grpo",
                    top_entropy_quantile=0.43,
                    entropy_coef=0.05,
                ),
                run("dr_grpo", uneven, loss_type="dr_grpo", max_completion_length=9, beta=0.04),
                run("dapo", uneven, loss_type="dapo", beta=0.04),
                run("dapo of four updates", uneven, num_items=77, steps_per_generation=4),
                run("bnpo", uneven, loss_type="bnpo", beta=0.04),
                run("cispo", uneven, loss_type="cispo", epsilon_high=1.3, beta=0.04),
                run("gspo", uneven, loss_type="grpo", epsilon_low=0.05, epsilon_high=0.08, **sequence),
                run("gspo with KL", uneven, loss_type="grpo", beta=0.04, **sequence),
                run("cispo by sequence", uneven, loss_type="cispo", epsilon_high=1.1, **sequence),
                run("sapo", uneven, loss_type="sapo", beta=0.04),
                reinforce("reinforce", uneven),
                reinforce("reinforce with KL", uneven, beta=0.04),
            ],
        },
        "full": {
            "batch": full,
            "cases": [
                run("rloo", full, trainer=RLOOTrainer, epsilon_low=0.2, epsilon_high=0.2),
                run("rloo clip-higher", full, trainer=RLOOTrainer, epsilon_low=0.1, epsilon_high=0.5),
            ],
        },
    }


def token_scores():
    logits = 3 * normal(9, 11)
    logits.requires_grad_()
    tokens = torch.randint(11, (9,), generator=generator)
    logprobs = selective_log_softmax(logits / 0.7, tokens)
    entropy = entropy_from_logits(logits / 0.7)
    weights = normal(2, 9)
    (weights[0] * logprobs + weights[1] * entropy).sum().backward()
    return {
        "temperature": 0.7,
        "logits": logits.tolist(),
        "tokens": tokens.tolist(),
        "weights": weights.tolist(),
        "logprobs": logprobs.tolist(),
        "entropy": entropy.tolist(),
        "gradient": logits.grad.tolist(),
        "isArgmax": (logits.argmax(-1) == tokens).double().tolist(),
    }


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else value


def save(name, content):
    versions = {"trl": trl.__version__, "torch": torch.__version__}
    (HERE / name).write_text(json.dumps({"versions": versions, **plain(content)}, indent=1) + "\n")


save("policy.json", policy_cases())
save("token-scores.json", token_scores())
