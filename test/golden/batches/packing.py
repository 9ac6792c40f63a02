"""Which pieces of which sequences TRL's pack_dataset puts into each row, saved as packing.json.

    python packing.py     # trl 1.13, datasets
"""

import json
import random
from pathlib import Path

import datasets
import trl

datasets.disable_progress_bars()
SPAN = 1000  # Token SPAN · i + j is the j-th of sequence i.
LENGTH = 64

generator = random.Random(5)
lengths = [generator.choice([generator.randint(1, 20), generator.randint(1, 90)]) for _ in range(1300)]
rows = {"input_ids": [[SPAN * i + j for j in range(length)] for i, length in enumerate(lengths)]}


def pieces(tokens):
    """[sequence, first token, tokens] of each piece of a row."""
    found = []
    for token in tokens:
        sequence, place = divmod(token, SPAN)
        if found and found[-1][0] == sequence and found[-1][1] + found[-1][2] == place:
            found[-1][2] += 1
        else:
            found.append([sequence, place, 1])
    return found


def packed(strategy):
    dataset = trl.pack_dataset(datasets.Dataset.from_dict(rows), LENGTH, strategy)
    return [pieces(tokens) for tokens in dataset["input_ids"]]


content = {
    "versions": {"trl": trl.__version__, "datasets": datasets.__version__},
    "lengths": lengths,
    "maxLength": LENGTH,
    "rows": {strategy: packed(strategy) for strategy in ("bfd", "bfd_split", "wrapped")},
}
(Path(__file__).parent / "packing.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
