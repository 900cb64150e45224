"""Reads the Parquet files of a release and prints them as JSON.

Run by an old PyArrow in an environment of its own.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

import pyarrow
from pyarrow import parquet

answer = {"version": pyarrow.__version__, "tables": {}}
for path in sorted(Path(sys.argv[2]).glob("*.parquet")):
    table = parquet.read_table(path)
    answer["tables"][path.stem] = {
        "types": {field.name: str(field.type) for field in table.schema},
        "footer": {
            key.decode(): value.decode()
            for key, value in parquet.read_metadata(path).metadata.items()
        },
        "rows": [
            [None if value is None else str(value) for value in row.values()]
            for row in table.to_pylist()
        ],
    }
print(json.dumps(answer))
