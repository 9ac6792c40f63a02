"""PyTorch's side of the benchmark on a device: a Qwen2 in plain PyTorch 2, driven line by line.

Arithmetic of the training step, one of:
- masters: bfloat16 weights, float32 masters and moments, as Laurel trains;
- autocast: float32 weights, products in bfloat16, as `bf16=True` of transformers' Trainer;
- pure: bfloat16 weights and moments, the cheapest and the least exact.
"""

import json
import pathlib
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

DEVICE, SIZE, ARITHMETIC = sys.argv[1:4]
shape = json.loads(pathlib.Path(__file__).with_name("shapes.json").read_text())[SIZE]
VOCABULARY, WIDTH, INNER = shape["vocabulary"], shape["width"], shape["inner"]
HEADS, KEY_HEADS = shape["heads"], shape["keyHeads"]
ROWS, TOKENS, NEW_TOKENS = shape["trainRows"], shape["trainTokens"], shape["sampleTokens"]
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-6


def rotary_table(length):
    speeds = 10000 ** (-torch.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH)
    angles = torch.arange(length)[:, None] * speeds
    angles = torch.cat((angles, angles), -1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(WIDTH, EPSILON), nn.RMSNorm(WIDTH, EPSILON)
        self.sizes = [HEADS * HEAD_WIDTH, KEY_HEADS * HEAD_WIDTH, KEY_HEADS * HEAD_WIDTH]
        self.query_key_value = nn.Linear(WIDTH, sum(self.sizes))
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate_up = nn.Linear(WIDTH, 2 * INNER, bias=False)
        self.down = nn.Linear(INNER, WIDTH, bias=False)

    def forward(self, x, cos, sin, cache, start):
        rows, count, _ = x.shape
        parts = self.query_key_value(self.norm1(x)).split(self.sizes, -1)
        query, key, value = (
            part.view(rows, count, -1, HEAD_WIDTH).transpose(1, 2) for part in parts
        )
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        if cache is not None:
            keys, values = cache
            keys[:, :, start : start + count] = key
            values[:, :, start : start + count] = value
            key, value = keys[:, :, : start + count], values[:, :, : start + count]
        mixed = F.scaled_dot_product_attention(
            query, key, value, is_causal=count > 1, enable_gqa=True
        )
        x = x + self.output(mixed.transpose(1, 2).reshape(rows, count, WIDTH))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList([Layer() for _ in range(shape["layers"])])
        self.norm = nn.RMSNorm(WIDTH, EPSILON)
        cos, sin = rotary_table(max(TOKENS, NEW_TOKENS))
        self.register_buffer("cos", cos)
        self.register_buffer("sin", sin)

    def forward(self, tokens, caches=None, start=0):
        end = start + tokens.shape[1]
        cos, sin = self.cos[start:end], self.sin[start:end]
        x = self.embedding(tokens)
        for index, layer in enumerate(self.layers):
            x = layer(x, cos, sin, caches and caches[index], start)
        return F.linear(self.norm(x), self.embedding.weight)


torch.manual_seed(0)
model = Decoder()
for parameter in model.parameters():
    if parameter.dim() > 1:
        nn.init.normal_(parameter, std=0.02)
model = model.to(DEVICE, torch.float32 if ARITHMETIC == "autocast" else torch.bfloat16)
masters = [parameter.detach().float() for parameter in model.parameters()]
trained = masters if ARITHMETIC == "masters" else list(model.parameters())
optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01, fused=True)
texts = torch.randint(VOCABULARY, (ROWS, TOKENS + 1)).to(DEVICE)


def step_masters():
    for master, parameter in zip(masters, model.parameters()):
        master.grad = parameter.grad.float()
        parameter.grad = None
    optimizer.step()
    torch._foreach_copy_(list(model.parameters()), masters)


def step():
    with torch.autocast(DEVICE, torch.bfloat16, enabled=ARITHMETIC == "autocast"):
        logits = model(texts[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, VOCABULARY).float(), texts[:, 1:].reshape(-1))
    loss.backward()
    with torch.no_grad():
        if ARITHMETIC == "masters":
            step_masters()
        else:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return loss.item()


@torch.inference_mode()
def sample(rows):
    sizes = (rows, KEY_HEADS, NEW_TOKENS, HEAD_WIDTH)
    caches = [
        tuple(torch.empty(sizes, device=DEVICE, dtype=torch.bfloat16) for _ in "kv")
        for _ in range(shape["layers"])
    ]
    token = torch.zeros(rows, 1, dtype=torch.long, device=DEVICE)
    drawn = []
    for position in range(NEW_TOKENS):
        with torch.autocast(DEVICE, torch.bfloat16, enabled=ARITHMETIC == "autocast"):
            logits = model(token, caches, position)[:, -1]
        token = torch.multinomial(logits.float().softmax(-1), 1)
        drawn.append(token)
    return torch.cat(drawn, 1).tolist()


def finish():
    if DEVICE.startswith("cuda"):
        torch.cuda.synchronize()


def timed(task):
    repeats = task.get("repeats", 1)
    work = step if task["name"] in ("step", "update") else lambda: sample(task["rows"])
    finish()
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        work()
    finish()
    return {
        "wall": (time.perf_counter() - wall) / repeats,
        "processor": (time.process_time() - processor) / repeats,
    }


def answer(value):
    print(json.dumps(value), flush=True)


answer(
    {
        "torch": torch.__version__,
        "blas": "cpu, bfloat16",
        "core": "",
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "libraries": ARITHMETIC,
    }
    | ({"blas": f"{torch.cuda.get_device_name()}, bfloat16"} if DEVICE != "cpu" else {})
)
for line in sys.stdin:
    answer(timed(json.loads(line)))
