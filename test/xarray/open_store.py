#!/usr/bin/env python3
"""Open a store the way a user does, with xarray and xdggs as released, and check what comes out.

usage: python open_store.py compact STORE GROUP        the whole store decodes as it is
       python open_store.py fullsphere STORE GROUP     blocks are selected first, then decoded
"""
import sys

import numpy as np
import xarray
import xdggs
import zarr


def check(ds, group):
    """Decoded cells must have finite centres on the sphere and one row per cell."""
    ids = ds["cell_ids"].values
    assert ids.dtype == np.uint64, ids.dtype
    assert len(np.unique(ids)) == len(ids), "cell ids repeat"
    info = ds.dggs.grid_info
    assert info.level == int(group), info
    centres = ds.dggs.cell_centers()
    assert np.isfinite(centres["longitude"].values).all() and (np.abs(centres["latitude"].values) <= 90).all()
    assert int((ds["count"].values > 0).sum()) > 0, "no cell has data"
    return len(ids)


def compact(store, group):
    ds = xarray.open_zarr(store, group=group).pipe(xdggs.decode)
    n = check(ds, group)
    # Selecting by position must work after decoding: that is what the index is for.
    one = int(np.flatnonzero(ds["count"].values > 0)[0])
    centre = ds.isel(cells=[one]).dggs.cell_centers()
    near = ds.dggs.sel_latlon(centre["latitude"].values, centre["longitude"].values)
    assert int(near["count"].values[0]) == int(ds["count"].values[one])
    return n


def fullsphere(store, group):
    """The documented recipe: find the blocks that exist, select them by position, then decode."""
    array = zarr.open_array(store, path=f"{group}/count", mode="r")
    size = (array.shards or array.chunks)[0]
    ds = xarray.open_zarr(store, group=group, chunks=None)
    blocks = sorted(int(k) for k in blocks_of(store, group))
    cells = np.concatenate([np.arange(b * size, (b + 1) * size) for b in blocks])
    ds = ds.isel(cells=cells).pipe(xdggs.decode)
    return check(ds, group)


def blocks_of(store, group):
    """Block numbers of `count` that have an object."""
    import pathlib
    return [p.name for p in (pathlib.Path(store) / group / "count" / "c").iterdir() if p.name.isdigit()]


def main():
    layout, store, group = sys.argv[1:4]
    n = {"compact": compact, "fullsphere": fullsphere}[layout](store, group)
    print(f"{layout}: {n} cells decoded by xdggs {xdggs.__version__}, xarray {xarray.__version__}, zarr {zarr.__version__}")


if __name__ == "__main__":
    main()
