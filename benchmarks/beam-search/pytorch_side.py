"""PyTorch's side of `npm run bench -- --beam-search`: a plain loop of constrained beam search over a saved Llama model.

Arguments: threads, a recommender's folder. A line on standard input names a task; a line of JSON on standard output
answers it. The trie is two dense tables over its inner nodes (which tokens may follow, and where they lead), so that a
step is a handful of whole-batch operators; beams reorder the key-value cache by index_select, as generate() does.
"""

import json
import pathlib
import sys
import time

import torch
import torch.nn.functional as F

THREADS, FOLDER = int(sys.argv[1]), pathlib.Path(sys.argv[2])
torch.set_num_threads(THREADS)
torch.set_grad_enabled(False)


def read_safetensors(path):
    raw = bytearray(path.read_bytes())
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    view, tensors = memoryview(raw)[8 + size :], {}
    for name, about in header.items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            assert about["dtype"] == "F32", about
            tensors[name] = torch.frombuffer(view[begin:end], dtype=torch.float32).view(about["shape"])
    return tensors


config = json.loads((FOLDER / "config.json").read_text())
HEADS, HEAD_WIDTH = config["num_attention_heads"], config["hidden_size"] // config["num_attention_heads"]
EPSILON, LAYERS, VOCABULARY = config["rms_norm_eps"], config["num_hidden_layers"], config["vocab_size"]
assert config["num_key_value_heads"] == HEADS and config["tie_word_embeddings"]
weights = read_safetensors(FOLDER / "model.safetensors")
embeddings = weights["model.embed_tokens.weight"]


def joined(layer, group, names):
    parts = [weights[f"model.layers.{layer}.{group}.{name}_proj.weight"] for name in names]
    return torch.cat(parts).contiguous()


layers = [
    {
        "norm1": weights[f"model.layers.{i}.input_layernorm.weight"],
        "norm2": weights[f"model.layers.{i}.post_attention_layernorm.weight"],
        "qkv": joined(i, "self_attn", "qkv"),
        "output": joined(i, "self_attn", "o"),
        "gate_up": joined(i, "mlp", ["gate", "up"]),
        "down": joined(i, "mlp", ["down"]),
    }
    for i in range(LAYERS)
]
speeds = config.get("rope_theta", 10000.0) ** (-torch.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH)
angles = torch.arange(1024)[:, None] * torch.cat((speeds, speeds))
COSINE, SINE = angles.cos(), angles.sin()


def norm(x, weight):
    if hasattr(F, "rms_norm"):
        return F.rms_norm(x, (x.shape[-1],), weight, EPSILON)
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON) * weight


def rotate(x, start):
    count = x.shape[2]
    first, second = x.chunk(2, -1)
    turned = torch.cat((-second, first), -1)
    return x * COSINE[start : start + count] + turned * SINE[start : start + count]


def attend(query, key, value, causal):
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    scores = query @ key.transpose(-1, -2) * HEAD_WIDTH**-0.5
    if causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(hidden, float("-inf"))
    return scores.softmax(-1) @ value


def forward(tokens, cache):
    """Scores of the token after the last, [R, V]; the cache, a list of keys and values, gains the tokens."""
    rows, count = tokens.shape
    start = cache[0][0].shape[2] if cache else 0
    x, grown = embeddings[tokens], []
    for index, layer in enumerate(layers):
        qkv = F.linear(norm(x, layer["norm1"]), layer["qkv"])
        query, key, value = qkv.view(rows, count, 3, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4).unbind(0)
        query, key = rotate(query, start), rotate(key, start)
        if cache:
            key, value = (torch.cat((old, new), 2) for old, new in zip(cache[index], (key, value)))
        grown.append((key, value))
        mixed = attend(query, key, value, causal=count > 1).transpose(1, 2).reshape(rows, count, -1)
        x = x + F.linear(mixed, layer["output"])
        gate, up = F.linear(norm(x, layer["norm2"]), layer["gate_up"]).chunk(2, -1)
        x = x + F.linear(F.silu(gate) * up, layer["down"])
    return F.linear(norm(x[:, -1], weights["model.norm.weight"]), embeddings), grown


def dense_trie(paths):
    """Which tokens may follow each inner node, and the node that each leads to. [N, V]"""
    nodes, edges = {(): 0}, []
    for path in paths:
        for depth in range(1, len(path)):
            nodes.setdefault(tuple(path[:depth]), len(nodes))
    for path in paths:
        for depth in range(len(path)):
            edges.append((nodes[tuple(path[:depth])], path[depth], nodes.get(tuple(path[: depth + 1]), 0)))
    place, token, child = torch.tensor(edges).T
    allowed = torch.zeros(len(nodes), VOCABULARY, dtype=torch.bool)
    follow = torch.zeros(len(nodes), VOCABULARY, dtype=torch.int32)
    allowed[place, token] = True
    follow[place, token] = child.int()
    return allowed, follow


catalogue = json.loads((FOLDER / "bench.json").read_text())
allowed, follow = dense_trie(catalogue["paths"])
DEPTH = len(catalogue["paths"][0])


def beam_search(prompts, width):
    users = len(prompts)
    scores_next, cache = forward(torch.tensor(prompts), [])
    scores, nodes = torch.zeros(users, 1), torch.zeros(users, 1, dtype=torch.long)
    paths = torch.empty(users, 1, 0, dtype=torch.long)
    for step in range(DEPTH):
        beams = scores.shape[1]
        logprobs = scores_next.log_softmax(-1).view(users, beams, -1)
        logprobs = logprobs.masked_fill(~allowed[nodes], float("-inf"))
        total = (scores.unsqueeze(-1) + logprobs).view(users, -1)
        scores, best = total.topk(min(width, total.shape[1]), -1)
        parents, tokens = best // VOCABULARY, best % VOCABULARY
        paths = torch.cat((paths.gather(1, parents.unsqueeze(-1).expand(-1, -1, step)), tokens.unsqueeze(-1)), -1)
        if step + 1 == DEPTH:
            return paths, scores
        nodes = follow[nodes.gather(1, parents), tokens].long()
        rows = (parents + torch.arange(users)[:, None] * beams).flatten()
        cache = [(key.index_select(0, rows), value.index_select(0, rows)) for key, value in cache]
        scores_next, cache = forward(tokens.reshape(-1, 1), cache)


generator = None


def generate(prompts, width):
    """The same by transformers, its trie a dictionary from prefixes."""
    global generator
    if generator is None:
        from transformers import AutoModelForCausalLM

        children = {}
        for path in catalogue["paths"]:
            for depth in range(len(path)):
                children.setdefault(tuple(path[:depth]), set()).add(path[depth])
        lists = {prefix: sorted(tokens) for prefix, tokens in children.items()}
        generator = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32), lists
    model, lists = generator
    start = len(prompts[0])
    found = model.generate(
        torch.tensor(prompts),
        attention_mask=torch.ones(len(prompts), start, dtype=torch.long),
        num_beams=width,
        num_return_sequences=width,
        max_new_tokens=DEPTH,
        min_new_tokens=DEPTH,
        do_sample=False,
        length_penalty=0.0,
        early_stopping=False,
        prefix_allowed_tokens_fn=lambda _, tokens: lists[tuple(tokens[start:].tolist())],
    )
    return found[:, start:].view(len(prompts), width, DEPTH), None


print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    run = generate if task["name"] == "generate" else beam_search
    begin, processor = time.perf_counter(), time.process_time()
    paths, _ = run(catalogue["prompts"][: task["users"]], task["width"])
    answer = {"wall": time.perf_counter() - begin, "processor": time.process_time() - processor}
    if task.get("tells"):
        answer["paths"] = paths.tolist()
    print(json.dumps(answer), flush=True)
