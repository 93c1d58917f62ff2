#!/usr/bin/env python3
"""The judge of internal/zarr: zarr-python reads what zagg wrote, and writes what zagg must read.

usage: python check.py read FOLDER     FOLDER/store.zarr against FOLDER/manifest.json
       python check.py write FOLDER    makes both

The manifest is a list of arrays: path, dtype, shape, shard, chunk, zstd (level or 0), fill (hex of the element), dims,
attrs, objects (the keys that exist) and values (a file of raw little-endian values in C order).
"""
import json
import pathlib
import sys

import numpy as np
import xarray
import zarr
import zarr.codecs


def same(a, b):
    """Bit for bit, except that any NaN equals any other: a chunk of NaNs only is not stored."""
    if a.dtype.kind == "f":
        nan = np.isnan(a)
        assert (nan == np.isnan(b)).all()
        a, b = a[~nan], b[~nan]
    assert a.tobytes() == b.tobytes()


def check_array(folder, arr, m):
    dtype = np.dtype(m["dtype"])
    assert arr.dtype == dtype, (arr.dtype, dtype)
    assert list(arr.shape) == m["shape"]
    assert list(arr.chunks) == m["chunk"], arr.chunks
    assert (list(arr.shards) if arr.shards else arr.shards) == (m["shard"] if m["shard"] != m["chunk"] else None)
    assert arr.attrs.asdict() == m["attrs"]
    assert arr.metadata.dimension_names == (tuple(d or None for d in m["dims"]) if m["dims"] else None)
    same(np.asarray(arr.fill_value, dtype).reshape(1), np.frombuffer(bytes.fromhex(m["fill"]), dtype))
    want = np.fromfile(folder / m["values"], dtype).reshape(m["shape"])
    same(np.asarray(arr[...]), want)
    if want.ndim and want.size:  # through the shard index, chunk by chunk
        at = tuple(slice(s // 3, s // 3 + 1 + s // 2) for s in want.shape)
        same(np.asarray(arr[at]), want[at])
    root = folder / "store.zarr" / m["path"]
    found = sorted(str(p.relative_to(root)) for p in root.rglob("c*") if p.is_file()) + sorted(
        str(p.relative_to(root)) for p in (root / "c").rglob("*") if p.is_file())
    assert sorted(set(found)) == sorted(m["objects"]), (found, m["objects"])


def twin(group, m):
    """The same array as zarr-python itself makes it."""
    dtype = np.dtype(m["dtype"])
    group.create_array(
        m["path"].split("/")[-1], shape=m["shape"], dtype=dtype, chunks=tuple(m["chunk"]),
        shards=tuple(m["shard"]) if m["shard"] != m["chunk"] else None,
        compressors=[zarr.codecs.ZstdCodec(level=m["zstd"], checksum=False)] if m["zstd"] else None, filters=None,
        fill_value=np.frombuffer(bytes.fromhex(m["fill"]), dtype)[0], attributes=m["attrs"],
        dimension_names=[d or None for d in m["dims"]] if m["dims"] else None)


def check_documents(folder, manifest):
    """Every zarr.json must be what zarr-python writes for the same store, byte for byte."""
    ours, theirs = folder / "store.zarr", folder / "twin.zarr"
    root = zarr.open_group(theirs, mode="w", attributes=dict(zarr.open_group(ours, mode="r", use_consolidated=False).attrs))
    for path in sorted({m["path"].rsplit("/", 1)[0] for m in manifest}):
        root.create_group(path, attributes=dict(zarr.open_group(ours, path=path, mode="r", use_consolidated=False).attrs))
    for m in manifest:
        twin(root[m["path"].rsplit("/", 1)[0]], m)
    for path in sorted({m["path"].split("/")[0] for m in manifest}):
        zarr.consolidate_metadata(theirs, path=path)
    zarr.consolidate_metadata(theirs)
    documents = sorted(p.relative_to(theirs) for p in theirs.rglob("zarr.json"))
    assert documents == sorted(p.relative_to(ours) for p in ours.rglob("zarr.json")), documents
    for p in documents:
        assert (ours / p).read_text() == (theirs / p).read_text(), p


def check_xarray(folder, manifest):
    """A group whose dimensions have names opens as a dataset, from its consolidated metadata alone."""
    for group in sorted({m["path"].split("/")[0] for m in manifest}):
        ds = xarray.open_zarr(folder / "store.zarr", group=group, consolidated=True)
        for m in manifest:
            if m["path"].split("/")[0] == group:
                var = ds[m["path"].split("/")[1]]
                assert var.dims == ("cells",)
                same(var.values, np.fromfile(folder / m["values"], m["dtype"]))


def read(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    store = folder / "store.zarr"
    for consolidated in (True, False):
        root = zarr.open_group(store, mode="r", use_consolidated=consolidated)
        assert (root.metadata.consolidated_metadata is not None) == consolidated
        for m in manifest:
            check_array(folder, root[m["path"]], m)
    for m in manifest:
        top, rest = m["path"].split("/", 1)
        group = zarr.open_group(store, path=top, mode="r", use_consolidated=True)
        check_array(folder, group[rest], m)
    check_xarray(folder, [m for m in manifest if m["dims"] == ["cells"]])
    check_documents(folder, manifest)
    return len(manifest)


LITTLE, BIG = zarr.codecs.BytesCodec(endian="little"), zarr.codecs.BytesCodec(endian="big")
ZSTD, SUM = zarr.codecs.ZstdCodec(level=3), zarr.codecs.Crc32cCodec()


def sharded(chunk, codecs, location):
    index = [LITTLE, SUM] if location == "end" else [BIG]
    return zarr.codecs.ShardingCodec(chunk_shape=chunk, codecs=codecs, index_codecs=index, index_location=location)


VARIANTS = {  # name: (serializer, compressors), for shards of (6, 4) and inner chunks of (3, 2)
    "plain": (LITTLE, None),
    "big": (BIG, None),
    "zstd": (LITTLE, [ZSTD]),
    "zstd22": (LITTLE, [zarr.codecs.ZstdCodec(level=19, checksum=True)]),
    "gzip": (BIG, [zarr.codecs.GzipCodec(level=6)]),
    "sum": (LITTLE, [ZSTD, SUM]),
    "shard": (sharded((3, 2), [LITTLE, ZSTD], "end"), None),
    "start": (sharded((3, 2), [BIG, zarr.codecs.GzipCodec(level=1), SUM], "start"), None),
}


def some_values(rng, dtype, shape, fill):
    a = np.full(shape, fill, dtype)
    wanted = rng.random(shape) < 0.2
    if dtype.kind == "f":
        a[wanted] = rng.normal(size=wanted.sum()) * 1e3
    elif dtype.kind == "b":
        a[wanted] = ~a[wanted]
    else:
        a[wanted] = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, wanted.sum(), dtype, endpoint=True)
    return a


def write(folder):
    rng = np.random.default_rng(5)
    root = zarr.open_group(folder / "store.zarr", mode="w", attributes={"title": "tést"})
    manifest = []
    for name in "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64".split():
        dtype = np.dtype(name)
        group = root.create_group(name, attributes={"of": name})
        fill = {"f": np.nan, "u": np.iinfo(dtype).max if dtype.kind == "u" else 0, "b": True}.get(dtype.kind, -1)
        for variant, (serializer, compressors) in VARIANTS.items():
            values = some_values(rng, dtype, (13, 9), fill)
            arr = group.create_array(
                variant, shape=(13, 9), dtype=dtype, chunks=(6, 4), serializer=serializer, compressors=compressors,
                filters=None, fill_value=fill, dimension_names=("y", None), attributes={"n": 1},
                chunk_key_encoding={"name": "v2", "separator": "."} if variant == "gzip" else {"name": "default", "separator": "/"})
            arr[...] = values
            file = f"{name}-{variant}.bin"
            values.astype(dtype.newbyteorder("<")).tofile(folder / file)
            objects = sorted(str(p.relative_to(folder / "store.zarr" / name / variant))
                             for p in (folder / "store.zarr" / name / variant).rglob("*") if p.is_file())
            manifest.append({
                "path": f"{name}/{variant}", "dtype": name, "shape": [13, 9], "shard": [6, 4],
                "chunk": [3, 2] if variant in ("shard", "start") else [6, 4], "zstd": 0,
                "fill": np.asarray(fill, dtype.newbyteorder("<")).tobytes().hex(), "dims": ["y", ""], "attrs": {"n": 1},
                "objects": [o for o in objects if o != "zarr.json"], "values": file})
    zarr.consolidate_metadata(folder / "store.zarr")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return len(manifest)


if __name__ == "__main__":
    n = {"read": read, "write": write}[sys.argv[1]](pathlib.Path(sys.argv[2]))
    print(f"{n} arrays")
