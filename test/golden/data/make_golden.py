"""Writes the reference values of this folder: Parquet files in every compression with their rows, a CSV file as Python's
csv module reads it, preference pairs as TRL splits them, SplitMix64 outputs.

    python make_golden.py        # needs pyarrow, trl
"""

import csv
import json
import platform
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import trl
from trl.data_utils import extract_prompt

HERE = Path(__file__).parent


def parquet():
    rows = [
        {
            "question": f"What is {i} + {i}? — naïve ☃",
            "answer": i * 2,
            "large": 2**53 + 1 if i == 3 else i,
            "score": i / 7,
            "good": i % 2 == 0,
            "note": None if i % 3 == 0 else f"note {i}",
            "messages": [{"role": "user", "content": f"turn {i}"}, {"role": "assistant", "content": "…"}],
            "labels": [True, False][: i % 3],
        }
        for i in range(10)
    ]
    table = pa.Table.from_pylist(rows)
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        pq.write_table(table, HERE / f"{codec}.parquet", compression=codec, row_group_size=4)
    return rows


def comma_separated():
    text = (
        '\ufeffid,text,"spaced name"\r\n'
        '1,"a, ""quoted"" word",x\r\n'
        '2,"two\nlines","007"\n'
        "3,, trailing \n"
        "\n"
        "4,naïve ☃,1e3"
    )
    (HERE / "tricky.csv").write_bytes(text.encode())
    with open(HERE / "tricky.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def preferences():
    user = {"role": "user", "content": "Colour of the sky?"}
    pairs = [
        {"chosen": "The sky is blue.", "rejected": "The sky is green."},
        {"chosen": "Sum: 12", "rejected": "Sum: 13"},
        {"chosen": "\n\nHuman: Hi 👋\n\nAssistant: Good day", "rejected": "\n\nHuman: Hi 👋\n\nAssistant: Go away"},
        {"chosen": [user, {"role": "assistant", "content": "Blue."}], "rejected": [user, {"role": "assistant", "content": "Green."}]},
    ]
    return [{"pair": pair, "split": extract_prompt(pair)} for pair in pairs]


def splitmix64(seed, count):
    """Vigna's public-domain reference (splitmix64.c), with a running state instead of a counter."""
    state, out, mask = seed, [], 2**64 - 1
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        out.append(str(z ^ (z >> 31)))
    return out


golden = {
    "versions": {"python": platform.python_version(), "pyarrow": pa.__version__, "trl": trl.__version__},
    "parquet": parquet(),
    "csv": comma_separated(),
    "preferences": preferences(),
    "splitmix64": {str(seed): splitmix64(seed, 6) for seed in [0, 42, 2**64 - 1]},
}
(HERE / "golden.json").write_text(json.dumps(golden, indent=2, ensure_ascii=True) + "\n")
