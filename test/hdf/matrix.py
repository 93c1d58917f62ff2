"""Writes the files that are walked through the service: those of test/h5 without its long listings, and what is peculiar to a
service. usage: matrix.py OUTDIR"""

import os
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "h5"))
import generate  # noqa: E402

NAMES = ["with space", "per%cent", "a%2Fb", "ques?tion", "ha#sh", "am&per", "pl+us", "equ=al", "semi;colon", "comma,", "[br]", "quo\"te", "apo'strophe", "back\\slash",
         "日本", "é", "tab\there", "~tilde", "co:lon", "value", "attributes", "links", "datasets", "g-1", "..x", "0", "-1", "{}", "*", "null", "NaN"]


def names(f):
    """What addresses of the web have a meaning for."""
    g = f.create_group("names")
    for i, n in enumerate(NAMES):
        d = g.create_dataset(n, data=np.arange(i + 1))
        d.attrs[n] = i
        g.attrs[n] = n
        f.create_group("groups of/" + n)["x"] = i
    f["links/soft with space"] = h5py.SoftLink("/names/with space")
    f["links/to %2F"] = h5py.SoftLink("/names/a%2Fb")
    f["links/out"] = h5py.ExternalLink("o ther%.h5", "/wh?ere")
    f["links/dangling"] = h5py.SoftLink("/nowhere/é")
    f["links/again"] = f["names/é"]
    f["committed type"] = np.dtype([("a", "<i4"), ("b", ">f8"), ("c", "S5")])
    f.create_dataset("of committed", (4,), dtype=f["committed type"])


def shapes(f):
    """Ranks, extents and edges."""
    g = f.create_group("shapes")
    for rank in range(1, 7):
        shape = tuple(range(2, 2 + rank))
        data = np.arange(int(np.prod(shape)), dtype="<i4").reshape(shape)
        g.create_dataset("contiguous%d" % rank, data=data)
        g.create_dataset("chunked%d" % rank, data=data, chunks=tuple(max(1, n - 1) for n in shape), maxshape=(None,) + shape[1:], compression="gzip")
    for shape in (0,), (3, 0), (0, 0, 2):
        g.create_dataset("zero" + "_".join(map(str, shape)), shape, "f8", chunks=tuple(max(n, 1) for n in shape), maxshape=(None,) * len(shape))
    g.create_dataset("sparse", (1 << 33, 7), "i2", chunks=(1 << 16, 7), fillvalue=-3)[5000:5004] = 9
    for t in ("i1", ">u8", "f2", ">f4", "S3", "?", "c8"):
        g.create_dataset("scalar " + t, data=np.ones((), t))
        g.create_dataset("filled " + t, (5,), t, fillvalue=np.ones((), t)[()])
        g.create_dataset("grown " + t, (5,), t, maxshape=(10,), chunks=(2,))
    g.create_dataset("special", data=np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308]))
    g.create_dataset("extremes", data=np.array([2**64 - 1, 2**63, 2**53 + 1, 0], "u8"))
    g.create_dataset("negative", data=np.array([-2**63, 2**63 - 1, -1], ">i8"))


def members(f):
    """Types within types."""
    g = f.create_group("members")
    deep = np.dtype([("x", [("y", [("z", ">i2"), ("s", "S2")])]), ("a", "<f4", (2,))])
    g.create_dataset("deep", data=np.zeros((3,), deep))
    both = np.dtype([("r", h5py.ref_dtype), ("s", h5py.string_dtype()), ("v", h5py.vlen_dtype(np.dtype("<f4"))), ("n", "<i4")])
    d = g.create_dataset("indirect", (3,), both)
    d[0] = (g.ref, "one", np.arange(2, dtype="<f4"), 1)
    d[1] = (d.ref, "", np.arange(0, dtype="<f4"), 2)
    v = g.create_dataset("lists of references", (3,), h5py.vlen_dtype(h5py.ref_dtype))
    v[1] = np.array([g.ref, d.ref], h5py.ref_dtype)
    t = g.create_dataset("table", data=np.array([(i, i / 4, b"n%d" % (i % 3)) for i in range(50)], [("id", "<u8"), ("x", "<f8"), ("name", "S4")]))
    e = h5py.enum_dtype({"A": 0, "B": 1, "FALSE": 2}, "u1")
    g.create_dataset("enum", data=np.array([0, 1, 2, 1], "u1"), dtype=e)
    for o in (g, t):
        o.attrs.create("enum", np.array([2, 0], "u1"), dtype=e)
        o.attrs.create("array", np.zeros((3, 2), "i4"), dtype=np.dtype(("<i4", (2,))), shape=(3, 2))
        o.attrs["texts"] = np.array(["a", "", "ü", "x" * 300], h5py.string_dtype())
        o.attrs["refs"] = np.array([g.ref, t.ref], h5py.ref_dtype)
        o.attrs["table"] = np.array([(1, 2.5, b"n")], t.dtype)
        o.attrs["cube"] = np.arange(24, dtype=">i2").reshape(2, 3, 4)
        o.attrs["special"] = [np.nan, np.inf, -0.0]
        o.attrs["big"] = np.uint64(2**64 - 1)
        o.attrs["opaque"] = np.void(b"\x00\xff\x01")


def main(out):
    os.makedirs(out)
    with h5py.File(os.path.join(out, "kinds.h5"), "w", libver="latest") as f:
        for make in (generate.types, generate.layouts, generate.filters, generate.attributes):
            make(f)
    with h5py.File(os.path.join(out, "service.h5"), "w", libver="earliest") as f:
        for make in (names, shapes, members):
            make(f)


if __name__ == "__main__":
    main(sys.argv[1])
