"""The README's examples run, and the package is typed."""

import importlib.util
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import zagg_plugin
from conftest import ROOT
from zagg_plugin import Granule, Groups, Query, Region, Source

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
GROUPS = Groups(np.array([2, 5], np.int32), np.array([0, 3, 5]), {"source": np.array([1.0, 4, 2, 7, 9])})


def run(block):
    """What a block defines. Only the first has its own imports, as a file that is complete."""
    names = {"np": np, "__name__": "readme", **{n: getattr(zagg_plugin, n) for n in zagg_plugin.__all__}}
    exec(block, names)
    return names


def test_statistic_is_complete_and_short(start):
    assert len(BLOCKS[0].splitlines()) < 20
    assert start(BLOCKS[0]).line.startswith("1|1|unix|/")
    names = run(BLOCKS[0])
    assert list(names["Spread"](2.0).compute(GROUPS)) == [6, 4]


def test_statistic_of_one_cell():
    assert len(BLOCKS[1].splitlines()) < 20
    assert list(run(BLOCKS[1])["iqr"]().compute(GROUPS)) == [1.5, 1]


def test_reader():
    text = b"lon,lat,speed\n10,20,0.5\n11,21,0.25\n"
    source = Source("drifters.csv", lambda _, ranges: [text[o : o + n] for o, n in ranges], lambda _: (len(text), ""))
    (batch,) = run(BLOCKS[2])["Drifters"]().read(Granule("g", {"data": source}), Query(Region(), ("speed",)))
    assert list(batch.lon) == [10, 11] and list(batch.lat) == [20, 21] and list(batch.columns["speed"]) == [0.5, 0.25]


@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
def test_types(tmp_path):
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, ROOT / "src" / "zagg_plugin"]
    done = subprocess.run(command, env=os.environ | {"MYPYPATH": str(ROOT / "src")}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
