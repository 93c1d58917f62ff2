#!/usr/bin/env python3
"""An independent computation of what a store must hold, by h5py, numpy and healpy, and its comparison with a store.

usage: python reference.py STORE CONFIG.json GRANULE.h5 [GRANULE.h5 ...]

CONFIG.json is the run's configuration as JSON (ATL06-like: quality_filter, scalar variables). Every granule is read whole, binned by
healpy on authalic latitude, and reduced by numpy cell by cell in float64, each variable without the observations in which one of its
own inputs is missing (mask_fill: inputs, the default; row, true and false are known too). The store's cells must be the same set; counts, minima, maxima
and quantiles equal after the cast to the stored type; means within 1e-6 relative, variances within 1e-5, NaN and infinities in the
same places. Prints one line and exits 0, or lists differences and exits 1.
"""
import ast
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
    """Values, and where there is none: the product's fill value, or NaN."""
    v = dataset[:]
    missing = np.isnan(v)
    for name in ("_FillValue", "missing_value"):
        for fill in np.asarray(dataset.attrs.get(name, [])).reshape(-1):
            missing |= v == fill
    return v, missing


def vectors(lon, lat):
    lat, lon = authalic(lat), np.radians(lon)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def selected(select, lon, lat, times):
    """Which observations are in the box, the convex counter-clockwise ring of great circles, and the span of time."""
    keep = np.ones(len(lat), bool)
    if "bbox" in select:
        west, south, east, north = select["bbox"]
        keep &= (lat >= south) & (lat <= north) & (((lon >= west) & (lon <= east)) if west <= east else ((lon >= west) | (lon <= east)))
    if "polygon" in select:
        ring = np.array(select["polygon"]["coordinates"][0][0])
        corners = vectors(ring[:, 0], ring[:, 1])
        points = vectors(lon, lat)
        for a, b in zip(corners[:-1], corners[1:]):
            keep &= points @ np.cross(a, b) >= 0
    # No second was inserted since the product's epoch.
    for name, before in (("start", False), ("end", True)):
        if name in select:
            bound = (np.datetime64(select[name].rstrip("Z")) - np.datetime64("2018-01-01")) / np.timedelta64(1, "s")
            v, missing = masked(times)
            keep &= ~missing & ((v < bound) if before else (v >= bound))
    return keep


def observations(config, paths):
    source = dict(ATL06, **config["data_source"])
    mask = source.get("mask_fill", "inputs")
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
                if source.get("select"):
                    times = dataset(source["coordinates"]["latitude"].replace("latitude", "delta_time"))
                    keep &= selected(source["select"], lon, lat, times)
                columns, absent = [], []
                for name in names:
                    v, missing = masked(dataset(source["variables"][name]))
                    if mask in (True, "row"):
                        keep &= ~missing
                    columns.append(v)
                    absent.append(missing if mask == "inputs" else np.zeros(len(v), bool))
                parts.append([lat[keep], lon[keep]] + [c[keep] for c in columns + absent])
    merged = [np.concatenate(c) for c in zip(*parts)]
    n = 2 + len(names)
    return merged[0], merged[1], dict(zip(names, merged[2:n])), dict(zip(names, merged[n:]))


def inputs(variable, names):
    """The columns that a variable takes."""
    texts = [variable.get("source"), variable.get("expression")] + [p for p in variable.get("params", {}).values() if isinstance(p, str)]
    named = {node.id for text in texts if text for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    return [n for n in names if n in named]


def reduce(variable, rows):
    scope = dict(rows, np=np, len=len)
    counts = variable.get("function", "") in ("len", "count")
    if "source" in variable and len(rows[variable["source"]]) == 0:
        return 0 if counts else np.nan
    if "expression" in variable:
        if any(len(v) == 0 for v in rows.values()):
            return np.nan
        return eval(variable["expression"], {"__builtins__": {}}, scope)
    name = variable["function"].removeprefix("np.").removeprefix("numpy.")
    x = rows[variable["source"]]
    if counts:
        return len(x)
    params = {k: eval(v, {"__builtins__": {}}, scope) if isinstance(v, str) else v for k, v in variable.get("params", {}).items()}
    return getattr(np, name)(x, **params)


def compare(config, store, paths):
    orders = config["output"]["grid"]
    lat, lon, rows, absent = observations(config, paths)
    cell = healpy.ang2pix(2 ** orders["child_order"], np.pi / 2 - authalic(lat), np.radians(lon % 360), nest=True)
    order = np.argsort(cell, kind="stable")
    cells, starts = np.unique(cell[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    group = zarr.open_group(store, mode="r")[str(orders["child_order"])]
    ids = group["cell_ids"][:]
    count = group["count"][:]
    counted = inputs(config["aggregation"]["variables"]["count"], rows)
    valid = ~np.any([absent[n] for n in counted], axis=0)[order] if counted else np.ones(len(order), bool)
    expected = cells[np.add.reduceat(valid.astype(int), starts) > 0]
    have = ids[count > 0]
    problems, left = [], {}
    if set(have.tolist()) != set(expected.tolist()) or len(have) != len(expected):
        problems.append(f"cells: {len(have)} in the store, {len(expected)} expected")
        return problems, 0, 0, left
    place = {int(c): i for i, c in enumerate(ids)}
    where = np.array([place[int(c)] for c in cells])
    for name, variable in config["aggregation"]["variables"].items():
        got = group[name][:][where]
        taken = inputs(variable, rows)
        lacking = np.any([absent[n] for n in taken], axis=0) if taken else np.zeros(len(order), bool)
        if lacking.any():
            left[name] = int(lacking.sum())
        with np.errstate(all="ignore"):
            want = np.array([reduce(variable, {k: v[order[a:b]][~lacking[order[a:b]]].astype("f8" if v.dtype.kind == "f" else v.dtype) for k, v in rows.items()})
                             for a, b in zip(starts, ends)]).astype(got.dtype)
        exact = variable.get("function", "") in ("len", "count", "min", "max", "quantile")
        tolerance = 0 if exact else 1e-5 if variable.get("function") == "var" else 1e-6
        same = (got == want) | (np.isnan(got.astype("f8")) & np.isnan(want.astype("f8")))
        with np.errstate(all="ignore"):
            same |= np.abs(got.astype("f8") - want) <= tolerance * np.abs(want.astype("f8"))
        if not same.all():
            i = int(np.flatnonzero(~same)[0])
            problems.append(f"{name}: {np.count_nonzero(~same)} of {len(cells)} cells differ, first cell {cells[i]}: {got[i]!r}, expected {want[i]!r}")
    return problems, len(cells), len(cell), left


def main():
    store, config = sys.argv[1], json.load(open(sys.argv[2]))
    problems, cells, rows, left = compare(config, store, sys.argv[3:])
    for p in problems:
        print(p)
    if problems:
        sys.exit(1)
    print(f"same: {cells} cells, {rows} observations, {len(config['aggregation']['variables'])} variables" + "".join(f"; {n} left out {k}" for n, k in left.items()))


if __name__ == "__main__":
    main()
