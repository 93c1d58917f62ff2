"""Photons made up at random, and what a naive computation makes of them.

other_photons.py make FOLDER SEED      writes granules and config.yaml
other_photons.py check FOLDER STORE…   compares stores of these with h5py, numpy and healpy, cell by cell

Granules have beams that are missing, empty or without a photon in any segment, segments without photons, photons of no segment, beginnings
counted from another base, coordinates and heights that are NaN, infinite or 3.4e38, tracks along borders of shards, over the pole's side and
over the antimeridian. Configurations have plans, filters, masks, histograms, strata, deltas, chunks and orders at random."""

import json
import pathlib
import sys

import h5py
import healpy
import numpy as np
import zarr

from photons_reference import authalic, check_digest

FILL = np.float32(3.4028235e38)
BEAMS = ["gt1l", "gt1r", "gt2l"]


def beam(g, r, lat0, lon0, base, odd):
    """Segments of 20 m along a track, and their photons."""
    n = int(r.integers(1, 90))
    heading = r.choice([0.0, np.pi / 2, r.uniform(0, 2 * np.pi)])
    along = (np.arange(n) - n / 2 + r.uniform(-20, 20)) * 20.0
    count = r.poisson(r.choice([2, 20, 60]), n) * (r.random(n) > 0.2) * (odd != "no photon in a segment")
    loose = [int(r.integers(0, 9)) if r.random() < 0.5 else 0 for _ in range(3)]  # photons of no segment: before, amid, after
    amid = int(r.integers(0, n))
    begin, at, place = np.zeros(n, np.int64), loose[0], [np.full(loose[0], along[0] - 10)]
    for i in range(n):
        if i == amid:
            at += loose[1]
            place.append(np.full(loose[1], along[i] - 10))
        if count[i]:
            begin[i] = at + base
        place.append(np.sort(along[i] + r.uniform(-10, 10, count[i])))
        at += count[i]
    x = np.concatenate([*place, np.full(loose[2], along[-1] + 10)])
    if odd == "empty":
        x, count, begin = x[:0], count[:0], begin[:0]
        along = along[:0]
    across = r.normal(0, 3, len(x))
    where = lambda a, c: (lat0 + np.degrees((a * np.cos(heading) - c * np.sin(heading)) / 6371e3),
                          (lon0 + np.degrees((a * np.sin(heading) + c * np.cos(heading)) / 6371e3) / np.cos(np.radians(lat0)) + 180) % 360 - 180)
    lat, lon = where(x, across)
    slat, slon = where(along, np.zeros(len(along)))
    h = (1500 + r.normal(0, r.choice([0.3, 20]), len(x))).astype("f4")
    if r.random() < 0.5:
        h = np.round(h * 4) / 4
    for values, rows in ((h, 0.02), (lat, 0.01), (lon, 0.01), (slat, 0.05)):
        bad = r.random(len(values)) < (rows if odd == "odd values" else 0)
        values[bad] = r.choice([np.nan, 3.4028235e38, np.inf, -np.inf] if values is h else [np.nan, 3.4028235e38], bad.sum())
    conf = r.integers(-2, 5, (len(x), 5)).astype("i1")
    dem = (1480 + r.normal(0, 5, len(along))).astype("f4")
    if odd == "odd values":
        dem[r.random(len(dem)) < 0.1] = FILL
    chunks = int(r.choice([7, 50, 1000]))
    for name, v in {"heights/lat_ph": lat, "heights/lon_ph": lon, "heights/h_ph": h, "heights/signal_conf_ph": conf, "geolocation/ph_index_beg": begin,
                    "geolocation/segment_ph_cnt": count.astype("i4"), "geolocation/reference_photon_lat": slat, "geolocation/reference_photon_lon": slon,
                    "geolocation/segment_id": np.arange(len(along), dtype="i4") + 560000, "geophys_corr/dem_h": dem}.items():
        d = g.create_dataset(name, data=v, chunks=(min(chunks, max(len(v), 1)), *v.shape[1:]), maxshape=(None, *v.shape[1:]), compression="gzip")
        if name in ("heights/h_ph", "geophys_corr/dem_h"):
            d.attrs["_FillValue"] = FILL


def make(folder, r):
    base = int(r.choice([0, 1, 1, 1000]))
    lat0, lon0 = ((38.5, -119.5), (-87.9, 30.0), (71.0, 180.0), (0.0, 0.0), (83.0, -179.9995))[r.integers(5)]
    for i in range(int(r.integers(1, 4))):
        with h5py.File(folder / f"ATL03_2024110{i + 1}001500_0707251{i + 1}_007_01.h5", "w") as f:
            for name in BEAMS:
                odd = r.choice(["", "", "odd values", "odd values", "missing", "empty", "no photon in a segment"])
                if odd != "missing":
                    beam(f.create_group(name), r, lat0 + r.uniform(-1, 1) * 0.004, lon0, base, odd)
    parent = int(r.integers(12, 16))
    child = parent + int(r.integers(2, 5))
    plan = r.choice([0, 1, 2, 2])
    filters = [{"dataset": "/{group}/heights/signal_conf_ph", "column": int(r.integers(5)), "op": "ne", "value": -2}]
    if r.random() < 0.4:
        filters.append({"level": "segments", "dataset": "/{group}/geolocation/segment_ph_cnt", "op": "ge", "value": int(r.integers(1, 30))})
    if r.random() < 0.4:
        filters.append({"expression": "(h_ph - dem_h) < 30"})
    digest = {"kind": "ragged", "function": "tdigest", "source": "h_ph", "inner_shape": [2]}
    bins, half = int(r.integers(1, 200)), float(r.uniform(1, 80))
    config = {
        "data_source": {
            "reader": "hdf5", "mask_fill": bool(r.random() < 0.5) and "inputs", "groups": BEAMS,
            "coordinates": {"latitude": "/{group}/heights/lat_ph", "longitude": "/{group}/heights/lon_ph"},
            "variables": {"h_ph": "/{group}/heights/h_ph", "conf": {"path": "/{group}/heights/signal_conf_ph", "column": 0}},
            "filters": filters, "base_level": "photons",
            "levels": {
                "photons": {"path": "/{group}/heights"},
                "segments": {"path": "/{group}/geolocation", "coordinates": {"latitude": "reference_photon_lat", "longitude": "reference_photon_lon"},
                             "variables": {"dem_h": "/{group}/geophys_corr/dem_h", "segment_id": "/{group}/geolocation/segment_id"},
                             "link": {"to": "photons", "index_beg": "/{group}/geolocation/ph_index_beg", "count": "/{group}/geolocation/segment_ph_cnt", "index_base": base}}},
            "read_plan": [{"spatial_index": None}, {}, {"spatial_index": "segments", "pad": int(r.choice([0, 1, 3])), "full_read_threshold": float(r.choice([0, 0.3, 1]))}][plan]},
        "aggregation": {"variables": {
            "count": {"function": "len", "dtype": "int32"},
            **{f"h_{f}": {"function": f, "source": "h_ph"} for f in ("min", "max", "mean", "median", "sum", "nanmax")},
            "n_h": {"function": "count", "source": "h_ph", "dtype": "int32"},
            "dem_min": {"function": "min", "source": "dem_h"},
            "seg_max": {"function": "max", "source": "segment_id", "dtype": "int32", "fill_value": 0},
            "bars": {"kind": "vector", "trailing_shape": bins, "dtype": "int32", "fill_value": 0, "expression": f"np.histogram(h_ph - np.median(h_ph), {bins}, ({-half}, {half}))[0]"},
            "rows": {"kind": "ragged", "inner_shape": [2], "expression": "np.column_stack((h_ph, conf))[h_ph > np.median(h_ph)]"},
            "list": {"kind": "ragged", "inner_shape": [1], "dtype": "int32", "expression": "segment_id[:5]"},
            "digest": {**digest, "params": {"delta": int(r.choice([16, 64, 512, 8192]))}},
            "signal": {**digest, "params": {"delta": 32, "where": "conf >= 2"}},
            "chunk_max": {"function": "max", "source": "h_ph", "resolution": "chunk"},
            "chunk_rows": {"kind": "ragged", "inner_shape": 1, "expression": "h_ph[h_ph > 1510]", "dtype": "float64", "resolution": "chunk"}}},
        "output": {"grid": {"type": "healpix", "parent_order": parent, "child_order": child, "chunk_inner": int(r.integers(parent, child + 1)), "sharded": True, "layout": "compact"}}}
    (folder / "config.yaml").write_text(json.dumps(config))


def photons(folder, config):
    """Columns of the photons that have a place and pass the filters, in the order of granules, beams and rows."""
    data, parts = config["data_source"], []
    base = data["levels"]["segments"]["link"]["index_base"]
    for path in sorted(folder.glob("*.h5")):
        with h5py.File(path) as f:
            for name in (b for b in BEAMS if b in f):
                get = lambda n: f[name][n][:]
                lat, lon, h, conf = get("heights/lat_ph"), get("heights/lon_ph"), get("heights/h_ph"), get("heights/signal_conf_ph")
                dem, segment, owned = np.full(len(h), np.nan), np.full(len(h), -1, np.int64), np.full(len(h), -1)
                begin, count, heights, ids = get("geolocation/ph_index_beg"), get("geolocation/segment_ph_cnt"), get("geophys_corr/dem_h"), get("geolocation/segment_id")
                for i in range(len(begin)):
                    for row in range(begin[i] - base, begin[i] - base + count[i]) if count[i] else ():
                        dem[row], segment[row], owned[row] = heights[i], ids[i], count[i]
                if data["mask_fill"]:
                    h, dem = np.where(h == FILL, np.float32(np.nan), h), np.where(dem == FILL, np.nan, dem)
                keep = (np.abs(lat) <= 90) & (np.abs(lon) <= 361)
                for c in data["filters"]:
                    if "expression" in c:
                        keep &= h.astype(float) - dem < 30
                    else:
                        keep &= owned >= c["value"] if "level" in c else conf[:, c["column"]] != -2
                parts.append([v[keep] for v in (lat, lon, h, dem, segment, conf[:, 0])])
    return [np.concatenate(c) for c in zip(*parts)]


def values(h, dem, segment, conf, config):
    """What a cell has of its photons, by array; None: nothing."""
    inputs, v = bool(config["data_source"]["mask_fill"]), config["aggregation"]["variables"]
    have = h[~np.isnan(h)] if inputs else h
    known, owned = (dem[~np.isnan(dem)] if inputs else dem), segment[segment >= 0]
    bins, (low, high) = v["bars"]["trailing_shape"], [float(x) for x in v["bars"]["expression"].split("(")[-1].split(")")[0].split(",")]
    out = {"count": len(h), "n_h": len(have), "list": owned[:5], "seg_max": owned.max() if len(owned) else None, "dem_min": known.min() if len(known) else None}
    if len(have):
        middle = np.median(have)
        shifted = have.astype(float) - float(middle)
        pairs = np.column_stack((have, conf[~np.isnan(h)] if inputs else conf))
        out |= {"h_min": have.min(), "h_max": have.max(), "h_mean": have.astype(float).mean(), "h_median": middle, "h_sum": have.astype(float).sum(), "h_nanmax": np.nanmax(have) if (~np.isnan(have)).any() else np.nan,
                "bars": np.histogram(shifted[np.isfinite(shifted)], bins, (low, high))[0], "rows": pairs[have > middle]}
    return out


def cell(group, i, want, ids):
    for name, w in want.items():
        a = group[name][i]
        if isinstance(a, bytes):
            e = group_attrs[name]["element"]
            a = np.frombuffer(a, e["dtype"]).reshape(e["shape"])
            assert np.array_equal(a, np.asarray(w).astype(a.dtype).reshape(a.shape), equal_nan=True), (name, ids[i], a[:4], w[:4])
        elif w is None:
            assert np.isnan(a) if a.dtype.kind == "f" else a == 0, (name, ids[i], a)
        elif name in ("h_mean", "h_sum"):
            assert np.allclose(a, np.float32(w), rtol=1e-6, equal_nan=True), (name, ids[i], a, w)
        else:
            assert np.array_equal(a, np.asarray(w).astype(a.dtype), equal_nan=a.dtype.kind == "f"), (name, ids[i], a, w)


def check(folder, store):
    config = json.loads((folder / "config.yaml").read_text())
    grid, variables = config["output"]["grid"], config["aggregation"]["variables"]
    lat, lon, *columns = photons(folder, config)
    root = zarr.open(store, mode="r")
    for name in root.group_keys():
        order = int(name)
        group = {n: a[:] for n, a in root[name].arrays() if a.ndim}
        group_attrs.clear()
        group_attrs.update({n: a.attrs["ragged"] for n, a in root[name].arrays() if "ragged" in a.attrs})
        ids = group["cell_ids"]
        place = {int(c): i for i, c in enumerate(ids)}
        at = healpy.ang2pix(1 << order, np.pi / 2 - authalic(lat), np.radians(lon % 360), nest=True)
        finest = order == grid["child_order"]
        seen = set()
        for c in np.unique(at):
            mine, i = at == c, place[int(c)]
            seen.add(i)
            h, dem, segment, conf = [v[mine] for v in columns]
            want = values(h, dem, segment, conf, config)
            cell(group, i, {n: w for n, w in want.items() if n in group and (finest or not np.isnan([h, dem]).any() or config["data_source"]["mask_fill"])}, ids)
            if finest:
                for name_, keep in (("digest", np.isfinite(h)), ("signal", np.isfinite(h) & (conf >= 2))):
                    check_digest(name_, group[name_][i], h[keep], variables[name_]["params"]["delta"] if keep.sum() > 16 else 1e9)
        others = np.delete(np.arange(len(ids)), sorted(seen))
        assert not group["count"][others].any(), "photons in cells without any"
        if finest:
            chunk = 4 ** (order - grid["chunk_inner"])
            for c in np.unique(at // chunk):
                h = columns[0][at // chunk == c][np.argsort(at[at // chunk == c], kind="stable")]
                have, k = (h[~np.isnan(h)] if config["data_source"]["mask_fill"] else h), place[int(c * chunk)] // chunk
                assert np.array_equal(group["chunk_max"][k], have.max() if len(have) else np.float32(np.nan), equal_nan=True), ("chunk_max", c)
                assert np.array_equal(np.frombuffer(group["chunk_rows"][k] or b"", "<f8"), have[have > 1510].astype(float)), ("chunk_rows", c)
    return len(seen)


group_attrs = {}

if __name__ == "__main__":
    np.seterr(all="ignore")
    verb, folder, *rest = sys.argv[1:]
    if verb == "make":
        make(pathlib.Path(folder), np.random.default_rng(int(rest[0])))
    else:
        for store in rest:
            try:
                print(check(pathlib.Path(folder), store), "cells")
            except AssertionError as e:
                raise AssertionError(store, *e.args) from e
