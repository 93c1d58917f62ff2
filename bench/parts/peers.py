"""Statistics with numpy and writing with zarr-python."""

import os

import numpy as np
import zarr

DIR = os.environ["ZAGG_BENCH_DIR"]
CELLS, SHARD, CHUNK = 3_349, 1 << 16, 1 << 12


def use_numpy(path):
    data = np.fromfile(path, np.uint8)
    offsets = data[-8 * (CELLS + 1) :].view("<i8")
    h, s = np.split(data[: -8 * (CELLS + 1)].view("<f4"), 2)

    def work():
        total = 0.0
        weights = 1 / s.astype("f8") ** 2
        for a, b in zip(offsets[:-1], offsets[1:]):
            x, w = h[a:b], weights[a:b]
            total += len(x) + float(x.min()) + float(x.max()) + np.average(x, weights=w) + 1 / np.sqrt(w.sum()) + float(x.var(dtype="f8"))
            total += float(np.quantile(x, [0.25, 0.5, 0.75]).sum())
        return float(total)

    return work


def use_zarr(path):
    values = np.fromfile(path, "<f4")

    def work():
        a = zarr.create_array(
            store=os.path.join(DIR, "theirs"), shape=values.shape, shards=(SHARD,), chunks=(CHUNK,), dtype="float32", fill_value=np.nan,
            compressors=zarr.codecs.ZstdCodec(level=3), overwrite=True,
        )
        a[:] = values
        return values.size

    work.check = lambda: np.testing.assert_array_equal(zarr.open_array(os.path.join(DIR, "ours"), mode="r")[:], values)
    return work


PEERS = {"numpy": use_numpy, "zarr-python": use_zarr}
