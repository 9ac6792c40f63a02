"""The model of shape.json as transformers' Qwen2, and what its sides of the benchmark share."""

import json
import os
import pathlib
import time

# Nothing here is downloaded, and nothing is said on standard output but answers.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
import transformers

shape = json.loads(pathlib.Path(__file__).with_name("shape.json").read_text())


def make_model():
    torch.manual_seed(0)
    config = transformers.Qwen2Config(
        vocab_size=shape["vocabulary"],
        hidden_size=shape["width"],
        intermediate_size=shape["inner"],
        num_hidden_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["heads"],
        max_position_embeddings=1024,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    return transformers.Qwen2ForCausalLM(config)


def describe(model, libraries):
    return {
        "torch": torch.__version__,
        "blas": "MKL" if torch.backends.mkl.is_available() else "unknown",
        "core": "",
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "libraries": libraries,
    }


class Stopwatch:
    def __init__(self):
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def read(self):
        return {
            "wall": time.perf_counter() - self.wall,
            "processor": time.process_time() - self.processor,
        }


def answer(value):
    print(json.dumps(value), flush=True)
