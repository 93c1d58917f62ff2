#!/usr/bin/env python3
"""Make what a clone without reference data is tested with: granules, and the values of their cells.

usage: python make.py        (h5py, numpy, healpy, zarr)

testdata/small: three granules of the demo's surface. testdata/edge: two with what can be odd: a beam that is missing, one of no rows,
fill values that pass the quality filter, heights that are NaN, errors of 0, a beam of bad quality alone, latitudes that are NaN or
beyond 90 degrees, rows on both sides of 180 degrees. Layout as in cmd/zagg/cli/sample/make_sample.py. cells.csv has, for each cell
with an observation, what test/reference/reference.py computes with h5py, numpy and healpy, with the configuration config.json:
17 significant digits, nan, inf. Fixed seeds: the same files each time.
"""
import csv
import json
import os
import sys

import h5py
import healpy
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../reference"), os.path.join(HERE, "../../cmd/zagg/cli/sample")]
import make_sample  # noqa: E402
import reference  # noqa: E402

VARIABLES = {
    "count": {"function": "len", "source": "h_li", "dtype": "int32", "fill_value": 0},
    "h_min": {"function": "min", "source": "h_li"},
    "h_max": {"function": "max", "source": "h_li"},
    "h_mean": {"function": "average", "source": "h_li", "params": {"weights": "1.0 / s_li**2"}},
    "h_sigma": {"expression": "1.0 / np.sqrt(np.sum(1.0 / s_li**2))"},
    "h_variance": {"function": "var", "source": "h_li"},
    "h_q25": {"function": "quantile", "source": "h_li", "params": {"q": 0.25}},
    "h_q75": {"function": "quantile", "source": "h_li", "params": {"q": 0.75}},
}
CONFIG = {
    "data_source": {
        "reader": "atl06",
        "variables": {"h_li": "/{group}/land_ice_segments/h_li", "s_li": "/{group}/land_ice_segments/h_li_sigma"},
        "quality_filter": {"dataset": "/{group}/land_ice_segments/atl06_quality_summary", "value": 0},
    },
    "aggregation": {"variables": VARIABLES},
    "output": {"grid": {"type": "healpix", "parent_order": 6, "child_order": 12, "layout": "compact"}},
}


def beam(f, name, lat, lon, height, sigma, quality):
    g = f.create_group(name).create_group("land_ice_segments")
    make_sample.dataset(g, "atl06_quality_summary", quality.astype("i1"), "1", np.int8(127))
    make_sample.dataset(g, "h_li", height.astype("f4"), "meters", make_sample.FILL)
    make_sample.dataset(g, "h_li_sigma", sigma.astype("f4"), "meters", make_sample.FILL)
    make_sample.dataset(g, "latitude", np.round(lat, 6), "degrees_north")
    make_sample.dataset(g, "longitude", np.round(lon, 6), "degrees_east")


def edge(path, number, rng):
    with h5py.File(path, "w", libver="earliest") as f:
        f.attrs["short_name"] = "ATL06"
        for i, name in enumerate(make_sample.BEAMS):
            n = 0 if (number, name) == (0, "gt2l") else 400
            if (number, name) == (1, "gt3r"):
                continue
            lat = np.linspace(-75, -74.2, n)
            lon = 179.6 + 0.02 * i + np.linspace(0, 0.8, n)
            lon = (lon + 180) % 360 - 180
            height = np.round(500 + 40 * np.sin(np.arange(n) / 30) + rng.normal(0, 0.1, n), 2)
            sigma = np.round(0.01 + rng.gamma(2.0, 0.01, n), 3)
            quality = (rng.random(n) < 0.05).astype(int)
            if n:
                height[rng.random(n) < 0.02] = make_sample.FILL
                height[rng.random(n) < 0.02] = np.nan
                sigma[rng.random(n) < 0.02] = 0
                lat[rng.random(n) < 0.01] = np.nan
                lat[rng.random(n) < 0.01] = 91
            if name == "gt1r":
                quality[:] = 1
            beam(f, name, lat, lon, height, sigma, quality)


def cells(config, paths):
    lat, lon, rows, absent = reference.observations(config, paths)
    cell = healpy.ang2pix(2 ** 12, np.pi / 2 - reference.authalic(lat), np.radians(lon % 360), nest=True)
    order = np.argsort(cell, kind="stable")
    ids, starts = np.unique(cell[order], return_index=True)
    for i, a, b in zip(ids, starts, np.append(starts[1:], len(order))):
        out = {"cell": int(i)}
        for name, variable in VARIABLES.items():
            lacking = np.any([absent[n] for n in reference.inputs(variable, rows)], axis=0)[order[a:b]]
            with np.errstate(all="ignore"):
                value = reference.reduce(variable, {k: v[order[a:b]][~lacking].astype("f8") for k, v in rows.items()})
            out[name] = repr(float(value))
        if float(out["count"]) > 0:
            yield out


def main():
    for name, make, n in (("small", make_sample.granule, 3), ("edge", edge, 2)):
        folder = os.path.join(HERE, "testdata", name)
        os.makedirs(folder, exist_ok=True)
        paths = []
        for number in range(n):
            paths.append(os.path.join(folder, "ATL06_202412%02d010000_%04d2511_007_01.h5" % (2 * number + 1, 100 + number)))
            make(paths[-1], number, np.random.default_rng([2026, number]))
        with open(os.path.join(folder, "cells.csv"), "w", newline="") as f:
            w = csv.DictWriter(f, ["cell", *VARIABLES], lineterminator="\n")
            w.writeheader()
            w.writerows(cells(CONFIG, paths))
    with open(os.path.join(HERE, "testdata", "config.json"), "w") as f:
        json.dump(CONFIG, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
