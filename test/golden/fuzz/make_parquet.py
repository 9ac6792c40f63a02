"""Parquet files whose encodings the fuzzer mutates: deltas, nested lists, runs of nulls, plain values.
Written with pyarrow 25.0.1: python make_parquet.py"""
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
words = [f"word {n // 3} {n % 7}" for n in range(60)]
numbers = [n * n - 40 * n for n in range(60)]

pq.write_table(
    pa.table(
        {
            "front": words,
            "length": pa.array(words),
            "small": pa.array(numbers, pa.int32()),
            "large": pa.array([n << 33 for n in numbers], pa.int64()),
            "split": pa.array([n / 7 for n in numbers], pa.float32()),
            "flag": [n % 3 == 0 for n in range(60)],
        }
    ),
    here / "delta.parquet",
    use_dictionary=False,
    compression="none",
    data_page_version="2.0",
    column_encoding={
        "front": "DELTA_BYTE_ARRAY",
        "length": "DELTA_LENGTH_BYTE_ARRAY",
        "small": "DELTA_BINARY_PACKED",
        "large": "DELTA_BINARY_PACKED",
        "split": "BYTE_STREAM_SPLIT",
        "flag": "RLE",
    },
)
pq.write_table(
    pa.table(
        {
            "messages": [[{"role": "user", "content": words[n]}] * (n % 4) for n in range(40)],
            "scores": [[n, None, -n] if n % 5 else None for n in range(40)],
        }
    ),
    here / "nested.parquet",
    compression="snappy",
    row_group_size=16,
)
pq.write_table(
    pa.table({"text": [None if n % 9 else "kept" for n in range(2000)], "one": ["same"] * 2000}),
    here / "nulls.parquet",
    compression="gzip",
    data_page_version="2.0",
)
pq.write_table(
    pa.table(
        {
            "text": words,
            "number": numbers,
            "real": [n / 3 for n in numbers],
            "flag": [n % 2 == 0 for n in range(60)],
            "when": pa.array(numbers, pa.timestamp("ms")),
            "fixed": pa.array([bytes([n, n + 1]) for n in range(60)], pa.binary(2)),
        }
    ),
    here / "plain.parquet",
    use_dictionary=False,
    compression="none",
    store_schema=False,
)
