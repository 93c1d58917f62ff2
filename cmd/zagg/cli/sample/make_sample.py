#!/usr/bin/env python3
"""Make the sample granules of `zagg demo`: ten synthetic ATL06-like HDF5 files, about 1.8 MB in all.

usage: python make_sample.py OUTDIR        (h5py >= 3.10, numpy)

An outlet glacier that does not exist, at 81 S 160 E: an ice sheet sloping from 1,800 m, a fast trough and a floating shelf at 60 m.
Ten passes of six beams (pairs 3.3 km apart, 90 m inside a pair), every second day from 2024-11-01 on, one observation every 240 m or
1/32 s from the time of the name on, 3 cm noise, clouds as gaps, one missing beam, some fill values. Layout as in the product ATL06 v006: superblock 0, creation-order groups, gzip 6. Fixed seed.
"""
import os
import sys
from datetime import datetime

import h5py
import numpy as np

h5py.get_config().track_order = True
R = 6371008.8
LAT0, LON0 = -81.0, 160.0
HALF = 105e3
STEP = 240.0
RATE = 1 / 32
EPOCH = datetime(2018, 1, 1)
FILL = np.float32(3.4028235e38)
BEAMS = {"gt1l": -3345.0, "gt1r": -3255.0, "gt2l": -45.0, "gt2r": 45.0, "gt3l": 3255.0, "gt3r": 3345.0}


def surface(x, y):
    """Height in metres at x, y metres east and north of the centre."""
    x, y = x / 1e3, y / 1e3
    inland = 1 / (1 + np.exp((x - 15 + 0.25 * y) / 22))
    trough = np.exp(-((y + 0.15 * x - 8 * np.sin(x / 30)) / 17) ** 2)
    sheet = 60 + 1850 * inland ** 0.7
    return sheet - 900 * trough * inland * (0.35 + 0.65 * inland) + 6 * np.sin(x / 5.1) * np.cos(y / 4.3) * inland + 40 * inland * np.cos(y / 21)


def lonlat(x, y):
    """Azimuthal equidistant plane around the centre to degrees."""
    d, az = np.hypot(x, y) / R, np.arctan2(x, y)
    p = np.radians(LAT0)
    lat = np.arcsin(np.sin(p) * np.cos(d) + np.cos(p) * np.sin(d) * np.cos(az))
    lon = np.radians(LON0) + np.arctan2(np.sin(az) * np.sin(d) * np.cos(p), np.cos(d) - np.sin(p) * np.sin(lat))
    return np.degrees(lat), (np.degrees(lon) + 180) % 360 - 180


def dataset(group, name, data, units, fill=None):
    d = group.create_dataset(name, data=data, chunks=(10000,), maxshape=(None,), compression="gzip", compression_opts=9,
                             shuffle=True, fillvalue=fill)
    d.attrs["units"] = units
    if fill is not None:
        d.attrs["_FillValue"] = np.asarray([fill], dtype=data.dtype)


def granule(path, number, rng):
    began = datetime.strptime(os.path.basename(path)[6:20], "%Y%m%d%H%M%S") - EPOCH  # in GPS time too: there was no leap second since
    heading = np.radians(62 if number % 2 else -48) + rng.normal(0, 0.02)
    offset = (number // 2 - 2) * 36e3 + rng.uniform(-4e3, 4e3)
    along = np.arange(-HALF, HALF, STEP)
    with h5py.File(path, "w", libver="earliest") as f:
        f.attrs["short_name"] = "ATL06"
        f.attrs["description"] = "Synthetic sample in the layout of ATL06"
        f.create_group("orbit_info").create_dataset("rgt", data=np.array([100 + number], "i2"))
        for beam, across in BEAMS.items():
            if number == 3 and beam == "gt3r":
                continue
            keep = np.ones(len(along), bool)
            for _ in range(rng.integers(1, 4)):
                start = rng.integers(0, len(along))
                keep[start:start + rng.integers(20, 90)] = False
            s, c = along[keep], offset + across
            x, y = s * np.sin(heading) + c * np.cos(heading), s * np.cos(heading) - c * np.sin(heading)
            lat, lon = lonlat(x, y)
            n = len(s)
            height = np.round(surface(x, y) + rng.normal(0, 0.03, n), 2).astype("f4")
            sigma = np.round(0.006 + rng.gamma(2.0, 0.01, n), 3).astype("f4")
            quality = (rng.random(n) < 0.08).astype("i1")
            bad = rng.random(n) < 0.01
            height[bad], sigma[bad], quality[bad] = FILL, FILL, 1
            g = f.create_group(beam).create_group("land_ice_segments")
            dataset(g, "atl06_quality_summary", quality, "1", np.int8(127))
            dataset(g, "h_li", height, "meters", FILL)
            dataset(g, "h_li_sigma", sigma, "meters", FILL)
            dataset(g, "latitude", np.round(lat, 6), "degrees_north")
            dataset(g, "longitude", np.round(lon, 6), "degrees_east")
            dataset(g, "delta_time", began.total_seconds() + np.flatnonzero(keep) * RATE, "seconds since 2018-01-01")


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for number in range(10):
        name = "ATL06_202411%02d010000_%04d2511_007_01.h5" % (2 * number + 1, 100 + number)
        granule(os.path.join(out, name), number, np.random.default_rng([81160, number]))


if __name__ == "__main__":
    main()
