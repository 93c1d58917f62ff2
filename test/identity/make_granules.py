"""Write small granules like ATL06's: python make_granules.py PLAN.json. PLAN is a list of {file, seed, rows, bad, lat}: bad of the rows have no usable position."""
import json
import os
import sys

import h5py
import numpy as np

FILL = np.float32(3.4028234663852886e38)

for g in json.load(open(sys.argv[1])):
    os.makedirs(os.path.dirname(g["file"]), exist_ok=True)
    r = np.random.default_rng(g["seed"])
    with h5py.File(g["file"], "w") as f:
        for beam, n in (("gt1l", g["rows"]), ("gt2r", g["rows"] // 2)):
            lat = g["lat"] + np.linspace(0, 2, n)
            lon = -110 + np.linspace(0, 0.5, n)
            at = r.choice(n, g["bad"], replace=False)
            for k, i in enumerate(at):  # no latitude, no longitude, neither, and no place on Earth
                if k % 4 != 1:
                    lat[i] = 97 if k % 4 == 3 else np.nan
                if k % 4 in (1, 2):
                    lon[i] = np.inf if k % 8 < 4 else np.nan
            s = f.create_group(beam + "/land_ice_segments")
            s.create_dataset("latitude", data=lat, chunks=(min(n, 500),))
            s.create_dataset("longitude", data=lon, chunks=(min(n, 500),))
            h = s.create_dataset("h_li", data=(100 + np.cumsum(r.normal(0, 0.1, n))).astype("f4"), chunks=(min(n, 500),))
            h.attrs["_FillValue"] = np.array([FILL])
