#!/usr/bin/env python3
"""The benchmark's hot shard as one would write it in Python: s3fs, h5py, healpy, numpy. A peer for `go run ./bench -peer`.

usage: AWS_ENDPOINT_URL_S3=... python peer_python.py s3://bucket/granule.h5 ...

Reads the five datasets of every beam, eight granules at once, bins them by HEALPix on authalic latitude and computes the nine variables of
the shipped configuration for the cells of order-6 cell 40966. Prints how many observations and cells it kept.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import healpy
import numpy as np
import s3fs

SHARD, ORDER, SHARD_ORDER = 40966, 12, 6
F = 1 / 298.257223563


def authalic(lat):
    """Authalic latitude in radians (Snyder 1987, eq. 3-11, 3-12)."""
    e2 = F * (2 - F)
    e = np.sqrt(e2)

    def q(s):
        return (1 - e2) * (s / (1 - e2 * s * s) + np.arctanh(e * s) / e)

    return np.arcsin(np.clip(q(np.sin(np.radians(lat))) / q(1.0), -1, 1))


def granule(fs, url):
    parts = []
    with fs.open(url, "rb", cache_type="readahead", block_size=1 << 20) as raw, h5py.File(raw) as f:
        for beam in ("gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"):
            if beam not in f:
                continue
            g = f[beam]["land_ice_segments"]
            lat, lon = g["latitude"][:], g["longitude"][:]
            cell = healpy.ang2pix(2 ** ORDER, np.pi / 2 - authalic(lat), np.radians(lon % 360), nest=True)
            keep = (cell >> 2 * (ORDER - SHARD_ORDER)) == SHARD
            if not keep.any():
                continue
            keep &= g["atl06_quality_summary"][:] == 0
            parts.append((cell[keep], g["h_li"][:][keep], g["h_li_sigma"][:][keep]))
    return parts


def main():
    fs = s3fs.S3FileSystem(key=os.environ["AWS_ACCESS_KEY_ID"], secret=os.environ["AWS_SECRET_ACCESS_KEY"],
                           client_kwargs={"endpoint_url": os.environ["AWS_ENDPOINT_URL_S3"]})
    with ThreadPoolExecutor(8) as pool:
        parts = [p for found in pool.map(lambda u: granule(fs, u), sys.argv[1:]) for p in found]
    cell, h, s = (np.concatenate(c) for c in zip(*parts))
    order = np.argsort(cell, kind="stable")
    cell, h, s = cell[order], h[order], s[order]
    cells, starts = np.unique(cell, return_index=True)
    out = []
    for a, b in zip(starts, np.append(starts[1:], len(cell))):
        x, w = h[a:b], 1.0 / s[a:b] ** 2
        out.append((b - a, x.min(), x.max(), np.average(x, weights=w), 1 / np.sqrt(w.sum()), x.var(), *np.quantile(x, [0.25, 0.5, 0.75])))
    print(len(cell), len(cells), len(out))


if __name__ == "__main__":
    main()
