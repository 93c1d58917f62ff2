"""Types by layouts, filters and ranks, written and read back with h5pyd: matrix.py DOMAIN make|check

"make" leaves a domain that "check" reads with another version of h5pyd or through another service, against the same values made
anew. What a version of the client cannot send is left out by both.
"""
import os
import sys

import h5pyd
import numpy as np

BUCKET = os.environ["HS_BUCKET"]  # h5pyd 1.0.0 does not send it to HSDS by itself, which then knows no such domain

R = np.random.default_rng


def scalar_types():
    for order in "<>":
        for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
            yield order + kind, np.dtype(order + kind)
    yield "S7", np.dtype("S7")
    yield "compound", np.dtype([("a", "<i4"), ("b", ">f8"), ("s", "S3"), ("n", [("x", "u1"), ("y", "<f4")])])
    yield "enum", h5pyd.special_dtype(enum=("i2", {"a": 0, "b": 1, "c": -5}))
    yield "bool", np.dtype(bool)


def values(dtype, shape, seed):
    r = R(seed)
    if h5pyd.check_dtype(enum=dtype):
        return r.choice(np.array([0, 1, -5], dtype="i2"), shape)
    if dtype.names:
        out = np.zeros(shape, dtype)
        for name in dtype.names:
            out[name] = values(dtype[name], shape, seed + 1)
        return out
    if dtype.kind == "b":
        return r.integers(0, 2, shape).astype(bool)
    if dtype.kind == "S":
        return np.array([b"x" * int(k) for k in r.integers(0, dtype.itemsize + 1, int(np.prod(shape)))], dtype).reshape(shape)
    if dtype.kind == "f":
        out = r.normal(size=shape).astype(dtype)
        if out.size > 3:
            out.flat[0], out.flat[1], out.flat[2] = np.nan, np.inf, -0.0
        return out
    info = np.iinfo(dtype)
    return r.integers(info.min, info.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)


SHAPES = {"0": (), "1": (37,), "2": (11, 13), "3": (5, 4, 7), "4": (3, 2, 4, 5), "none": (0, 4), "one": (1, 1)}
LAYOUTS = {
    "plain": {},
    "chunks": {"chunks": 3},
    "gzip": {"chunks": 4, "compression": "gzip", "compression_opts": 6},
    "shuffled": {"chunks": 4, "compression": "gzip", "shuffle": True},
    "lz4": {"chunks": 4, "compression": "lz4", "shuffle": True},
    "grows": {"chunks": 4, "maxshape": True, "compression": "gzip"},
    "fill": {"chunks": 3, "fillvalue": 7},
}


def cases():
    seed = 0
    for type_name, dtype in scalar_types():
        for rank, shape in SHAPES.items():
            for layout, how in LAYOUTS.items():
                seed += 1
                how = dict(how)
                if "chunks" in how:
                    if not shape or 0 in shape:
                        continue
                    how["chunks"] = tuple(min(how["chunks"], n) for n in shape)
                if how.pop("maxshape", False):
                    how["maxshape"] = (None,) + shape[1:]
                if "fillvalue" in how and (dtype.kind not in "iuf" or h5pyd.check_dtype(enum=dtype)):
                    continue
                yield f"{type_name}/{rank}/{layout}".replace("<", "l").replace(">", "b"), dtype, shape, how, seed


def texts(shape, seed):
    r = R(seed)
    out = np.empty(shape, object)
    for i in np.ndindex(shape):
        out[i] = "ü" * int(r.integers(0, 5)) + "x" * int(r.integers(0, 9))
    return out


def parts(shape, seed):
    """A slab of an array that is written once more with other values."""
    r = R(seed)
    return tuple(slice(int(a), int(r.integers(a, n)) + 1) for n, a in ((n, r.integers(0, n)) for n in shape))


def want(dtype, shape, how, seed):
    a = values(dtype, shape, seed)
    if shape and 0 not in shape:
        at = parts(shape, seed)
        a[at] = values(dtype, shape, seed + 1000)[at]
    return a


def make(name):
    f = h5pyd.File(name, "w", bucket=BUCKET)
    for n, (path, dtype, shape, how, seed) in enumerate(every()):
        d = f.create_dataset(path, shape=shape, dtype=dtype, **how)
        if 0 not in shape:
            d[...] = values(dtype, shape, seed)
        if shape and 0 not in shape:
            at = parts(shape, seed)
            d[at] = values(dtype, shape, seed + 1000)[at]
        d.attrs["v"] = values(np.dtype("<i4"), (3,), seed)
        if n % 50 == 49:
            f.flush()
    for shape in ((5,), (3, 4)):
        d = f.create_dataset(f"text/{len(shape)}", shape=shape, dtype=h5pyd.special_dtype(vlen=str), chunks=tuple(min(n, 2) for n in shape))
        d[...] = texts(shape, 5)
    f.flush()
    f.close()


def every():
    one = SLICE
    return [c for i, c in enumerate(cases()) if i % one == 0]


def same(a, b):
    if a.dtype.names:
        return all(same(a[n], b[n]) for n in a.dtype.names)
    if a.dtype.kind == "f":
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return np.array_equal(a, b)


def check(name):
    f = h5pyd.File(name, "r", bucket=BUCKET)
    wrong = []
    for path, dtype, shape, how, seed in every():
        w = np.asarray(want(dtype, shape, how, seed))
        got = np.asarray(f[path][...]) if 0 not in shape else np.zeros(shape, dtype)
        if got.shape != w.shape or got.dtype.itemsize != w.dtype.itemsize or not same(got, w):
            wrong.append((path, got.dtype, w.dtype, got.flat[:3], w.flat[:3]))
        if not np.array_equal(f[path].attrs["v"], values(np.dtype("<i4"), (3,), seed)):
            wrong.append((path, "attribute"))
    for shape in ((5,), (3, 4)):
        got = [x.decode() if isinstance(x, bytes) else x or "" for x in f[f"text/{len(shape)}"][...].flat]
        if got != list(texts(shape, 5).flat):
            wrong.append(("text", got))
    assert not wrong, (len(wrong), wrong[:8])
    f.close()


SLICE = int(sys.argv[3]) if len(sys.argv) > 3 else 1
{"make": make, "check": check}[sys.argv[2]](sys.argv[1])
print("ok", sys.argv[2], len(every()), h5pyd.version.version)
