"""transformers' side of the benchmark: `generate` of a Qwen2, with the cache that the command line names."""

import json
import sys

import torch
import transformers
from qwen2_model import Stopwatch, answer, describe, make_model, shape

threads, cache = int(sys.argv[1]), sys.argv[2]
torch.set_num_threads(threads)
model = make_model().eval()
sampling = transformers.GenerationConfig(
    do_sample=True,
    temperature=1.0,
    top_k=0,
    top_p=1.0,
    max_new_tokens=shape["sampleTokens"],
    eos_token_id=None,
    pad_token_id=0,
    cache_implementation=None if cache == "dynamic" else cache,
)


def sample(rows):
    prompts = torch.zeros(rows, 1, dtype=torch.long)
    with torch.inference_mode():
        drawn = model.generate(
            prompts, attention_mask=torch.ones_like(prompts), generation_config=sampling
        )
    assert drawn.shape == (rows, 1 + shape["sampleTokens"]), drawn.shape
    return drawn.tolist()


answer(describe(model, f"transformers {transformers.__version__}, {cache} cache"))
for line in sys.stdin:
    task = json.loads(line)
    watch = Stopwatch()
    sample(task["rows"])
    answer(watch.read())
