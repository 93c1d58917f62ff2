#!/usr/bin/env python3
"""Read exported files with the tools they are for and compare them with the store as zarr-python reads it.

usage: python check.py (GRID STORE GROUP FOLDER)…     FOLDER has cells.parquet, cells.geo.parquet, cells.csv, cells.nc, for rows and columns h_mean.tif, count.tif, h_q.tif
"""
import math
import pathlib
import sys

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import rasterio
import xarray
import zarr

COLUMNS = ["count", "h_mean", "h_q_0", "h_q_1", "h_q_2"]


def stored(store, group):
    """The cells that hold something, by variable, in the order of the arrays."""
    root = zarr.open_group(store, mode="r")[group]
    count, mean, q = root["count"][:].ravel(), root["h_mean"][:].ravel(), root["h_q"][:].reshape(-1, 3)
    have = (count > 0) | np.isfinite(mean)
    out = {"count": count[have], "h_mean": mean[have]} | {f"h_q_{k}": q[have, k] for k in range(3)}
    if "cell_ids" in root:
        out["cell_ids"] = root["cell_ids"][:][have]
    return pd.DataFrame(out)


def same(frame, want):
    assert len(frame) == len(want) > 100, (len(frame), len(want))
    by = ["cell_ids"] if "cell_ids" in want else COLUMNS
    frame, want = frame.sort_values(by).reset_index(), want.sort_values(by).reset_index()
    for c in want.columns.drop("index"):
        np.testing.assert_array_equal(frame[c].to_numpy(dtype=want[c].dtype), want[c].to_numpy(), c)


def netcdf(grid, want, geo, path):
    """The classic format with 64-bit sizes, by CF: xarray takes the dimensions, coordinates and fill values as they are."""
    with xarray.open_dataset(path, engine="netcdf4") as ds:
        frame = pd.DataFrame({c: ds[c].to_numpy() for c in ds.variables if ds[c].dims == ("cell",)})
        own = next(d for d in ds["h_q"].dims if d != "cell")
        for k in range(3):
            frame[f"h_q_{k}"] = ds["h_q"].isel({own: k}).to_numpy()
        same(frame, want)
        assert ds.attrs["Conventions"].startswith("CF-") and ds["h_mean"].attrs["units"] == "m" and ds["h_mean"].attrs["grid_mapping"] == "wgs84"
        assert ds["h_mean"].encoding["coordinates"] == "lat lon" and ds["lon"].attrs["bounds"] == "lon_bounds"
        np.testing.assert_array_equal(np.sort(ds["lon"]), np.sort(geo.lon))
        lon, lat = ds["lon_bounds"].to_numpy(), ds["lat_bounds"].to_numpy()
        if not len(lon):
            return
        assert (abs(lon - ds["lon"].to_numpy()[:, None]) <= 180).all()
        assert (lat.min(1) < ds["lat"]).all() and (ds["lat"] < lat.max(1)).all()


def tables(grid, store, group, folder):
    want = stored(store, group)
    table = pq.read_table(folder / "cells.parquet")
    same(table.to_pandas(), want)
    assert b'"units"' in table.schema.metadata[b"zagg"]
    same(pd.read_csv(folder / "cells.csv", dtype={"h_mean": "f4", "h_q_0": "f4", "h_q_1": "f4", "h_q_2": "f4"}), want)
    geo = geopandas.read_parquet(folder / "cells.geo.parquet")
    same(geo, want)
    netcdf(grid, want, geo, folder / "cells.nc")
    assert geo.crs.to_string() == "OGC:CRS84" and geo.geometry.is_valid.all()
    whole = geo.geometry.geom_type == "Polygon"
    inside = geo.geometry.contains(geopandas.GeoSeries(geopandas.points_from_xy(geo.lon, geo.lat), index=geo.index, crs=geo.crs))
    assert inside[whole].all(), geo[whole & ~inside]
    near = geopandas.read_parquet(folder / "cells.geo.parquet", bbox=tuple(geo.total_bounds - [0, 0, (geo.total_bounds[2] - geo.total_bounds[0]) / 2, 0]))
    assert 0 < len(near) < len(geo)
    if grid == "healpix":
        outlines(geo)
    try:
        import duckdb
    except ModuleNotFoundError:
        return
    (n, total), = duckdb.sql(f"select count(*), sum(\"count\") from read_parquet('{folder}/cells.geo.parquet') where geometry is not null").fetchall()
    assert (n, total) == (len(want), want["count"].sum())


def outlines(geo):
    """The corners are healpy's, on the ellipsoid's authalic latitudes."""
    import xdggs

    info = xdggs.HealpixInfo(level=10, indexing_scheme="nested", ellipsoid="WGS84")
    want = info.cell_boundaries(geo["cell_ids"].to_numpy())
    for mine, theirs in zip(geo.geometry, want):
        if mine.geom_type != "Polygon":
            continue
        a = {(round(math.remainder(x, 360), 8), round(y, 8)) for x, y in mine.exterior.coords}
        b = {(round(math.remainder(x, 360), 8), round(y, 8)) for x, y in theirs.exterior.coords}
        assert max(min(math.hypot(p[0] - q[0], p[1] - q[1]) for q in b) for p in a) < 1e-6, (a, b)


def pictures(store, group, folder):
    root = zarr.open_group(store, mode="r")[group]
    x, y = root["x"][:], root["y"][:]
    for name in ("h_mean", "count", "h_q"):
        with rasterio.open(folder / f"{name}.tif") as r:
            left, top = r.transform * (0.5, 0.5)
            i, j = np.abs(x - left).argmin(), np.abs(y - top).argmin()
            assert abs(x[i] - left) < 1e-6 and abs(y[j] - top) < 1e-6
            want = root[name][j:j + r.height, i:i + r.width]
            got = np.moveaxis(r.read(), 0, 2)
            np.testing.assert_array_equal(got if want.ndim == 3 else got[..., 0], want)
            rest = root["count"][:].sum() - root["count"][j:j + r.height, i:i + r.width].sum()
            assert rest == 0, "cells with data are outside the picture"
            assert r.crs.to_epsg() == 3031 and r.is_tiled and r.block_shapes[0] == (256, 256)
            assert r.nodata == 0 if name == "count" else np.isnan(r.nodata)
            assert r.dtypes[0] == str(root[name].dtype) and r.overviews(1)[0] == 2
            small = r.read(1, out_shape=(math.ceil(r.height / 2), math.ceil(r.width / 2)))
            if name == "h_mean":
                assert np.nanmin(want) <= np.nanmin(small) and np.nanmax(small) <= np.nanmax(want)
                block = want[:r.height // 2 * 2, :r.width // 2 * 2].reshape(r.height // 2, 2, r.width // 2, 2).astype("f8")
                np.testing.assert_allclose(small[:block.shape[0], :block.shape[2]], np.nanmean(block, axis=(1, 3)), rtol=1e-6)


def main():
    import warnings

    warnings.filterwarnings("ignore")
    args = sys.argv[1:]
    for at in range(0, len(args), 4):
        grid, store, group, folder = args[at:at + 4]
        tables(grid, store, group, pathlib.Path(folder))
        if grid == "rectilinear":
            pictures(store, group, pathlib.Path(folder))
        print(grid, "as stored")


if __name__ == "__main__":
    main()
