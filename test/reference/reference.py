#!/usr/bin/env python3
"""An independent computation of what a store must hold, by h5py, numpy and healpy, and its comparison with a store.

usage: python reference.py STORE CONFIG.json GRANULE.h5 [GRANULE.h5 ...]

CONFIG.json is the run's configuration as JSON (ATL06-like: quality_filter, scalar variables). Every granule is read whole, binned by
healpy on authalic latitude, and reduced by numpy cell by cell in float64. The store's cells must be the same set; counts, minima, maxima
and quantiles equal after the cast to the stored type; means within 1e-6 relative, variances within 1e-5, NaN and infinities in the
same places. Prints one line and exits 0, or lists differences and exits 1.
"""
import json
import sys

import h5py
import healpy
import numpy as np
import zarr

F = 1 / 298.257223563


# Where the product keeps things, for configurations that leave it to the reader.
ATL06 = {
    "groups": ["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"],
    "coordinates": {"latitude": "/{group}/land_ice_segments/latitude", "longitude": "/{group}/land_ice_segments/longitude"},
}


def authalic(lat):
    """Geodetic WGS84 latitude in degrees to authalic latitude in radians, by the closed form (Snyder 1987, eq. 3-11, 3-12)."""
    e2 = F * (2 - F)
    e = np.sqrt(e2)

    def q(s):
        return (1 - e2) * (s / (1 - e2 * s * s) + np.arctanh(e * s) / e)

    return np.arcsin(np.clip(q(np.sin(np.radians(lat))) / q(1.0), -1, 1))


def masked(dataset):
    """Values, and where they are the product's fill value."""
    v = dataset[:]
    fill = dataset.attrs.get("_FillValue")
    return v, np.zeros(len(v), bool) if fill is None else v == np.asarray(fill).reshape(-1)[0]


def observations(config, paths):
    source = dict(ATL06, **config["data_source"])
    names = list(source["variables"])
    parts = []
    for path in paths:
        with h5py.File(path) as f:
            for group in source["groups"]:
                def dataset(template):
                    return f.get(template.replace("{group}", group))
                lat = dataset(source["coordinates"]["latitude"])
                if lat is None or lat.shape[0] == 0:
                    continue
                lat, lon = lat[:], dataset(source["coordinates"]["longitude"])[:]
                keep = np.isfinite(lat) & np.isfinite(lon) & (np.abs(lat) <= 90)
                quality = source.get("quality_filter")
                if quality:
                    keep &= dataset(quality["dataset"])[:] == quality["value"]
                columns = []
                for name in names:
                    v, fill = masked(dataset(source["variables"][name]))
                    if source.get("mask_fill", True):
                        keep &= ~fill & ~np.isnan(v)
                    columns.append(v)
                parts.append([lat[keep], lon[keep]] + [c[keep] for c in columns])
    merged = [np.concatenate(c) for c in zip(*parts)]
    return merged[0], merged[1], dict(zip(names, merged[2:]))


def reduce(variable, rows):
    scope = dict(rows, np=np, len=len)
    if "expression" in variable:
        return eval(variable["expression"], {"__builtins__": {}}, scope)
    name = variable["function"].removeprefix("np.").removeprefix("numpy.")
    x = rows[variable["source"]]
    if name in ("len", "count"):
        return len(x)
    params = {k: eval(v, {"__builtins__": {}}, scope) if isinstance(v, str) else v for k, v in variable.get("params", {}).items()}
    return getattr(np, name)(x, **params)


def compare(config, store, paths):
    orders = config["output"]["grid"]
    lat, lon, rows = observations(config, paths)
    cell = healpy.ang2pix(2 ** orders["child_order"], np.pi / 2 - authalic(lat), np.radians(lon % 360), nest=True)
    order = np.argsort(cell, kind="stable")
    cells, starts = np.unique(cell[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    group = zarr.open_group(store, mode="r")[str(orders["child_order"])]
    ids = group["cell_ids"][:]
    count = group["count"][:]
    have = ids[count > 0]
    problems = []
    if set(have.tolist()) != set(cells.tolist()) or len(have) != len(cells):
        problems.append(f"cells: {len(have)} in the store, {len(cells)} expected")
        return problems, 0, 0
    place = {int(c): i for i, c in enumerate(ids) if count[i] > 0}
    where = np.array([place[int(c)] for c in cells])
    for name, variable in config["aggregation"]["variables"].items():
        got = group[name][:][where]
        with np.errstate(all="ignore"):
            want = np.array([reduce(variable, {k: (v[order[a:b]].astype("f8") if v.dtype.kind == "f" else v[order[a:b]]) for k, v in rows.items()})
                             for a, b in zip(starts, ends)]).astype(got.dtype)
        exact = variable.get("function", "") in ("len", "count", "min", "max", "quantile")
        tolerance = 0 if exact else 1e-5 if variable.get("function") == "var" else 1e-6
        same = (got == want) | (np.isnan(got.astype("f8")) & np.isnan(want.astype("f8")))
        with np.errstate(all="ignore"):
            same |= np.abs(got.astype("f8") - want) <= tolerance * np.abs(want.astype("f8"))
        if not same.all():
            i = int(np.flatnonzero(~same)[0])
            problems.append(f"{name}: {np.count_nonzero(~same)} of {len(cells)} cells differ, first cell {cells[i]}: {got[i]!r}, expected {want[i]!r}")
    return problems, len(cells), len(cell)


def main():
    store, config = sys.argv[1], json.load(open(sys.argv[2]))
    problems, cells, rows = compare(config, store, sys.argv[3:])
    for p in problems:
        print(p)
    if problems:
        sys.exit(1)
    print(f"same: {cells} cells, {rows} observations, {len(config['aggregation']['variables'])} variables")


if __name__ == "__main__":
    main()
