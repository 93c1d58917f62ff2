"""A grid, a reader and a statistic that do next to nothing: what a call takes is the border in Python.

    PYTHONPATH=sdk/python/src go run ./bench/border -runs -plugin 'python3 bench/border/nothing.py'
"""

import numpy as np

from zagg_plugin import Batch, Dim, Field, Frame, Grid, Reader, Statistic, serve


class NothingGrid(Grid):
    """A grid of one cell."""

    name = "nothing"
    frame = Frame("nothing", [Dim("cell", 1, 1, 1)])

    def signature(self):
        return {"type": "nothing"}

    def locate(self, key, lon, lat):
        return np.zeros(len(lon), np.int32)


class NothingReader(Reader):
    """A million observations, whatever the granule."""

    name = "nothing"
    columns = (Field("h", np.float64), Field("s", np.float64))
    groups = ("",)

    def read(self, granule, query):
        for _ in range(16):
            zero = np.zeros(62_500)
            yield Batch("", zero, zero, {c: zero for c in query.wanted})


class NothingStatistic(Statistic):
    """Zero."""

    name = "nothing"

    def compute(self, groups):
        return np.zeros(len(groups))


if __name__ == "__main__":
    serve(NothingGrid, NothingReader, NothingStatistic, name="nothing", version="1")
