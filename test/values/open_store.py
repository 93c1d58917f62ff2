#!/usr/bin/env python3
"""What xarray makes of a store: cells without observations are missing, and times are times.

usage: python open_store.py STORE GROUP
"""
import sys

import numpy as np
import xarray as xr

ds = xr.open_zarr(sys.argv[1], group=sys.argv[2], consolidated=False)
count = ds["count"].values
assert count.dtype.kind == "i" and (count == 0).any() and (count > 0).any()
for name in ("h_single", "h_double"):
    h = ds[name].values
    assert (np.isnan(h) == (count == 0)).all(), name
    assert abs(h[count > 0]).max() < 9000, name
assert ds["h_single"].encoding["dtype"] == np.float32 and ds["h_double"].encoding["dtype"] == np.float64
t = ds["t"]
assert t.dtype.kind == "M", t.dtype
seen = t.values[count > 0]
assert (seen > np.datetime64("2024-10-01")).all() and (seen < np.datetime64("2025-01-01")).all(), seen
assert np.isnat(t.values[count == 0]).all()
assert ds["t_std"].dtype.kind == "f" and ds["t_std"].attrs["units"] == "seconds"
print("same")
