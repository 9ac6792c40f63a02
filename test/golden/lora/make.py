"""Makes adapters with peft and saves them as it does, with the logits they give.

    python make.py

Reads the tiny base models of ../models (their weights are random and saved in float32). Writes, for each case, a folder
<case>/ with peft's adapter_config.json and adapter_model.safetensors; lora.json: the versions, the tokens, for each case
the base and the names peft adapted, and under "options" the defaults of TRL's model
options, under "targets" the modules that each spelling of target_modules matches;
lora.safetensors: for each case the logits of the adapted model and of the merged one.
"""

import dataclasses
import json
from pathlib import Path

import peft
import torch
import transformers
import trl
from safetensors.torch import load_file, save_file

here = Path(__file__).parent
models = here.parent / "models"
golden = json.loads((models / "transformers-5.json").read_text())

CASES = {
    "qwen2-default": ("qwen2", dict(r=4, lora_alpha=8, lora_dropout=0.05, target_modules=["q_proj", "v_proj"])),
    "llama-all-linear": ("llama", dict(r=3, lora_alpha=7, target_modules="all-linear", use_rslora=True)),
    "qwen3-patterns": (
        "qwen3",
        dict(
            r=2,
            lora_alpha=4,
            target_modules=r".*\.(q_proj|o_proj|up_proj)",
            rank_pattern={"o_proj": 5},
            alpha_pattern={r"layers\.0\.mlp\.up_proj": 3},
        ),
    ),
}

TARGETS = [
    "all-linear",
    ["q_proj", "v_proj"],
    ["mlp.up_proj"],
    ["model.layers.1.self_attn.k_proj", "down_proj"],
    r".*\.self_attn\.[qk]_proj",
    r"model\.layers\.0\..*_proj",
]


def base_model(family):
    config = transformers.AutoConfig.for_model(**golden["cases"][family]["config"])
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    missing, unexpected = model.load_state_dict(load_file(models / f"weights-{family}.safetensors"), strict=False)
    assert not unexpected and all("lm_head" in name for name in missing), (missing, unexpected)
    return model.eval()


def adapted_names(model):
    return sorted(
        name.removeprefix("base_model.model.")
        for name, module in model.named_modules()
        if isinstance(module, peft.tuners.lora.LoraLayer)
    )


def lora(**options):
    return peft.LoraConfig(task_type="CAUSAL_LM", **options)


def sort_targets(file):
    """peft writes a set, in an order that changes from run to run."""
    config = json.loads(file.read_text())
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    file.write_text(json.dumps(config, indent=2) + "\n")


@torch.no_grad()
def make(name, family, options, tokens):
    torch.manual_seed(7)
    model = peft.get_peft_model(base_model(family), lora(**options)).eval()
    for key, parameter in model.named_parameters():
        if "lora_B" in key:
            parameter.normal_(0, 0.2)
    model.peft_config["default"].base_model_name_or_path = "../base"
    model.save_pretrained(here / name)
    (here / name / "README.md").unlink(missing_ok=True)
    sort_targets(here / name / "adapter_config.json")
    logits = model(input_ids=tokens).logits
    names = adapted_names(model)
    merged = model.merge_and_unload()(input_ids=tokens).logits
    return {"family": family, "modules": names}, {name: logits, f"{name}/merged": merged}


def main():
    tokens = torch.tensor(golden["tokens"])
    made = {name: make(name, family, options, tokens) for name, (family, options) in CASES.items()}
    found = {
        "versions": {"peft": peft.__version__, "transformers": transformers.__version__, "torch": torch.__version__, "trl": trl.__version__},
        "tokens": golden["tokens"],
        "cases": {name: case for name, (case, _) in made.items()},
        "options": {field.name: field.default for field in dataclasses.fields(trl.ModelConfig)},
        "targets": [
            {"target": target, "modules": adapted_names(peft.get_peft_model(base_model("llama"), lora(target_modules=target)))}
            for target in TARGETS
        ],
        "defaults": {
            family: adapted_names(peft.get_peft_model(base_model(family), lora())) for family in ("llama", "qwen2", "qwen3")
        },
    }
    save_file({key: value.contiguous() for _, logits in made.values() for key, value in logits.items()}, here / "lora.safetensors")
    (here / "lora.json").write_text(json.dumps(found, indent=1) + "\n")


main()
