#!/usr/bin/env python3
"""Compare stores on H3 cells with the granules they were made from, by the packages h3 and numpy, and open them with xdggs.

usage: python check.py make FOLDER                                    three granules of points: a pentagon, a pole, the antimeridian
       python check.py check COMPACT FULLSPHERE PARENT CHILD GRANULE...   a store of each layout
"""
import collections
import pathlib
import json
import sys

import h3
import h5py
import numpy as np

PLACES = {"pentagon": (64.7, 10.536199), "pole": (89.9, 170.0), "antimeridian": (-77.0, 180.0)}


def make(path, lat, lon):
    """5,000 points within 60 km, a height each."""
    rng = np.random.default_rng(7)
    n = 5000
    d, az = 60 / 6371 * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    p = np.radians(lat)
    sin = np.sin(p) * np.cos(d) + np.cos(p) * np.sin(d) * np.cos(az)
    turn = np.arctan2(np.sin(az) * np.sin(d) * np.cos(p), np.cos(d) - np.sin(p) * sin)
    with h5py.File(path, "w") as f:
        g = f.create_group("points")
        g["latitude"] = np.degrees(np.arcsin(sin))
        g["longitude"] = (lon + np.degrees(turn) + 180) % 360 - 180
        g["height"] = np.round(100 * rng.random(n), 3).astype("f4")
        g["sigma"] = np.round(0.01 + rng.random(n), 3).astype("f4")


def observations(paths):
    """Heights and errors that pass the filters, with their places, in file order."""
    lat, lon, h, s = [], [], [], []
    for path in paths:
        with h5py.File(path) as f:
            if "points" in f:
                for out, name in zip((lat, lon, h, s), ("latitude", "longitude", "height", "sigma")):
                    out.append(f["points"][name][:])
                continue
            for beam in sorted(k for k in f if k.startswith("gt")):
                g = f[beam]["land_ice_segments"]
                height, sigma = g["h_li"], g["h_li_sigma"]
                keep = (g["atl06_quality_summary"][:] == 0) & (height[:] != height.fillvalue) & (sigma[:] != sigma.fillvalue)
                for out, d in zip((lat, lon, h, s), (g["latitude"], g["longitude"], height, sigma)):
                    out.append(d[:][keep])
    return map(np.concatenate, (lat, lon, h, s))


def expected(paths, child):
    """The variables of each cell."""
    cells = collections.defaultdict(list)
    for lat, lon, h, s in zip(*observations(paths)):
        cells[h3.str_to_int(h3.latlng_to_cell(lat, lon, child))].append((float(h), float(s)))
    out = {}
    for cell, rows in cells.items():
        h, s = np.array(rows).T
        w = 1 / s**2
        out[cell] = {"count": len(h), "h_mean": np.average(h, weights=w), "h_sigma": 1 / np.sqrt(w.sum()), "h_min": h.min(), "h_max": h.max(), "h_q50": np.quantile(h, 0.5)}
    return out


def check_rows(ds, parent, child):
    """Blocks are shards in the order of their keys, slots the digits below; void slots repeat the id of slot 0."""
    ids = ds["cell_ids"].values
    assert ids.dtype == np.uint64, ids.dtype
    size = 7 ** (child - parent)
    blocks = ids.reshape(-1, size)
    parents = []
    void = 0
    for block in blocks:
        shard = h3.cell_to_parent(h3.int_to_str(int(block[0])), parent)
        parents.append(h3.str_to_int(shard))
        children = iter(h3.cell_to_children(shard, child))
        for slot, cell in enumerate(block):
            digits = [slot // 7 ** (child - parent - 1 - k) % 7 for k in range(child - parent)]
            if h3.is_pentagon(shard) and next((d for d in digits if d), 0) == 1:
                assert cell == block[0], (shard, slot)
                void += 1
            else:
                assert h3.int_to_str(int(cell)) == next(children), (shard, slot)
        assert next(children, None) is None
    assert parents == sorted(set(parents))
    return void


def check_values(ds, want):
    """Every observed cell has its values, and no other has any."""
    ids = ds["cell_ids"].values
    count = ds["count"].values
    filled = np.flatnonzero(count > 0)
    assert set(ids[filled].tolist()) == set(want), (len(filled), len(want))
    for name in ("count", "h_mean", "h_sigma", "h_min", "h_max", "h_q50"):
        have = ds[name].values[filled]
        exact = np.array([want[int(c)][name] for c in ids[filled]])
        np.testing.assert_allclose(have, exact, rtol=2e-7, err_msg=name)
        rest = np.delete(ds[name].values, filled)
        assert (rest == 0).all() if name == "count" else np.isnan(rest).all(), name


def check_decoded(ds, child):
    """What xdggs makes of it."""
    info = ds.dggs.grid_info
    assert type(info).__name__ == "H3Info" and info.level == child, info
    centres = ds.dggs.cell_centers()
    some = np.flatnonzero(ds["count"].values > 0)[:50]
    for i in some:
        lat, lon = h3.cell_to_latlng(h3.int_to_str(int(ds["cell_ids"].values[i])))
        assert abs(centres["latitude"].values[i] - lat) < 1e-9 and abs(centres["longitude"].values[i] - lon) < 1e-9
    near = ds.dggs.sel_latlon(centres["latitude"].values[some], centres["longitude"].values[some])
    assert (near["count"].values == ds["count"].values[some]).all()


def compact(store, parent, child, want):
    import xarray
    import xdggs

    ds = xarray.open_zarr(store, group=str(child))
    void = check_rows(ds, parent, child)
    check_values(ds, want)
    decoded = ds.pipe(xdggs.decode)
    assert decoded.dggs.grid_info.level == child
    # The dggs convention of Zarr, whose objects are JSON text in the store.
    convention = ds.assign_attrs({k: json.loads(ds.attrs[k]) for k in ("dggs", "zarr_conventions")})
    assert convention.pipe(xdggs.decode, convention="zarr", name="cell_ids").dggs.grid_info.level == child
    if void:  # labels want a unique index: the first row of each id
        ds = ds.isel(cells=np.sort(np.unique(ds.cell_ids, return_index=True)[1]))
        assert len(ds.cell_ids) == len(decoded.cell_ids) - void
        check_values(ds, want)
        decoded = ds.pipe(xdggs.decode)
    check_decoded(decoded, child)
    return f"{len(decoded.cell_ids)} cells and {void} void slots"


def fullsphere(store, parent, child, want):
    """Blocks are selected first, then decoded."""
    import xarray
    import xdggs
    import zarr

    size = 7 ** (child - parent)
    assert zarr.open_array(store, path=f"{child}/count", mode="r").shape == (122 * 7**child,)
    shards = sorted({h3.cell_to_parent(h3.int_to_str(c), parent) for c in want})

    def block(shard):
        digits = [h3.str_to_int(shard) >> 3 * (15 - r) & 7 for r in range(1, parent + 1)]
        n = h3.get_base_cell_number(shard)
        for d in digits:
            n = 7 * n + d
        return n

    rows = np.concatenate([np.arange(size) + size * block(s) for s in shards])
    ds = xarray.open_zarr(store, group=str(child), chunks=None).isel(cells=rows)
    void = check_rows(ds, parent, child)
    check_values(ds, want)
    if not void:
        check_decoded(ds.pipe(xdggs.decode), child)
    return f"{len(rows)} of {122 * 7**child} rows"


def main():
    if sys.argv[1] == "make":
        for name, place in PLACES.items():
            make(pathlib.Path(sys.argv[2]) / f"{name}.h5", *place)
        return
    parent, child = map(int, sys.argv[4:6])
    want = expected(sys.argv[6:], child)
    print(f"compact: {compact(sys.argv[2], parent, child, want)}; fullsphere: {fullsphere(sys.argv[3], parent, child, want)}; "
          f"{len(want)} cells with data, as by h3 {h3.__version__}")


if __name__ == "__main__":
    main()
