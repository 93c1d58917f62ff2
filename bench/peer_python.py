#!/usr/bin/env python3
"""The benchmark's hot shard as one would write it with parts of PyPI: h5coro, mortie, numpy and zarr. A peer for `go run ./bench`.

usage: AWS_ENDPOINT_URL_S3=... python peer_python.py STORE s3://bucket/granule.h5 ...     compute the shard into a new store
       python peer_python.py --compare STORE ZAGG_STORE                                   fail where zagg's values are others

Reads the five datasets of every beam, eight granules at once, gives observations of good quality their cells of order 12, and computes the
nine variables of the shipped configuration for those in the order-6 cell -5111123.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import mortie
import numpy as np
import zarr
from h5coro import h5coro, logger
from h5coro.filedriver import FileDriver
from h5coro.s3driver import S3Driver

SHARD, ORDER, SHARD_ORDER = "-5111123", 12, 6
CELLS = 4 ** (ORDER - SHARD_ORDER)
BEAMS = ("gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r")
NAMES = ("latitude", "longitude", "h_li", "h_li_sigma", "atl06_quality_summary")
OUTPUTS = ("count", "h_min", "h_max", "h_mean", "h_sigma", "h_variance", "h_q25", "h_q50", "h_q75")


def granule(url):
    shard = mortie.decimal_to_word(SHARD)
    paths = [[f"/{beam}/land_ice_segments/{name}" for name in NAMES] for beam in BEAMS]
    driver = S3Driver if url.startswith("s3://") else FileDriver
    with h5coro.H5Coro(url.removeprefix("s3://"), driver, credentials={}) as f:
        got = f.readDatasets([p for beam in paths for p in beam], block=True, enableAttributes=False)
        parts = []
        for beam in paths:
            if any(got[p] is None for p in beam):
                continue
            lat, lon, h, s, quality = (got[p] for p in beam)
            words = mortie.geo2mort(lat, lon, order=ORDER)
            keep = (mortie.clip2order(SHARD_ORDER, words) == shard) & (quality == 0)
            parts.append((words[keep], h[keep], s[keep]))
    return parts


def statistics(h, s):
    w = 1.0 / s**2
    return (len(h), h.min(), h.max(), np.average(h, weights=w), 1 / np.sqrt(w.sum()), h.var(), *np.quantile(h, [0.25, 0.5, 0.75]))


def compute(store, urls):
    with ThreadPoolExecutor(8) as pool:
        parts = [p for found in pool.map(granule, urls) for p in found]
    words, h, s = (np.concatenate(c) for c in zip(*parts))
    slot = np.asarray(mortie.mort2healpix(words)[0]).astype(np.int64) % CELLS
    order = np.argsort(slot, kind="stable")
    slot, h, s = slot[order], h[order], s[order]
    cells, starts = np.unique(slot, return_index=True)
    rows = np.array([statistics(h[a:b], s[a:b]) for a, b in zip(starts, np.append(starts[1:], len(slot)))])
    root = zarr.open_group(store, mode="w")
    for i, name in enumerate(OUTPUTS):
        kind, fill = ("int32", 0) if name == "count" else ("float32", np.nan)
        a = root.create_array(name, shape=(CELLS,), chunks=(CELLS,), dtype=kind, fill_value=fill)
        values = np.full(CELLS, fill, kind)
        values[cells] = rows[:, i]
        a[:] = values
    print(len(slot), len(cells))


def compare(theirs, ours):
    theirs, ours = zarr.open_group(theirs, mode="r"), zarr.open_group(ours, mode="r")[str(ORDER)]
    nested = int(np.asarray(mortie.mort2healpix(np.array([mortie.decimal_to_word(SHARD)], "u8"))[0])[0])
    for name in OUTPUTS:
        a, b = theirs[name][:], ours[name][nested * CELLS : (nested + 1) * CELLS]
        np.testing.assert_allclose(b, a, rtol=0 if name == "count" else 2e-5, atol=0, err_msg=name)


if __name__ == "__main__":
    logger.log.setLevel("ERROR")
    if sys.argv[1] == "--compare":
        compare(*sys.argv[2:])
    else:
        compute(sys.argv[1], sys.argv[2:])
