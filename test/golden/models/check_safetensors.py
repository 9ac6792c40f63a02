"""Reads a safetensors file that Laurel wrote and prints, as JSON, each tensor's dtype, shape and values.

    python check_safetensors.py FILE
"""

import json
import sys

from safetensors import safe_open

with safe_open(sys.argv[1], "pt") as file:
    found = {name: file.get_tensor(name) for name in file.keys()}
    metadata = file.metadata()
print(
    json.dumps(
        {
            "metadata": metadata,
            "tensors": {
                name: [str(t.dtype).split(".")[1], list(t.shape), t.double().flatten().tolist()]
                for name, t in found.items()
            },
        }
    )
)
