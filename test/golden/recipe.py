"""Run the Python examples of a documentation page on a store of photons: recipe.py PAGE.md FOLDER

Runs the code of the sections "Ragged arrays" and "Coarser groups", unchanged and in order, in FOLDER, which contains photons.zarr, and
compares the results with the store."""

import os
import re
import sys

import numpy as np
import xarray

if __name__ == "__main__":
    page = open(sys.argv[1]).read()
    os.chdir(sys.argv[2])
    names = {"xarray": xarray}
    ran = 0
    for title in ("Ragged arrays", "Coarser groups"):
        section = re.search(rf"^## {title}\n(.*?)(?=^## )", page, re.M | re.S)[1]
        for code in re.findall(r"```python\n(.*?)```", section, re.S):
            exec(compile(code, title, "exec"), names)
            ran += 1
    assert ran == 2, ran
    assert names["group"] is None, "the last group has no coarser one"
    cells = [c for c in names["array"][:] if len(c)]
    assert len(names["medians"]) > 0 and len(cells) > 100
    for cell in cells:
        mean, weight = names["digest"](cell).T
        values = [names["quantile"](cell, q) for q in (0, 0.25, 0.5, 0.75, 1)]
        assert values == sorted(values) and values[0] == mean[0] and values[-1] == mean[-1], values
        if (weight == 1).all():  # every value is there
            assert np.isclose(values[2], np.median(mean.astype(float)), rtol=0, atol=1e-9), values
    print(f"{len(cells)} cells")
