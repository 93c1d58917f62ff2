#!/usr/bin/env python3
"""Read exported files with the tools they are for and compare them with the store as zarr-python reads it.

usage: python check.py (GRID STORE GROUP FOLDER)…     GRID with +windows where the store has windows of time; FOLDER has cells.parquet, cells.geo.parquet, cells.csv, cells.nc, late.csv of one
                                                      window, for rows and columns h_mean.tif, count.tif, h_q.tif
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


def times(root):
    """The places along time, with their starts; one without a start where the store has no windows."""
    return list(enumerate(root["time"][:].astype("datetime64[s]"))) if "time" in root else [(slice(None), None)]


def stored(store, group):
    """The cells that hold something, by variable, in the order of the arrays."""
    root = zarr.open_group(store, mode="r")[group]
    parts = []
    for at, start in times(root):
        count, mean, q = root["count"][at].ravel(), root["h_mean"][at].ravel(), root["h_q"][at].reshape(-1, 3)
        have = (count > 0) | np.isfinite(mean)
        out = {"count": count[have], "h_mean": mean[have]} | {f"h_q_{k}": q[have, k] for k in range(3)}
        if "cell_ids" in root:
            out["cell_ids"] = root["cell_ids"][:][have]
        parts.append(pd.DataFrame(out if start is None else out | {"time": np.full(have.sum(), start)}))
    assert start is None or [len(p) > 100 for p in parts] == [True, False, True]
    return pd.concat(parts, ignore_index=True)


def same(frame, want):
    assert len(frame) == len(want) > 100, (len(frame), len(want))
    assert ("time" in frame) == ("time" in want)
    if "time" in want:
        frame = frame.assign(time=pd.to_datetime(frame["time"], utc=True).dt.tz_localize(None))
    by = (["time"] if "time" in want else []) + (["cell_ids"] if "cell_ids" in want else COLUMNS)
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
        assert ds["h_mean"].encoding["coordinates"] == ("time lat lon" if "time" in want else "lat lon") and ds["lon"].attrs["bounds"] == "lon_bounds"
        if "time" in want:
            ends = dict(zip(*(ds["time_bounds"].to_numpy().T.astype("datetime64[D]").astype(str))))
            assert ends == {"2024-11-01": "2024-11-08", "2024-11-10": "2024-12-01"}, ends
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
    floats = {"h_mean": "f4", "h_q_0": "f4", "h_q_1": "f4", "h_q_2": "f4"}
    same(pd.read_csv(folder / "cells.csv", dtype=floats), want)
    if "time" in want:
        assert str(table.schema.field("time").type) == "timestamp[ms, tz=UTC]", table.schema
        same(pd.read_csv(folder / "late.csv", dtype=floats), want[want["time"] == "2024-11-10"])
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
    if "time" in want:
        (n,), = duckdb.sql(f"select count(*) from read_parquet('{folder}/cells.parquet') where epoch_ms(time) >= epoch_ms(timestamp '2024-11-10')").fetchall()
        assert n == (want["time"] == "2024-11-10").sum()


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
    windows = [" early", " late"] if "time" in root else [""]
    for name in ("h_mean", "count", "h_q"):
        with rasterio.open(folder / f"{name}.tif") as r:
            left, top = r.transform * (0.5, 0.5)
            i, j = np.abs(x - left).argmin(), np.abs(y - top).argmin()
            assert abs(x[i] - left) < 1e-6 and abs(y[j] - top) < 1e-6
            whole = root[name][:][[0, 2]] if windows[1:] else root[name][:][None]  # the window between has no data, and no band
            want = np.moveaxis(whole[:, j:j + r.height, i:i + r.width], 0, 2)
            np.testing.assert_array_equal(np.moveaxis(r.read(), 0, 2), want.reshape(*want.shape[:2], -1))
            assert list(r.descriptions) == [part + w for w in windows for part in ([f"{name}_{k}" for k in range(3)] if name == "h_q" else [name])]
            inside = root["count"][..., j:j + r.height, i:i + r.width]
            assert root["count"][:].sum() == inside.sum(), "cells with data are outside the picture"
            want = want[..., 0]
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
        grid = grid.removesuffix("+windows")
        tables(grid, store, group, pathlib.Path(folder))
        if grid == "rectilinear":
            pictures(store, group, pathlib.Path(folder))
        print(args[at], "as stored")


if __name__ == "__main__":
    main()
