"""Histograms of photons of which some have odd heights: odd_photons.py STORE EXPECTED.parquet, a table with the count of each cell.

Every photon is counted; a chunk whose gain is no number has empty histograms, and the others hold the photons within their bins."""

import sys

import numpy as np
import pyarrow.parquet as pq
import zarr

store, expected = sys.argv[1:]
group = zarr.open(store, mode="r")["rectilinear"]
table = pq.read_table(expected).to_pydict()
row, col = np.array(table["row"]), np.array(table["col"])
assert np.array_equal(group["count"][:][row, col], table["count"]), "counts"
counts, gain, offset = group["waveform_counts"][:].sum(axis=2), group["gain_h"][:], group["offset_h"][:]
rows, cols = group["count"].chunks
spoilt = 0
for y, x in zip(row, col):
    usable = np.isfinite(gain[y // rows, x // cols]) and np.isfinite(offset[y // rows, x // cols]) and gain[y // rows, x // cols] < 1e6
    spoilt += not usable
    assert counts[y, x] == 0 or usable, f"cell {y}, {x} of a chunk without a gain has a histogram"
good = group["count"][:][row, col].sum() - counts[row, col].sum()
assert spoilt > 0 and counts[row, col].sum() > 1000, (spoilt, good)
print(f"{spoilt} cells of {len(row)} without a histogram")
