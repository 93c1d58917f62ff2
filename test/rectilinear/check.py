#!/usr/bin/env python3
"""Hold rectilinear grids and stores against pyproj, numpy, xarray and rioxarray.

usage: python check.py points FILE           lines "code lon lat x y": the way to the plane
       python check.py cells FILE            lines "code x y lon lat": the way back
       python check.py descriptions FILE     JSON [{code, wkt, mapping}]: well-known texts and CF grid mappings
       python check.py areas FILE            JSON [{code, ring, km2}]: areas of shards
       python check.py store STORE GRANULE…  a store of the shipped configuration atl06_polar
       python check.py open (STORE CODE)…    what rioxarray knows of stores
"""
import json
import sys

import numpy as np
import pyproj


def table(path):
    rows = np.loadtxt(path, ndmin=2)
    for code in np.unique(rows[:, 0]):
        yield int(code), rows[rows[:, 0] == code][:, 1:].T, pyproj.Transformer.from_crs(4326, int(code), always_xy=True)


def points(path):
    for code, (lon, lat, x, y), to in table(path):
        px, py = to.transform(lon, lat)
        off = np.hypot(px - x, py - y).max()
        assert off < 1e-6, (code, off)
        print(f"EPSG:{code}: {len(x)} points within {off:.1e} of PROJ's")


def cells(path):
    for code, (x, y, lon, lat), to in table(path):
        plon, plat = to.transform(x, y, direction="INVERSE")
        east = np.abs((plon - lon + 180) % 360 - 180) * np.cos(np.radians(lat))
        off = max(east.max(), np.abs(plat - lat).max())
        # PROJ's polar stereographic ends its iteration 4e-11 degrees from the end: its own way there and back is as far off.
        plon, plat = to.transform(*to.transform(lon, lat), direction="INVERSE")
        own = np.abs(plat - lat).max()
        assert off < max(1e-11, 1.1 * own) < 5e-11, (code, off, own)
        # There and back, first here and then in PROJ, whose way there is exact.
        bx, by = to.transform(lon, lat)
        back = np.hypot(bx - x, by - y).max() / 111e3
        assert back < 1e-11, (code, back)
        print(f"EPSG:{code}: {len(x)} places within {off:.1e}° of PROJ's, {back:.1e}° by PROJ's way back; its own are off by {own:.1e}°")


def descriptions(path):
    with open(path) as f:
        all = json.load(f)
    for d in all:
        ours, theirs = pyproj.CRS.from_wkt(d["wkt"]), pyproj.CRS.from_epsg(d["code"])
        assert ours == theirs and ours.to_epsg(min_confidence=100) == d["code"], d["code"]
        # The parameters alone, without the identifier, mean the same.
        end = f',ID["EPSG",{d["code"]}]]'
        assert d["wkt"].endswith(end)
        bare = pyproj.CRS.from_wkt(d["wkt"].removesuffix(end) + "]")
        assert bare == theirs, d["code"]
        assert ours.name == theirs.name and [a.direction for a in ours.axis_info] == [a.direction for a in theirs.axis_info]
        for key, value in theirs.to_cf().items():
            if key in ("crs_wkt", "horizontal_datum_name", "semi_minor_axis"):
                continue
            assert d["mapping"][key] == value, (d["code"], key, value, d["mapping"].get(key))
        plain = {k: v for k, v in d["mapping"].items() if k not in ("crs_wkt", "spatial_ref", "GeoTransform")}
        assert pyproj.CRS.from_cf(plain).to_cf()["grid_mapping_name"] == d["mapping"]["grid_mapping_name"]
    print(f"{len(all)} systems described as PROJ knows them")


def areas(path):
    geod = pyproj.Geod(ellps="WGS84")
    with open(path) as f:
        for d in json.load(f):
            lon, lat = np.array(d["ring"]).T
            km2 = abs(geod.polygon_area_perimeter(lon, lat)[0]) / 1e6
            assert abs(d["km2"] / km2 - 1) < 1e-3, (d["code"], d["km2"], km2)


def observations(path):
    """Latitude, longitude, height and its error of the good segments of a granule."""
    import h5py

    with h5py.File(path) as f:
        for beam in ("gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"):
            if f"{beam}/land_ice_segments/h_li" not in f:
                continue
            g = f[f"{beam}/land_ice_segments"]
            good = g["atl06_quality_summary"][:] == 0
            for name in ("h_li", "h_li_sigma"):
                values, fill = g[name][:], g[name].attrs.get("_FillValue")
                good &= ~np.isnan(values)
                if fill is not None:
                    good &= values != np.ravel(fill)[0]
            yield [g[n][:][good].astype("f8") for n in ("latitude", "longitude", "h_li", "h_li_sigma")]


def store(path, *granules):
    import xarray

    lat, lon, h, s = (np.concatenate(c) for c in zip(*(o for g in granules for o in observations(g))))
    x, y = pyproj.Transformer.from_crs(4326, 3031, always_xy=True).transform(lon, lat)
    size, edge, n = 5000, 3_200_000, 1280
    cell = ((edge - y) // size * n + (x + edge) // size).astype(int)
    want = {k: np.full(n * n, np.nan) for k in ("h_min", "h_max", "h_mean", "h_sigma", "h_variance")} | {"count": np.zeros(n * n)}
    for c in np.unique(cell):
        v, w = h[cell == c], 1 / s[cell == c] ** 2
        one = {"count": len(v), "h_min": v.min(), "h_max": v.max(), "h_mean": np.average(v, weights=w), "h_sigma": 1 / np.sqrt(w.sum()), "h_variance": v.var()}
        for k, value in one.items():
            want[k][c] = value
    ds = xarray.open_zarr(path, group="rectilinear")
    for k, value in want.items():
        got = ds[k].values.ravel()
        if k in ("count", "h_min", "h_max"):
            np.testing.assert_array_equal(got, value.astype(got.dtype), k)
        else:
            np.testing.assert_allclose(got, value, rtol=3e-7, atol=1e-9, err_msg=k)
    # Selecting by the coordinates finds the cell in which an observation lies.
    i = len(x) // 2
    near = ds.sel(x=x[i], y=y[i], method="nearest")
    assert int(near["count"]) == want["count"][cell[i]] > 0
    print(f"{len(h)} observations in {int((want['count'] > 0).sum())} cells: as computed with pyproj and numpy")


def open_stores(*pairs):
    for path, code in zip(pairs[::2], pairs[1::2]):
        open_store(path, code)


def open_store(path, code):
    import rioxarray  # noqa: F401
    import xarray

    ds = xarray.open_zarr(path, group="rectilinear")
    assert set(ds.coords) == {"x", "y", "spatial_ref"}, ds.coords
    name = next(iter(ds.data_vars))
    assert ds.rio.crs.to_epsg() == ds[name].rio.crs.to_epsg() == int(code), ds.rio.crs
    assert pyproj.CRS.from_wkt(ds.rio.crs.to_wkt()) == pyproj.CRS.from_epsg(int(code))
    assert (ds.rio.x_dim, ds.rio.y_dim) == ("x", "y")
    rx, ry = ds.attrs["resolution"]
    assert ds[name].rio.resolution() == (rx, -ry)
    np.testing.assert_allclose(ds[name].rio.bounds(), ds.attrs["bounds"], rtol=1e-12)
    assert ds[name].rio.transform().almost_equals(ds[name].rio.transform(recalc=True), 1e-6)
    all = xarray.open_zarr(path, group="rectilinear", decode_coords="all")
    assert all.rio.crs.to_epsg() == int(code) and "spatial_ref" in all.coords
    # What rioxarray is there for: a window, in the store's projection and in another.
    window = ds[name].isel(x=slice(0, 64), y=slice(0, 64)).rio.write_nodata(np.nan if ds[name].dtype.kind == "f" else 0)
    assert window.rio.clip_box(*window.rio.bounds()).shape == window.shape
    if int(code) != 4326:
        assert window.astype("f4").rio.reproject("EPSG:4326").rio.crs.to_epsg() == 4326
    print(f"EPSG:{code} as rioxarray sees it: {ds[name].rio.bounds()}")


if __name__ == "__main__":
    {"points": points, "cells": cells, "descriptions": descriptions, "areas": areas, "store": store, "open": open_stores}[sys.argv[1]](*sys.argv[2:])
