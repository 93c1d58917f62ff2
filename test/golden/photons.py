"""Compares stores with the expected values of a case of photons: photons.py EXPECTED.parquet STORE… EXPECTED.parquet STORE…

Every array of a store that the table has must be equal where the table has a row, and its fill value elsewhere. Sums in float32 of
the earlier system differ from those in float64 by the tolerances below, relative."""

import sys

import numpy as np
import pyarrow.parquet as pq
import zarr

TOLERANCE = {"h_mean": 2e-7, "h_variance": 2.5e-7, "h_sum": 2.5e-7, "dh_mean": 1e-7}


def cells(array, at):
    """The values of some cells, read object by object: an array over the whole sphere has more chunks than zarr can list."""
    size = (array.shards or array.chunks)[0]
    out = np.empty((len(at), *array.shape[1:]), array.dtype)
    for block in np.unique(at // size):
        mine = at // size == block
        out[mine] = array[block * size : (block + 1) * size][at[mine] - block * size]
    return out


def digests(array, table, name):
    """Means and weights of each cell are equal, bit by bit."""
    ragged = {"spec": "zagg-ragged/1", "element": {"dtype": "float32", "shape": [-1, 2]}}
    if f"{name}_locations" in table:
        ragged["locations"] = f"{name}_locations"
    assert array.attrs["ragged"] == ragged, dict(array.attrs)
    assert array.attrs.get("times") == (f"{name}_times" if f"{name}_times" in table else None), dict(array.attrs)
    got = cells(array, np.array(table["nested"]))
    for i, value in enumerate(got):
        digest = np.frombuffer(value, "<f4").reshape(-1, 2)
        want = np.array([table[f"{name}_mean"][i], table[f"{name}_weight"][i]], "f4").T
        assert np.array_equal(digest, want), f"{name}: cell {table['nested'][i]} has {digest[:3]}…, expected {want[:3]}…"


def words(array, table, name):
    """The words beside centroids are equal."""
    grammar = {"spec": "zagg-located/1", "shape": "per-centroid", "grammar": "mortie-morton/1"}
    if name.endswith("_times"):
        grammar = {"spec": "zagg-toc/1", "shape": "per-centroid", "grammar": "mortie-toc/1"}
    attrs = {"ragged": {"spec": "zagg-ragged/1", "element": {"dtype": "uint64", "shape": [-1]}}}
    attrs["temporal" if name.endswith("_times") else "located"] = grammar
    assert {k: v for k, v in array.attrs.items() if k in ("ragged", "located", "temporal")} == attrs, dict(array.attrs)
    for i, value in enumerate(cells(array, np.array(table["nested"]))):
        got, want = np.frombuffer(value, "<u8"), np.array(table[name][i], "u8")
        assert np.array_equal(got, want), f"{name}: cell {table['nested'][i]} has {got[:3]}…, expected {want[:3]}…"


def compare(expected, store):
    table = pq.read_table(expected).to_pydict()
    root = zarr.open(store, mode="r")
    group = root[next(iter(root.group_keys()))]
    compared = 0
    for name, values in table.items():
        if name in ("chunk_y", "chunk_x"):
            continue
        if name.endswith("_mean") and name[:-5] + "_weight" in table:
            digests(group[name[:-5]], table, name[:-5])
            compared += 1
            continue
        if name.endswith(("_locations", "_times")):
            words(group[name], table, name)
            compared += 1
            continue
        if name in ("nested", "morton", "shard", "row", "col", "x", "y") or name not in group:
            continue
        array = group[name]
        want = np.array(values)
        if "nested" in table:
            got = cells(array, np.array(table["nested"]))
        elif "chunk_y" in table:
            got = array[:][np.array(table["chunk_y"]), np.array(table["chunk_x"])]
        else:
            whole = array[:]
            got = whole[np.array(table["row"]), np.array(table["col"])]
            fill = array.fill_value
            filled = np.isnan(whole) if fill != fill else whole == fill
            assert filled.reshape(*whole.shape[:2], -1).all(axis=2).sum() >= whole.shape[0] * whole.shape[1] - len(want), f"{name}: cells beyond the expected"
        same = (got == want) | ((got != got) & (want != want))
        with np.errstate(invalid="ignore"):
            near = np.abs(got.astype(float) - want) <= TOLERANCE.get(name, 0) * np.abs(want)
        wrong = np.flatnonzero(~(same | near).reshape(len(want), -1).all(axis=1))
        assert not len(wrong), f"{name}: {len(wrong)} of {len(want)} cells differ, such as row {wrong[0]}: {got[wrong[0]]}, expected {want[wrong[0]]}"
        compared += 1
    assert compared > 1, f"only {compared} arrays to compare"
    print(f"{compared} arrays of {len(next(iter(table.values())))} cells")


if __name__ == "__main__":
    for path in sys.argv[1:]:
        if path.endswith(".parquet"):
            expected = path
        else:
            compare(expected, path)
