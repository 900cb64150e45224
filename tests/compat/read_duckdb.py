"""Opens a release read-only and prints its tables as JSON.

Run by an old DuckDB in an environment of its own.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import duckdb

connection = duckdb.connect(sys.argv[2], read_only=True)
connection.execute("set timezone = 'UTC'")
tables = connection.execute(
    "select schema_name || '.' || table_name, coalesce(comment, '') from duckdb_tables() order by 1"
).fetchall()
answer = {"version": duckdb.__version__, "comments": dict(tables), "rows": {}}
for table, _ in tables:
    # Times go through text: this client needs another package to give them as Python's times.
    answer["rows"][table] = [
        list(row)
        for row in connection.execute(f"select columns(*)::varchar from {table}").fetchall()
    ]
print(json.dumps(answer))
