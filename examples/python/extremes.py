"""Results of more than one number: the lowest values of each cell, any number of them, and a histogram."""

from __future__ import annotations

import numpy as np
from zagg_plugin import Code, Error, Field, Groups, Ragged, Statistic, serve


class Lowest(Statistic):
    """The n lowest values of each cell, ascending; of a cell with fewer, all."""

    name = "lowest"
    outputs = (Field(dtype=np.float64, ragged=True, units="{source}"),)

    def __init__(self, n: int = 3) -> None:
        if n < 1:
            raise Error(Code.INVALID, "want 1 or more", subject="n")
        self.n = n

    def compute(self, groups: Groups) -> Ragged:
        return self._rows(list(groups.split()))

    def fold(self, groups: Groups) -> Ragged:
        """Of the lowest values of parts: rows of part i are values[offsets[i]:offsets[i+1]]."""
        parts = groups.rows[""]
        bounds = parts.offsets[groups.offsets]  # where each cell's parts begin
        return self._rows([parts.values[a:b] for a, b in zip(bounds[:-1], bounds[1:])])

    def _rows(self, cells: list[np.ndarray]) -> Ragged:
        kept = [np.sort(v)[: self.n].astype(np.float64) for v in cells]
        return Ragged(np.concatenate([np.empty(0), *kept]), np.cumsum([0, *map(len, kept)]))


class Bins(Statistic):
    """How many values lie in each of n equal bins from low to high; others are left out."""

    name = "bins"

    def __init__(self, low: float = 0, high: float = 1, n: int = 10) -> None:
        if not low < high or not 0 < n <= 4096:
            raise Error(Code.INVALID, f"{n} bins from {low} to {high}", subject="n")
        self.low, self.high, self.n = low, high, n
        self.outputs = (Field(dtype=np.uint32, width=n, units="1"),)

    def compute(self, groups: Groups) -> np.ndarray:
        with np.errstate(invalid="ignore", over="ignore"):
            at = np.floor((groups["source"].astype(np.float64) - self.low) * (self.n / (self.high - self.low)))
        counts = np.zeros((len(groups), self.n), np.uint32)
        inside = (at >= 0) & (at < self.n)  # of NaN neither
        np.add.at(counts, (groups.index[inside], at[inside].astype(int)), 1)
        return counts

    def fold(self, groups: Groups) -> np.ndarray:
        return groups.reduce(np.add, groups.rows[""])


if __name__ == "__main__":
    serve(Lowest, Bins, name="extremes", version="1.0.0")
