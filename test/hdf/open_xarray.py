"""Opens a group of a granule in xarray through h5pyd, and from the file, and compares. usage: open_xarray.py FILE"""

import os
import sys

import h5netcdf
import xarray

GROUP = "/gt1l/land_ice_segments"
path = sys.argv[1]
options = {"group": GROUP, "engine": "h5netcdf", "phony_dims": "sort", "decode_times": False, "mask_and_scale": False}
want = xarray.open_dataset(path, **options)
f = h5netcdf.File("/" + os.path.basename(path), "r", backend="h5pyd", phony_dims="sort")
store = xarray.backends.H5NetCDFStore(f[GROUP])
mine = xarray.open_dataset(store, decode_times=False, mask_and_scale=False)
assert sorted(mine.variables) == sorted(want.variables), (sorted(mine.variables), sorted(want.variables))
for name in want.variables:
    xarray.testing.assert_equal(mine[name], want[name])
print("equal", len(want.variables), "variables")
