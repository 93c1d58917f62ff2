"""A plane fitted to the heights of each cell, and how far they scatter about it: all cells at once with numpy.

Iteratively reweighted least squares with Tukey's biweight (Beaton and Tukey 1974); the scale of the residuals is their
normalised median absolute deviation (Höhle and Höhle 2009).
"""

import numpy as np

from zagg_plugin import Field, Statistic, serve


class PlaneNMAD(Statistic):
    """Robust scatter about a plane fitted over x and y, and the plane's slope."""

    name = "plane_nmad"
    inputs = ("source", "x", "y")
    outputs = (Field("", np.float64, fill="NaN", units="{source}"), Field("_slope", np.float64, fill="NaN", units="1"))

    def __init__(self, min_points: int = 10, cutoff: float = 4.685, iterations: int = 10, degrees: bool = False) -> None:
        self.min_points, self.cutoff, self.iterations, self.degrees = min_points, cutoff, iterations, degrees

    @np.errstate(all="ignore")
    def compute(self, groups):
        h, x, y = (groups[n].astype(np.float64) for n in self.inputs)
        finite = np.isfinite(h) & np.isfinite(x) & np.isfinite(y)
        cell, n = groups.index[finite], len(groups)
        counts = np.bincount(cell, minlength=n)
        h, x, y = h[finite], x[finite], y[finite]
        if self.degrees:
            x, y = to_metres(cell, counts, x, y)
        h, x, y = (v - (np.bincount(cell, v, n) / np.maximum(counts, 1))[cell] for v in (h, x, y))
        weights = np.ones(len(h))
        for _ in range(self.iterations):
            plane = fit(cell, n, h, x, y, weights)
            residuals = h - plane[cell, 0] - plane[cell, 1] * x - plane[cell, 2] * y
            scatter = 1.4826 * medians(cell, counts, np.abs(residuals))
            u = residuals / np.where(scatter > 0, scatter * self.cutoff, np.inf)[cell]
            weights = np.where(np.abs(u) < 1, (1 - u * u) ** 2, 0)
        slope = np.hypot(plane[:, 1], plane[:, 2])
        bad = (counts < self.min_points) | ~np.isfinite(slope)
        return np.where(bad, np.nan, scatter), np.where(bad, np.nan, slope)


def to_metres(cell, counts, lon, lat):
    """Metres east and north of each cell's first point."""
    first = np.minimum(np.cumsum(counts) - counts, max(len(lon) - 1, 0))[cell]
    east = (lon - lon[first] + 180) % 360 - 180
    return east * 111195.08 * np.cos(np.radians(lat[first])), (lat - lat[first]) * 111195.08


def fit(cell, n, h, x, y, w):
    """The weighted least-squares plane of each cell, (n, 3), by Cramer's rule; NaN where the points do not span one."""
    def total(v):
        return np.bincount(cell, v, n)

    c0, cx, cy, ch = (np.stack(c, axis=1) for c in (
        (total(w), total(w * x), total(w * y)), (total(w * x), total(w * x * x), total(w * x * y)),
        (total(w * y), total(w * x * y), total(w * y * y)), (total(w * h), total(w * x * h), total(w * y * h)),
    ))
    det = volume(c0, cx, cy)
    spans = np.abs(det) > 1e-12 * np.abs(c0[:, 0] * cx[:, 1] * cy[:, 2])
    det = np.where(spans, det, np.nan)
    return np.stack([volume(ch, cx, cy), volume(c0, ch, cy), volume(c0, cx, ch)], axis=1) / det[:, None]


def volume(a, b, c):
    """The determinants of matrices by their columns."""
    return np.einsum("ni,ni->n", a, np.cross(b, c))


def medians(cell, counts, values):
    """The median of each cell's values, NaN without any."""
    ordered = values[np.lexsort((values, cell))]
    first = np.cumsum(counts) - counts
    low, high = first + (counts - 1) // 2, first + counts // 2
    last = max(len(ordered) - 1, 0)
    if not len(ordered):
        return np.full(len(counts), np.nan)
    middle = (ordered[np.clip(low, 0, last)] + ordered[np.clip(high, 0, last)]) / 2
    return np.where(counts > 0, middle, np.nan)


if __name__ == "__main__":
    serve(PlaneNMAD, name="planefit", version="1.0.0")
