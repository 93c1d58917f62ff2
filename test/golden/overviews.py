"""Compares the coarser groups of a store with the earlier system's overviews: overviews.py OVERVIEWS.parquet STORE"""

import sys

import numpy as np
import pyarrow.parquet as pq
import xarray
import zarr

from photons import cells, digests, words

EXACT = ("count", "h_min", "h_max")


def main(path, store):
    rows = pq.read_table(path).to_pylist()
    root = zarr.open(store, mode="r")
    orders = sorted({r["cell_order"] for r in rows}, reverse=True)
    finest = next(g for g in root.group_keys() if "finer_group" not in root[g].attrs)
    walked, name = [], finest  # as a user of xarray follows them
    while name:
        walked.append(name)
        name = root[name].attrs.get("coarser_group")
    assert walked == [finest, *map(str, orders)], walked
    for order in orders:
        some = [r for r in rows if r["cell_order"] == order]
        table = {k: [r[k] for r in some] for k in some[0]}
        group = root[str(order)]
        at = np.array(table["nested"])
        for name in EXACT:
            got = cells(group[name], at)
            assert np.array_equal(got, np.array(table[name], got.dtype)), f"{order} {name}"
        got, want = cells(group["h_sum"], at), np.array(table["h_sum"])
        assert (np.abs(got - want) <= 3.3e-7 * np.abs(want)).all(), f"{order} h_sum"  # the leaves of the earlier system are sums in float32
        digests(group["h_tdigest"], table, "h_tdigest")
        for name in ("h_tdigest_locations", "h_tdigest_times"):
            words(group[name], table, name)
        assert "h_mean" not in group
    assert "coarser_group" not in root[str(orders[-1])].attrs
    print(f"{len(rows)} cells of {len(orders)} orders")
    data = xarray.open_zarr(store, group=str(orders[-1]), chunks=None)
    assert data.attrs["finer_group"] == str(orders[-2]) and int(data["count"].sum()) == int(xarray.open_zarr(store, group=str(orders[-2]), chunks=None)["count"].sum())


if __name__ == "__main__":
    main(*sys.argv[1:])
