"""Golden files for src/tensor/safetensors.test.ts, from the safetensors library: python make_safetensors.py

Written with safetensors 0.8.0 and torch 2.13.0: every dtype that Laurel has, a scalar, an empty tensor and a
name outside ASCII. `misaligned.safetensors` is assembled by hand: its data starts at an odd byte.
"""

import json
import struct
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
tensors = {
    "float64": torch.tensor([[0.5, -1.25], [3.0, 1e300]], dtype=torch.float64),
    "float32": torch.tensor([1.5, -2.0, 3.25]),
    "float16": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "bfloat16": torch.tensor([1.5, -2.0, 256.0], dtype=torch.bfloat16),
    "int64": torch.tensor([2**40, -1]),
    "int32": torch.tensor([[7], [-8]], dtype=torch.int32),
    "int16": torch.tensor([300, -300], dtype=torch.int16),
    "int8": torch.tensor([-128, 127], dtype=torch.int8),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 3),
    "größe": torch.tensor([1.0]),
}
save_file(tensors, HERE / "dtypes.safetensors", {"source": "python"})

data = struct.pack("<b", 5) + struct.pack("<2f", 1.5, -2.5)
header = json.dumps(
    {
        "first": {"dtype": "I8", "shape": [1], "data_offsets": [0, 1]},
        "second": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
    }
).encode()
(HERE / "misaligned.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
