"""Evaluates expressions and reductions with numpy, for expr_test.go to compare with.

Reads one JSON object from stdin and writes one to stdout:

  in   {"columns": {name: {"dtype": "float64", "data": base64, "cells": false}}, "offsets": [...],
        "expressions": [text, ...], "native": false, "inner": [[2], ...] (of each expression, where cells are ragged),
        "reductions": [{"op": "nanmedian", "column": name, "q": [..], "ddof": 0, "weights": name}, ...]}
  out  {"expressions": [[cell, ...], ...], "reductions": [[cell, ...], ...]}
  cell {"kind": "b" | "i" | "u" | "f", "bytes": base64 of uint8, int64, uint64 or float64, "shape": 0 or 1},
       {"kind": "error", "error": text}, or another kind for what zagg has not: "complex", "big" (an integer), "other"

Unless "native" is set, columns are widened as the evaluator widens them: integers to int64 (uint64 stays), floats to
float64; and np.float32 rounds to float32 and gives float64.
"""

import base64
import json
import sys
import warnings

import numpy as np


class Namespace:
    """numpy whose float32 rounds but computes on in float64."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def float32(x):
        return np.float64(np.float32(x))


def pack(value):
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return {"kind": "big"}
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.ndim > 1:
        return {"kind": "complex" if array.dtype.kind == "c" else "other", "shape": array.ndim}
    wide = {"b": np.uint8, "i": np.int64, "u": np.uint64, "f": np.float64}[array.dtype.kind]
    data = base64.b64encode(np.ascontiguousarray(array.astype(wide)).tobytes()).decode()
    return {"kind": array.dtype.kind, "bytes": data, "shape": array.ndim}


def rows(value, inner):
    """The numbers of rows of a shape; an array of one dimension is cut into rows of one dimension."""
    array = np.asarray(value)
    if array.ndim == 1 and len(inner) == 1:
        array = array.reshape(-1, *inner)
    if array.size and array.shape[1:] != tuple(inner):
        raise ValueError(f"rows of {array.shape[1:]}, not {inner}")
    return array.reshape(-1)


def attempt(compute):
    try:
        return pack(compute())
    except RecursionError:
        raise
    except Exception as error:  # whatever numpy raises is the answer
        return {"kind": "error", "error": f"{type(error).__name__}: {error}"}


def reduction(spec, columns, start, stop):
    values = columns[spec["column"]][start:stop]
    keywords = {}
    if spec.get("q"):
        keywords["q"] = spec["q"][0] if len(spec["q"]) == 1 else spec["q"]
    if spec.get("ddof") is not None:
        keywords["ddof"] = spec["ddof"]
    if spec.get("weights"):
        keywords["weights"] = columns[spec["weights"]][start:stop]
    return getattr(np, spec["op"])(values, **keywords)


def extreme(python, array):
    """min or max of one array, or of several numbers: Python's, except that NaN wins."""

    def call(*args):
        if len(args) == 1:
            return array(args[0])
        return python(args) if all(type(a) in (bool, int) for a in args) else array(np.array(args))

    return call


def widen(array):
    if array.dtype.kind == "f":
        return array.astype(np.float64)
    if array.dtype.kind in "iu" and array.dtype != np.uint64:
        return array.astype(np.int64)
    return array


def main():
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    task = json.load(sys.stdin)
    columns, cells = {}, {}
    for name, column in task["columns"].items():
        array = np.frombuffer(base64.b64decode(column["data"]), dtype=column["dtype"])
        if not task.get("native"):
            array = widen(array)
        (cells if column.get("cells") else columns)[name] = array
    offsets = task["offsets"]
    numpy = np if task.get("native") else Namespace()
    names = {"np": numpy, "numpy": numpy, "len": len, "float": float, "int": int, "abs": abs, "sqrt": np.sqrt, "log": np.log,
             "exp": np.exp, "sum": np.sum, "min": extreme(min, np.min), "max": extreme(max, np.max)}
    answer = {"expressions": [], "reductions": []}
    for number, text in enumerate(task.get("expressions") or []):
        inner = (task.get("inner") or {number: None})[number]
        try:
            code = compile(text, "expression", "eval")
        except SyntaxError as error:
            answer["expressions"].append([{"kind": "error", "error": f"SyntaxError: {error}"}] * (len(offsets) - 1))
            continue
        results = []
        for i, (start, stop) in enumerate(zip(offsets, offsets[1:])):
            scope = dict(names)
            scope.update((name, array[start:stop]) for name, array in columns.items())
            scope.update((name, array[i]) for name, array in cells.items())
            if inner:
                results.append(attempt(lambda: rows(eval(code, scope), inner)))
            else:
                results.append(attempt(lambda: eval(code, scope)))
        answer["expressions"].append(results)
    for spec in task.get("reductions") or []:
        answer["reductions"].append(
            [attempt(lambda: reduction(spec, columns, a, b)) for a, b in zip(offsets, offsets[1:])])
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
