"""Granules of four months, and windows of a store held against numpy.

make DIR; check STORE GROUP FOLDER [SINGLE WINDOW ...]; coarse STORE DIRECT
"""

import datetime
import pathlib
import sys

import h5py
import numpy as np
import xarray as xr

EPOCH = datetime.datetime(2018, 1, 1)


def make(folder):
    rng = np.random.default_rng(7)
    date = datetime.datetime
    for name, start, border, missing in [
        ("a_january", date(2019, 1, 10), None, 0),
        ("b_border", date(2019, 1, 31, 23, 58), date(2019, 2, 1), 7),
        ("c_february", date(2019, 2, 14), None, 0),
        ("d_april", date(2019, 4, 2), None, 0),
    ]:
        n = 800
        t = (start - EPOCH).total_seconds() + np.linspace(0, 300, n)
        t[:missing] = np.nan
        if border:
            t[n // 2] = (border - EPOCH).total_seconds()
        columns = {"lat": -75 + rng.uniform(-0.4, 0.4, n), "lon": -60 + rng.uniform(-0.8, 0.8, n), "h": rng.normal(1000, 50, n).astype("f4"), "t": t}
        with h5py.File(pathlib.Path(folder) / (name + ".h5"), "w") as f:
            for k, v in columns.items():
                f.create_dataset("gt1l/" + k, data=v, chunks=(256,))


def rows(folder):
    files = sorted(pathlib.Path(folder).glob("*.h5"))
    data = {k: np.concatenate([h5py.File(f)["gt1l"][k][:] for f in files]) for k in ("lat", "lon", "h", "t")}
    valid = np.isfinite(data["t"])
    data = {k: v[valid] for k, v in data.items()}
    data["when"] = np.datetime64(EPOCH, "ns") + (data["t"] * 1e9).astype("int64").astype("timedelta64[ns]")
    return data


def check(store, group, folder, *single):
    ds = xr.open_zarr(store, group=group, chunks=None)
    data = rows(folder)
    months = ds.time.values.astype("datetime64[M]")
    assert list(months) == list(np.arange("2019-01", "2019-05", dtype="datetime64[M]")), ds.time
    assert ds.h_mean.dims[0] == "time" and ds.h_mean.encoding["chunks"][0] == 1
    counts = ds["count"].values
    for i, month in enumerate(months):
        bounds = ds.time_bnds.values[i]
        start, end = (np.datetime64(x, "ns") for x in (month, month + 1))
        assert tuple(bounds) == (start, end), bounds
        inside = (data["when"] >= start) & (data["when"] < end)
        count = counts[i]
        assert count.sum() == inside.sum(), (month, count.sum(), inside.sum())
        if group == "rectilinear":
            cells(ds, i, count, {k: v[inside] for k, v in data.items()})
    for name, month in zip(single[::2], single[1::2], strict=True):
        other = xr.open_zarr(name, group=group, chunks=None)
        one = ds.sel(time=month).squeeze("time")
        for v in ("count", "h_mean", "h_q"):
            if other[v].shape == one[v].shape:
                np.testing.assert_array_equal(one[v].values, other[v].values)
            else:  # a compact store of fewer shards
                np.testing.assert_array_equal(one[v].values[np.isin(one.cell_ids.values, other.cell_ids.values)], other[v].values)


def coarse(store, direct):
    """Counts of coarser groups are those of a run at their order, and those of a group coarser than shards add up."""
    a, b = (xr.open_zarr(s, group="6", chunks=None) for s in (store, direct))
    assert a.time.equals(b.time) and "h_mean" not in a
    for i in range(a.sizes["time"]):
        got, want = ({int(c): int(n) for c, n in zip(d.cell_ids.values[d["count"][i].values > 0], d["count"][i].values[d["count"][i].values > 0], strict=True)} for d in (a, b))
        assert got == want, i
    c = xr.open_zarr(store, group="2", chunks=None)
    np.testing.assert_array_equal(c["count"].sum("cells"), b["count"].sum("cells"))
    assert xr.open_zarr(store, group="8", chunks=None).attrs["coarser_group"] == "6"


def cells(ds, i, count, data):
    from pyproj import Transformer

    x, y = Transformer.from_crs(4326, 3031, always_xy=True).transform(data["lon"], data["lat"])
    step = float(ds.x[1] - ds.x[0])
    col = np.floor((x - (ds.x.values[0] - step / 2)) / step).astype(int)
    row = np.floor((ds.y.values[0] + step / 2 - y) / step).astype(int)
    cell = row * ds.sizes["x"] + col
    assert set(np.flatnonzero(count)) == set(cell)
    means, quantiles = ds.h_mean.values[i].ravel(), ds.h_q.values[i].reshape(-1, 2)
    for c in np.unique(cell):
        h = data["h"][cell == c]
        assert count.ravel()[c] == len(h)
        np.testing.assert_allclose(means[c], h.astype("f8").mean(), rtol=1e-6)
        np.testing.assert_allclose(quantiles[c], np.quantile(h, [0.25, 0.75]), rtol=1e-6)


if __name__ == "__main__":
    {"make": make, "check": check, "coarse": coarse}[sys.argv[1]](*sys.argv[2:])
