"""Execute a notebook's cells in their order, as Jupyter does, and hold what they give against the outputs kept in it.

    python execute.py first-map.ipynb             differences are an error
    python execute.py first-map.ipynb --update    keep what they give

What the last expression of a cell is, is its result. Pictures are compared by their kind, not by their bytes.
"""

import ast
import base64
import contextlib
import io
import json
import os
import sys


def execute(source: str, names: dict) -> list:
    """The outputs of one cell."""
    tree, said = ast.parse(source), io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(said):
        exec(compile(tree, "<cell>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
    outputs = []
    if said.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": said.getvalue().splitlines(keepends=True)})
    if value is not None:
        outputs.append({"data": shown(value), "metadata": {}, "output_type": "execute_result"})
    return outputs


def shown(value) -> dict:
    """A result as notebooks keep it."""
    if hasattr(value, "_repr_png_"):
        return {"image/png": base64.b64encode(value._repr_png_()).decode() + "\n", "text/plain": ["a picture"]}
    return {"text/plain": repr(value).splitlines(keepends=True)}


def comparable(outputs: list) -> str:
    """Outputs as text, of pictures the kind alone."""
    plain = json.loads(json.dumps(outputs))
    for o in plain:
        o.pop("execution_count", None)
        if "image/png" in o.get("data", {}):
            o["data"]["image/png"] = base64.b64decode(o["data"]["image/png"])[:8].hex()
    return json.dumps(plain, indent=1)


def main(path: str, update: bool) -> None:
    path = os.path.abspath(path)
    os.chdir(os.path.dirname(path))
    with open(path, encoding="utf-8") as file:
        book = json.load(file)
    names, number = {"__name__": "__main__"}, 0
    for cell in book["cells"]:
        if cell["cell_type"] != "code":
            continue
        number += 1
        source = "".join(cell["source"])
        outputs = execute(source, names)
        for o in outputs:
            if o["output_type"] == "execute_result":
                o["execution_count"] = number
        if not update and comparable(outputs) != comparable(cell["outputs"]):
            sys.exit(f"cell {number} gives other than what is kept:\n{source}\n--- kept\n{comparable(cell['outputs'])}\n+++ given\n{comparable(outputs)}")
        cell["outputs"], cell["execution_count"] = outputs, number
    if update:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(book, file, indent=1, ensure_ascii=False)
            file.write("\n")
    print(f"{number} cells executed")


if __name__ == "__main__":
    main(sys.argv[1], "--update" in sys.argv[2:])
