"""Reads values from the lines of a file, JSON's text form or containers in base64, and writes each in the same form again."""

import base64
import json
import sys

import mplang  # noqa: F401  (registers what graphs and backends add to serde)
from mplang.edsl import serde


def again(line):
    form, text = line.split()
    if form == "json":
        return serde.dumps_b64(serde.loads_b64(text))
    return base64.b64encode(serde.dumps_binary(serde.loads_binary(base64.b64decode(text)))).decode()


def attempt(line):
    try:
        return {"text": again(line)}
    except Exception as error:  # noqa: BLE001 (whatever went wrong is the outcome)
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="ascii") as lines:
        print(json.dumps([attempt(line) for line in lines]))
