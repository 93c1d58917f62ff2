"""Holds coarser groups of a store against runs at their orders: coarse.py STORE GROUP RUN [GROUP RUN…]"""

import sys

import numpy as np
import xarray

EXACT = ("count", "h_min", "h_max", "h_low")


def by_cell(store, group):
    data = xarray.open_zarr(store, group=group, chunks=None)
    ids = data["cell_ids"].values
    order = np.argsort(ids)
    return {n: data[n].values[order][data["count"].values[order] > 0] for n in (*EXACT, "h_sum", "cell_ids") if n in data}, data


if __name__ == "__main__":
    store = sys.argv[1]
    for group, run in zip(sys.argv[2::2], sys.argv[3::2]):
        (got, coarse), (want, _) = by_cell(store, group), by_cell(run, group)
        assert np.array_equal(got["cell_ids"], want["cell_ids"]), group
        for name in EXACT:
            assert np.array_equal(got[name], want[name], equal_nan=True), f"{group} {name}"
        assert np.allclose(got["h_sum"], want["h_sum"], rtol=3e-7, atol=0, equal_nan=True), f"{group} h_sum"
        assert coarse.attrs["finer_group"], coarse.attrs
        print(f"group {group}: {len(got['count'])} cells")
