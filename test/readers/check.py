#!/usr/bin/env python3
"""Open a store with the tools people use and compare what they read with what zarr-python reads.

usage: python check.py (GRID LAYOUT STORE GROUP)…     GRID healpix, h3 or rectilinear; LAYOUT compact, fullsphere or grid, with
                                                      +windows where the store has windows of time, of which the last is looked at

Prints one line a tool, "GRID LAYOUT TOOL ok" or "… absent: why"; the first that reads something else ends the program.
"""
import json
import pathlib
import sys
import tempfile
import warnings

import numpy as np
import xarray
import zarr

warnings.filterwarnings("ignore")
NAMES = ("h_mean", "count", "h_q")


def blocks(store, group, windows):
    """The rows of the blocks that have an object, in any window."""
    array = zarr.open_array(store, path=f"{group}/count", mode="r")
    size = (array.shards or array.chunks)[int(windows)]
    have = sorted({int(p.name) for p in (pathlib.Path(store) / group / "count" / "c").glob("*/*" if windows else "*")})
    return np.concatenate([np.arange(b * size, (b + 1) * size) for b in have])


def open_dataset(case):
    """The dataset as docs/reading-stores.md opens it."""
    ds = xarray.open_zarr(case.store, group=case.group, chunks=None)
    if case.windows:
        assert [str(t)[:10] for t in ds.time.values] == ["2024-11-01", "2024-11-10"] and ds.h_mean.dims[0] == "time"
        ds = ds.isel(time=1)
    return ds.isel(cells=case.rows) if case.layout == "fullsphere" else ds


class Case:
    def __init__(self, grid, layout, store, group):
        self.name = layout
        layout, self.windows = layout.removesuffix("+windows"), layout.endswith("+windows")
        self.grid, self.layout, self.store, self.group = grid, layout, store, group
        self.rows = blocks(store, group, self.windows) if layout == "fullsphere" else slice(None)
        root = zarr.open_group(store, mode="r")
        at = (1, self.rows) if self.windows else (self.rows,)
        self.want = {n: root[f"{group}/{n}"].get_orthogonal_selection(at) for n in NAMES}
        assert (self.want["count"] > 0).sum() > 20
        assert np.isfinite(self.want["h_mean"]).sum() == (self.want["count"] > 0).sum()

    def same(self, ds, names=NAMES):
        for n in names:
            np.testing.assert_array_equal(np.asarray(ds[n]), self.want[n], err_msg=n)


def zarr_python(case):
    root = zarr.open_group(case.store, mode="r")
    assert root.metadata.consolidated_metadata is not None
    assert case.group in root.attrs["comment"] and json.loads(root.attrs["zagg"]) == {"group": case.group}
    assert json.loads(root[case.group].attrs["zagg"])["grid"] == case.grid


def xarray_root(case):
    """The root says where the data are, and a tree has them."""
    with xarray.open_zarr(case.store) as ds:
        assert f'group="{case.group}"' in ds.attrs["comment"]
    if case.layout != "fullsphere":
        ds = xarray.open_datatree(case.store, engine="zarr", chunks=None)[case.group].to_dataset()
        case.same(ds.isel(time=1) if case.windows else ds)


def xarray_group(case):
    ds = open_dataset(case)
    case.same(ds)
    assert ds["count"].dtype == np.int32 and ds["h_mean"].dtype == np.float32
    for name in set(ds.data_vars) - {"time_bnds"}:
        assert ds[name].attrs["grid_mapping"] in ds.coords if "grid_mapping" in ds[name].attrs else case.grid == "h3"


def netcdf(case):
    """Written to netCDF as it is and read again: every attribute is one that netCDF has."""
    with tempfile.NamedTemporaryFile(suffix=".nc") as f:
        ds = open_dataset(case)
        ds.to_netcdf(f.name, engine="h5netcdf")
        with xarray.open_dataset(f.name, engine="h5netcdf") as back:
            case.same(back)
            assert set(back.coords) >= set(ds.coords) - {"crs", "spatial_ref"}, back
            assert json.loads(back.attrs["zagg"])["layout"]
        if case.grid != "rectilinear":
            decoded(case).to_netcdf(f.name, engine="h5netcdf")


def netcdf4(case):
    import netCDF4  # noqa: F401

    with tempfile.NamedTemporaryFile(suffix=".nc") as f:
        open_dataset(case).to_netcdf(f.name, engine="netcdf4")
        with xarray.open_dataset(f.name, engine="netcdf4") as back:
            case.same(back)


def dask(case):
    import dask  # noqa: F401

    ds = xarray.open_zarr(case.store, group=case.group, chunks={})
    if case.windows:
        ds = ds.isel(time=1)
    if case.layout == "fullsphere":
        ds = ds.isel(cells=case.rows)
    assert ds["h_mean"].chunks
    np.testing.assert_array_equal(float(ds["h_mean"].max().compute()), np.nanmax(case.want["h_mean"]))
    assert int(ds["count"].sum()) == case.want["count"].sum()


def pandas(case):
    frame = open_dataset(case)[["h_mean", "count"]].to_dataframe()
    assert int(frame["count"].sum()) == case.want["count"].sum()
    assert int(frame["h_mean"].notna().sum()) == np.isfinite(case.want["h_mean"]).sum()


def decoded(case):
    import xdggs

    return open_dataset(case).pipe(xdggs.decode)


def xdggs(case):
    if case.grid == "rectilinear":
        return None
    import xdggs

    ds = decoded(case)
    case.same(ds)
    centres = ds.dggs.cell_centers()
    some = np.flatnonzero(case.want["count"] > 0)[:20]
    near = ds.isel(cells=some).dggs.sel_latlon(centres["latitude"].values[some], centres["longitude"].values[some])
    assert (near["count"].values == case.want["count"][some]).all()
    if case.grid == "healpix":  # by CF's grid mapping the cells are the same
        cf = open_dataset(case).pipe(xdggs.decode, convention="cf", name="cell_ids")
        assert cf.dggs.grid_info == ds.dggs.grid_info, (cf.dggs.grid_info, ds.dggs.grid_info)
    return True


def explore(case):
    """The README's map."""
    if case.grid == "rectilinear":
        return None
    ds = decoded(case)
    some = np.flatnonzero(case.want["count"] > 0)
    assert ds["h_mean"].isel(cells=some).dggs.explore() is not None
    return True


def rioxarray(case):
    if case.grid != "rectilinear":
        return None
    import rasterio
    import rioxarray  # noqa: F401

    ds = open_dataset(case)
    assert ds.rio.crs.to_epsg() == 3031
    assert np.isnan(ds["h_mean"].rio.nodata) and np.isnan(ds["h_mean"].rio.encoded_nodata)
    assert ds["count"].rio.nodata == 0
    for name in ("h_mean", "count"):
        with tempfile.NamedTemporaryFile(suffix=".tif") as f:
            ds[name].rio.to_raster(f.name)
            with rasterio.open(f.name) as r:
                assert r.crs.to_epsg() == 3031 and (r.nodata == 0 if name == "count" else np.isnan(r.nodata))
                np.testing.assert_array_equal(r.read(1), case.want[name])
    return True


def gdal(case):
    """GDAL's own driver: from 3.11 on it knows how Zarr v3 spells its codecs; 3.12 does not know sharding."""
    if case.grid != "rectilinear":
        return None
    import rasterio

    version = tuple(int(n) for n in rasterio.__gdal_version__.split(".")[:2])
    if version < (3, 11):
        return f"absent: GDAL {rasterio.__gdal_version__} does not know the codec bytes of Zarr v3"
    sharded = zarr.open_array(case.store, path=f"{case.group}/h_mean", mode="r").shards is not None
    if sharded:
        return f"absent: GDAL {rasterio.__gdal_version__} does not know the codec sharding_indexed"
    for name in ("h_mean", "count"):
        with rasterio.open(f'ZARR:"{case.store}":/{case.group}/{name}' + (":1" if case.windows else "")) as r:
            np.testing.assert_array_equal(r.read(1), case.want[name])
            assert r.crs.to_epsg() == 3031 and (r.nodata == 0 if name == "count" else np.isnan(r.nodata))
    return True


def duckdb(case):
    import duckdb

    frame = open_dataset(case)[["h_mean", "count"]].to_dataframe().reset_index()
    (total,), = duckdb.sql('select sum("count") from frame where not isnan(h_mean)').fetchall()
    assert total == case.want["count"].sum()


TOOLS = (zarr_python, xarray_root, xarray_group, netcdf, netcdf4, dask, pandas, duckdb, xdggs, explore, rioxarray, gdal)


def main():
    args = sys.argv[1:]
    for at in range(0, len(args), 4):
        case = Case(*args[at:at + 4])
        for tool in TOOLS:
            if tool is explore and (at % 8 or case.windows):  # its widgets take seconds; chunks make no difference to it
                continue
            try:
                said = tool(case)
            except ModuleNotFoundError as err:
                said = f"absent: {err}"
            if tool in (xdggs, explore, rioxarray, gdal) and said is None:
                continue
            print(case.grid, case.name, tool.__name__, said if isinstance(said, str) else "ok", flush=True)


if __name__ == "__main__":
    main()
