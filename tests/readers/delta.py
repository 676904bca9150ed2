"""Reads every table of a data directory's workspace with another Delta reader, and says what it read, as JSON.

Usage: delta.py DATA/WORKSPACE

For each table: the number of rows; each column's Delta type and whether it may be null; the sum modulo 2**64, over all rows, of
the first eight bytes of a row's SHA-256; and how often each invocation id stands in it. A row's digest is over its values in the
order of the columns: a null is `~`, any other value its length in bytes, `:`, and its text: numbers in decimal, truth values as
`true` and `false`, bytes in lower-case hex, a histogram as `bucket=weight` by commas.
"""

import collections
import hashlib
import json
import pathlib
import sys

import deltalake


def text(value):
    """Returns a value's text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return ",".join(f"{entry['bucket']}={entry['weight_milli']}" for entry in value)
    return str(value)


def encoded(value):
    """Returns a value as it goes into its row's digest."""
    if value is None:
        return b"~"
    encoded_text = text(value).encode()
    return b"%d:%s" % (len(encoded_text), encoded_text)


def read(folder):
    """Returns what one table holds."""
    table = deltalake.DeltaTable(folder)
    fields = json.loads(table.schema().to_json())["fields"]
    names = [field["name"] for field in fields]
    rows, total, ids = 0, 0, collections.Counter()
    for batch in table.to_pyarrow_dataset().to_batches(columns=names):
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            digest = hashlib.sha256(b"".join(map(encoded, row))).digest()
            total = (total + int.from_bytes(digest[:8], "big")) % 2**64
        rows += batch.num_rows
        if "invocation_id" in names:
            ids.update(filter(None, columns[names.index("invocation_id")]))
    types = {field["name"]: [field["type"], field["nullable"]] for field in fields}
    return {"rows": rows, "types": types, "hash": total, "ids": ids}


def main():
    """Reads every folder that is a Delta table."""
    folders = sorted(log.parent for log in pathlib.Path(sys.argv[1]).glob("*/_delta_log"))
    json.dump({folder.name: read(folder) for folder in folders}, sys.stdout)


main()
