"""PyTorch's side of the benchmark: the model of shape.json in plain PyTorch, driven line by line by bench.ts.

A line on standard input names a task; a line of JSON on standard output gives its wall and processor seconds.
"""

import ctypes
import json
import pathlib
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

shape = json.loads(pathlib.Path(__file__).with_name("shape.json").read_text())
VOCABULARY, WIDTH, INNER = shape["vocabulary"], shape["width"], shape["inner"]
LAYERS, HEADS = shape["layers"], shape["heads"]
ROWS, TOKENS = shape["trainRows"], shape["trainTokens"]
NEW_TOKENS = shape["sampleTokens"]
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-6
HAS_FUSED_ATTENTION = hasattr(F, "scaled_dot_product_attention")


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        if hasattr(F, "rms_norm"):
            return F.rms_norm(x, (WIDTH,), self.weight, EPSILON)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * self.weight


def rotary_table(length):
    speeds = 10000 ** (-torch.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH)
    angles = torch.arange(length)[:, None] * speeds
    angles = torch.cat((angles, angles), -1)
    return angles.cos(), angles.sin()


def rotate(x, cos, sin):
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


def attend(query, key, value, causal, mask):
    if HAS_FUSED_ATTENTION:
        return F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    scores = query @ key.transpose(-1, -2) * HEAD_WIDTH**-0.5
    return (scores + mask if causal else scores).softmax(-1) @ value


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = Norm(), Norm()
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.gate_up = nn.Linear(WIDTH, 2 * INNER, bias=False)
        self.down = nn.Linear(INNER, WIDTH, bias=False)

    def forward(self, x, cos, sin, mask, cache, start):
        rows, count, _ = x.shape
        heads = self.query_key_value(self.norm1(x)).view(rows, count, 3, HEADS, HEAD_WIDTH)
        query, key, value = heads.permute(2, 0, 3, 1, 4).unbind(0)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        if cache is not None:
            keys, values = cache
            keys[:, :, start : start + count] = key
            values[:, :, start : start + count] = value
            key, value = keys[:, :, : start + count], values[:, :, : start + count]
        mixed = attend(query, key, value, count > 1, mask)
        x = x + self.output(mixed.transpose(1, 2).reshape(rows, count, WIDTH))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList([Layer() for _ in range(LAYERS)])
        self.norm = Norm()
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)
        length = max(TOKENS, NEW_TOKENS)
        cos, sin = rotary_table(length)
        self.register_buffer("cos", cos)
        self.register_buffer("sin", sin)
        self.register_buffer("mask", torch.full((TOKENS, TOKENS), float("-inf")).triu(1))

    def forward(self, tokens, caches=None, start=0):
        end = start + tokens.shape[1]
        cos, sin = self.cos[start:end], self.sin[start:end]
        x = self.embedding(tokens)
        for index, layer in enumerate(self.layers):
            x = layer(x, cos, sin, self.mask, caches and caches[index], start)
        return self.head(self.norm(x))


def fast_adamw(parameters):
    try:
        return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01, fused=True)
    except (RuntimeError, TypeError):
        return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01, foreach=True)


torch.manual_seed(0)
model = Decoder()
for parameter in model.parameters():
    if parameter.dim() > 1:
        nn.init.normal_(parameter, std=0.02)
optimizer = fast_adamw(model.parameters())
texts = torch.randint(VOCABULARY, (ROWS, TOKENS + 1))


def step():
    logits = model(texts[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, VOCABULARY), texts[:, 1:].reshape(-1))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


@torch.inference_mode()
def sample(rows):
    caches = [
        tuple(torch.empty(rows, HEADS, NEW_TOKENS, HEAD_WIDTH) for _ in "kv") for _ in range(LAYERS)
    ]
    token = torch.zeros(rows, 1, dtype=torch.long)
    drawn = []
    for position in range(NEW_TOKENS):
        logits = model(token, caches, position)[:, -1]
        token = torch.multinomial(logits.softmax(-1), 1)
        drawn.append(token)
    return torch.cat(drawn, 1).tolist()


def loaded_openblas():
    """The path of the OpenBLAS in this process, if any."""
    with open("/proc/self/maps") as maps:
        return next((line.split()[-1] for line in maps if "libopenblas" in line), None)


def blas_and_core():
    if torch.backends.mkl.is_available():
        return "MKL", ""
    path = loaded_openblas()
    if path is None:
        return "unknown", ""
    core = ctypes.CDLL(path).openblas_get_corename
    core.restype = ctypes.c_char_p
    return f"OpenBLAS ({pathlib.Path(path).parent.name})", core().decode()


def describe():
    blas, core = blas_and_core()
    return {
        "torch": torch.__version__,
        "blas": blas,
        "core": core,
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


TINY = {"m": 1, "n": 1, "k": 1, "batch": 1, "count": 1, "transposeLeft": False, "transposeRight": False}


def stored(batch, rows, columns, transposed):
    sizes = (columns, rows) if transposed else (rows, columns)
    made = torch.full(sizes if batch == 1 else (batch, *sizes), 0.5)
    return made.transpose(-1, -2) if transposed else made


def operands_of(product):
    m, n, k, batch = (product[name] for name in ("m", "n", "k", "batch"))
    left = stored(batch, m, k, product["transposeLeft"])
    rights = [stored(batch, k, n, product["transposeRight"]) for _ in range(product["count"])]
    operator = torch.mm if batch == 1 else torch.bmm
    return operator, left, rights, torch.empty((m, n) if batch == 1 else (batch, m, n))


def products_round(operands, seconds):
    """All products once, layer by layer as a step makes them."""
    for layer in range(max(len(rights) for _, _, rights, _ in operands)):
        for index, (operator, left, rights, out) in enumerate(operands):
            if layer < len(rights):
                started = time.perf_counter()
                operator(left, rights[layer], out=out)
                seconds[index] += (time.perf_counter() - started) / len(rights)


MOST_PREPARED = 3
prepared = {}


@torch.inference_mode()
def time_products(task):
    key = json.dumps(task["products"])
    if key not in prepared:
        if len(prepared) >= MOST_PREPARED:
            del prepared[next(iter(prepared))]
        prepared[key] = [operands_of(product) for product in [*task["products"], TINY]]
        products_round(prepared[key], [0.0] * len(prepared[key]))
    seconds = [0.0] * len(prepared[key])
    for _ in range(task["repeats"]):
        products_round(prepared[key], seconds)
    *per_call, empty_call = (total / task["repeats"] for total in seconds)
    return {"perCall": per_call, "emptyCall": empty_call}


def timed(task):
    repeats = task.get("repeats", 1)
    work = step if task["name"] in ("step", "update") else lambda: sample(task["rows"])
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        work()
    return {
        "wall": (time.perf_counter() - wall) / repeats,
        "processor": (time.process_time() - processor) / repeats,
    }


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps(describe()), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        perform = time_products if task["name"] == "products" else timed
        print(json.dumps(perform(task)), flush=True)
