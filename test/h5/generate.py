"""Writes HDF5 files of every kind that core/h5 is to read, for comparison with compare.py.

usage: generate.py OUTDIR [tiny]

One file for each range of library versions with all types, layouts, filters, groups and attributes, and some for what
belongs to a whole file: user blocks, paged space, shared messages, other sizes of addresses. With "tiny": files of a few
KB, the seeds of core/h5's fuzzing.
"""

import ctypes
import glob
import os
import sys

import h5py
import numpy as np

LIB = ctypes.CDLL(glob.glob(os.path.dirname(h5py.__file__) + "/../h5py.libs/libhdf5-*")[0])
for _name in ("H5Pset_shared_mesg_index", "H5Pset_shared_mesg_nindexes", "H5Pset_chunk_opts", "H5Pset_deflate", "H5Pset_istore_k",
              "H5Pset_sym_k", "H5Pset_sizes", "H5Tset_precision", "H5Tset_offset", "H5Pset_est_link_info", "H5Pset_fletcher32"):
    getattr(LIB, _name).argtypes = {
        "H5Pset_shared_mesg_index": [ctypes.c_int64, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint],
        "H5Pset_shared_mesg_nindexes": [ctypes.c_int64, ctypes.c_uint], "H5Pset_chunk_opts": [ctypes.c_int64, ctypes.c_uint],
        "H5Pset_deflate": [ctypes.c_int64, ctypes.c_uint], "H5Pset_istore_k": [ctypes.c_int64, ctypes.c_uint],
        "H5Pset_sym_k": [ctypes.c_int64, ctypes.c_uint, ctypes.c_uint], "H5Pset_sizes": [ctypes.c_int64, ctypes.c_size_t, ctypes.c_size_t],
        "H5Tset_precision": [ctypes.c_int64, ctypes.c_size_t], "H5Tset_offset": [ctypes.c_int64, ctypes.c_size_t],
        "H5Pset_est_link_info": [ctypes.c_int64, ctypes.c_uint, ctypes.c_uint], "H5Pset_fletcher32": [ctypes.c_int64],
    }[_name]

RNG = np.random.default_rng(1)
NUMBERS = [o + k + s for o in "<>" for k, sizes in (("i", "1248"), ("u", "1248"), ("f", "248")) for s in sizes if o == "<" or s != "1"]


def values(dtype, shape):
    dtype = np.dtype(dtype)
    n = int(np.prod(shape))
    if dtype.kind == "f":
        a = np.round(np.cumsum(RNG.normal(0, 1, n)), 3)
    else:
        info = np.iinfo(dtype)
        a = RNG.integers(max(info.min, -1000), min(info.max, 1000), n)
    return a.astype(dtype).reshape(shape)


def types(f):
    g = f.create_group("types")
    for t in NUMBERS:
        g["n" + t.replace("<", "le").replace(">", "be")] = values(t, (7, 3))
    g["bool"] = np.array([True, False, True])
    g["scalar"] = np.float32(1.5)
    g["empty"] = h5py.Empty("f8")
    g["none"] = np.zeros((0, 4), "i2")
    enum = h5py.enum_dtype({"RED": 3, "GREEN": -7, "A LONG NAME": 200}, basetype=">i2")
    g.create_dataset("enum", data=np.array([3, -7, 200, 3]), dtype=enum)
    inner = np.dtype([("x", ">f4"), ("tag", "S3")])
    comp = np.dtype([("a", "<i4"), ("pad", "u1"), ("in", inner), ("arr", "<f8", (2, 3)), ("deep", inner, (2,))], align=True)
    c = np.zeros((2, 5), comp)
    c["a"], c["pad"], c["arr"] = values("<i4", (2, 5)), 7, values("<f8", (2, 5, 2, 3))
    c["in"]["x"], c["in"]["tag"], c["deep"]["x"] = 2.5, b"ab", 4
    g["compound"] = c
    g["complex64"] = values("f4", (6,)).astype("c8")
    g["complex128"] = values("f8", (6,)).astype("c16")
    arr = h5py.h5t.array_create(h5py.h5t.STD_I16BE, (2, 3))
    d = h5py.h5d.create(g.id, b"array", arr, h5py.h5s.create_simple((4,)))
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, values("<i2", (4, 2, 3)), mtype=h5py.h5t.array_create(h5py.h5t.STD_I16LE, (2, 3)))
    v = g.create_dataset("vlen", (5,), dtype=h5py.vlen_dtype(np.dtype(">i2")))
    for i in range(4):
        v[i] = np.arange(i * 3)
    vc = g.create_dataset("vlen_long", (3,), dtype=h5py.vlen_dtype(np.dtype("f8")))
    vc[1] = values("f8", (9000,))
    vs = g.create_dataset("vlen_of_compound", (2,), dtype=h5py.vlen_dtype(np.dtype([("k", "i4"), ("f", "f4")])))
    vs[0] = np.array([(1, 2.5), (3, 4.5)], dtype=[("k", "i4"), ("f", "f4")])
    vcs = np.dtype([("id", "i8"), ("name", h5py.string_dtype()), ("v", h5py.vlen_dtype(np.dtype("u1")))])
    cv = np.zeros(3, vcs)
    for i in range(3):
        cv[i] = (i, "näme %d" % i, np.arange(i, dtype="u1"))
    g.create_dataset("compound_vlen", data=cv)
    g["strings"] = np.array([b"", b"abc", b"abcdef"], "S6")
    t = h5py.h5t.C_S1.copy()
    t.set_size(9)
    t.set_cset(h5py.h5t.CSET_UTF8)
    d = h5py.h5d.create(g.id, b"strings_utf8", t, h5py.h5s.create_simple((2,)))
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array(["é".encode(), "日本".encode()], "S9"), mtype=t)
    for k, pad in (("term", h5py.h5t.STR_NULLTERM), ("pad", h5py.h5t.STR_NULLPAD), ("space", h5py.h5t.STR_SPACEPAD)):
        t = h5py.h5t.C_S1.copy()
        t.set_size(8)
        t.set_strpad(pad)
        d = h5py.h5d.create(g.id, b"strings_" + k.encode(), t, h5py.h5s.create_simple((2,)))
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"xy", b"1234567"], "S8"))
    g.create_dataset("vstrings", data=["", "one", "zwölf", "x" * 5000], dtype=h5py.string_dtype())
    g.create_dataset("vstrings_ascii", data=[["a", "bb"], ["", "c"]], dtype=h5py.string_dtype("ascii"))
    g.create_dataset("vstring", data="a scalar", dtype=h5py.string_dtype())
    g["opaque"] = np.array([b"abc\0", b"\1\2\3\4"], "V4")
    g["datetime"] = np.array([1, 2, 3], "M8[us]").astype(h5py.opaque_dtype("M8[us]"))
    g.create_dataset("refs", data=np.array([g["bool"].ref, g.ref, h5py.Reference()], dtype=object), dtype=h5py.ref_dtype)
    rr = g.create_dataset("regions", (3,), dtype=h5py.regionref_dtype)
    rr[0], rr[1] = g["nle" + "i4"].regionref[1:3, :], g["nlef8"].regionref[0]
    g["committed"] = np.dtype([("x", "<f4"), ("y", "<f4")])
    g.create_dataset("of_committed", data=np.zeros(4, [("x", "f4"), ("y", "f4")]), dtype=g["committed"])
    g["of_committed"].attrs.create("again", np.ones(2, [("x", "f4"), ("y", "f4")]), dtype=g["committed"])
    for name, t in (("bits8", h5py.h5t.STD_B8LE), ("bits32", h5py.h5t.STD_B32BE)):
        d = h5py.h5d.create(g.id, name.encode(), t, h5py.h5s.create_simple((4,)))
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(4, dtype="u1" if "8" in name else ">u4"), mtype=t)


def layouts(f):
    g = f.create_group("layouts")
    a1, a2, a3 = values("i4", (1000,)), values("f8", (53, 47)), values("u2", (11, 13, 17))
    dcpl = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    dcpl.set_layout(h5py.h5d.COMPACT)
    d = h5py.h5d.create(g.id, b"compact", h5py.h5t.STD_I32LE, h5py.h5s.create_simple((100,)), dcpl)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, a1[:100])
    g["contiguous"] = a2
    g.create_dataset("unallocated", (10, 10), "f4", fillvalue=3.5)
    g.create_dataset("unallocated_chunked", (10, 10), "f4", fillvalue=-1, chunks=(3, 3))
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_chunk((4, 5))
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    d = h5py.h5d.create(g.id, b"implicit", h5py.h5t.IEEE_F64BE, h5py.h5s.create_simple((53, 47)), early)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, a2)
    for gz in (None, "gzip"):
        s = "_gzip" if gz else ""
        kw = dict(compression=gz)
        g.create_dataset("single" + s, data=a2, chunks=a2.shape, **kw)
        g.create_dataset("fixed" + s, data=a2, chunks=(10, 7), **kw)
        g.create_dataset("fixed_max" + s, data=a2, chunks=(10, 7), maxshape=(100, 60), **kw)
        g.create_dataset("fixed_paged" + s, data=values("i2", (5000,)), chunks=(2,), **kw)
        h = g.create_dataset("fixed_paged_holes" + s, (9000,), "i4", chunks=(2,), fillvalue=9, **kw)
        h[5000:5010] = 1
        g.create_dataset("ext" + s, data=a1, chunks=(13,), maxshape=(None,), **kw)
        g.create_dataset("ext_dim1" + s, data=a3, chunks=(3, 4, 5), maxshape=(11, None, 17), **kw)
        g.create_dataset("ext_dim2" + s, data=a3, chunks=(3, 4, 5), maxshape=(20, 13, None), **kw)
        e = g.create_dataset("ext_paged" + s, (40000,), "i2", chunks=(2,), maxshape=(None,), fillvalue=-3, **kw)
        e[0:6] = 1
        e[100:400] = 2
        e[3000:9000] = values("i2", (6000,))
        e[39000:39010] = 5
        g.create_dataset("btree2" + s, data=a3, chunks=(2, 3, 2), maxshape=(None, 13, None), **kw)
        b = g.create_dataset("btree2_deep" + s, (400, 200), "u1", chunks=(2, 2), maxshape=(None, None), **kw)
        b[...] = values("u1", (400, 200))
        sh = g.create_dataset("shrunk" + s, data=a2, chunks=(10, 7), maxshape=(None, None), **kw)
        sh.resize((21, 20))
        gr = g.create_dataset("grown" + s, data=a2, chunks=(10, 7), maxshape=(None, None), fillvalue=1.25, **kw)
        gr.resize((80, 70))
        holes = g.create_dataset("holes" + s, (100, 100), "f4", chunks=(9, 9), fillvalue=np.nan, **kw)
        holes[20:30, 40:95] = 1
    r = g.create_dataset("rank4", data=values("i2", (5, 4, 3, 6)), chunks=(2, 3, 3, 4), compression="gzip", shuffle=True)
    r[0, 0, 0, 0] = 1
    g.create_dataset("rank32", data=np.arange(4, dtype="i4").reshape((2, 2) + (1,) * 30))
    g.create_dataset("rank32_chunked", data=np.arange(16, dtype="i4").reshape((2,) * 4 + (1,) * 28), chunks=(1,) * 32)
    new = f.libver[1] not in ("earliest", "v108")
    for name, shape, mx in () if not new else (("edges", (53, 47), None), ("edges_ext", (53, 47), (None, 47)), ("edges_btree2", (53, 47), (None, None))):
        p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        p.set_chunk((10, 7))
        p.set_deflate(6)
        if LIB.H5Pset_chunk_opts(p.id, 2) < 0:
            raise OSError("H5Pset_chunk_opts")
        space = h5py.h5s.create_simple(shape, mx and tuple(h5py.h5s.UNLIMITED if m is None else m for m in mx))
        d = h5py.h5d.create(g.id, name.encode(), h5py.h5t.IEEE_F64LE, space, p)
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, a2)
    m = g.create_dataset("masked", (4, 10), "i4", chunks=(1, 10), shuffle=True, compression="gzip", fletcher32=True)
    m[0] = np.arange(10)
    m.id.write_direct_chunk((1, 0), np.arange(10, dtype="<i4").tobytes(), filter_mask=7)
    g.create_dataset("vlen_chunked", data=["a%d" % i * i for i in range(50)], dtype=h5py.string_dtype(), chunks=(7,), compression="gzip")
    if new:
        vl = h5py.VirtualLayout((4, 10), "i4")
        vl[0] = h5py.VirtualSource(m)[0]
        g.create_virtual_dataset("virtual", vl)


def filters(f):
    g = f.create_group("filters")
    g.create_dataset("shuffle", data=values("f8", (777,)), chunks=(100,), shuffle=True)
    for t in ("i2", "i4", "i8", "f4", "f8", ">f8", "S3", "S5"):
        a = values("i4", (777,)).astype("S").astype(t) if t[0] == "S" else values(t, (777,))
        for name, kw in (("gzip", dict(compression="gzip")), ("all", dict(compression="gzip", shuffle=True, fletcher32=True)),
                         ("lzf", dict(compression="lzf", shuffle=True)), ("sum", dict(fletcher32=True))):
            g.create_dataset("%s_%s" % (name, t.strip(">") + ("be" if ">" in t else "")), data=a, chunks=(100,), **kw)
    g.create_dataset("odd_sum", data=values("u1", (77,)), chunks=(11,), fletcher32=True)
    g.create_dataset("lzf_runs", data=np.repeat(values("i4", (40,)), 300), chunks=(5000,), compression="lzf")
    for t in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">i4"):
        g.create_dataset("so_" + t.strip(">") + ("be" if ">" in t else ""), data=values(t, (300,)), chunks=(64,), scaleoffset=0)
    g.create_dataset("so_wide", data=RNG.integers(-2**62, 2**62, 100), chunks=(64,), scaleoffset=0)
    g.create_dataset("so_same", data=np.full(100, 5, "i4"), chunks=(64,), scaleoffset=0)
    so = g.create_dataset("so_fill", (200,), "i4", chunks=(64,), scaleoffset=0, fillvalue=-99)
    so[10:150] = values("i4", (140,))
    for t in ("f4", "f8", ">f8"):
        g.create_dataset("so_" + t.strip(">") + ("be" if ">" in t else ""), data=values(t, (300,)), chunks=(64,), scaleoffset=2)
        s = g.create_dataset("so_fill_" + t.strip(">") + ("be" if ">" in t else ""), (300,), t, chunks=(64,), scaleoffset=3, fillvalue=-9999.5)
        s[20:200] = values(t, (180,))
    for name, base, bits, off in (("i17", h5py.h5t.STD_I32LE, 17, 0), ("u11", h5py.h5t.STD_U16BE, 11, 3), ("i5", h5py.h5t.STD_I8LE, 5, 2), ("i40", h5py.h5t.STD_I64BE, 40, 4)):
        t = base.copy()
        LIB.H5Tset_precision(t.id, bits)
        LIB.H5Tset_offset(t.id, off)
        a = RNG.integers(0, 15, (90,)) if base.get_sign() == 0 else RNG.integers(-15, 15, (90,))
        for kind in ("plain", "nbit"):
            p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            p.set_chunk((25,))
            if kind == "nbit":
                p.set_filter(5, 0, ())
            d = h5py.h5d.create(g.id, ("%s_%s" % (kind, name)).encode(), t, h5py.h5s.create_simple((90,)), p)
            d.write(h5py.h5s.ALL, h5py.h5s.ALL, a.astype("i8"))
    comp = h5py.h5t.create(h5py.h5t.COMPOUND, 24)
    t = h5py.h5t.STD_I32LE.copy()
    LIB.H5Tset_precision(t.id, 20)
    comp.insert(b"a", 0, t)
    comp.insert(b"s", 4, h5py.h5t.py_create(np.dtype("S4")))
    comp.insert(b"f", 8, h5py.h5t.IEEE_F32BE)
    comp.insert(b"v", 12, h5py.h5t.array_create(h5py.h5t.STD_U16LE, (3,)))
    p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    p.set_chunk((10,))
    p.set_filter(5, 0, ())
    d = h5py.h5d.create(g.id, b"nbit_compound", comp, h5py.h5s.create_simple((33,)), p)
    a = np.zeros(33, [("a", "i4"), ("s", "S4"), ("f", "f4"), ("v", "u2", (3,))])
    a["a"], a["s"], a["f"], a["v"] = values("i4", (33,)), b"xyz", values("f4", (33,)), values("u2", (33, 3))
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, a)


def groups(f):
    g = f.create_group("groups")
    for track in (False, True):
        big = g.create_group("three_hundred_%d" % track, track_order=track)
        for i in RNG.permutation(300):
            big.create_group("link %03d" % i)
        big["soft"] = h5py.SoftLink("link 001")
        big["a" * 1000] = h5py.SoftLink("b" * 2000)
        few = g.create_group("few_%d" % track, track_order=track)
        for n in "zebra", "ape", "é":
            few.create_group(n)
    many = g.create_group("many", track_order=False)
    first = many.create_group("first")
    for i in range(3000):
        many["hard %04d" % i] = first
    gone = g.create_group("gone")
    for i in range(200):
        gone["x%d" % i] = first
    for i in range(0, 200, 3):
        del gone["x%d" % i]
    g["soft_absolute"] = h5py.SoftLink("/groups/few_0/ape")
    g["soft_dangling"] = h5py.SoftLink("/nowhere")
    g["soft_cycle"] = h5py.SoftLink("soft_cycle")
    g["external"] = h5py.ExternalLink("other.h5", "/some/where")
    g["loop"] = g
    deep = g
    for i in range(40):
        deep = deep.create_group("d")


def attributes(f):
    g = f.create_group("attributes")
    for track in (False, True):
        d = g.create_dataset("dense_%d" % track, (2,), "i4", track_order=track)
        for i in RNG.permutation(60):
            d.attrs["attribute %02d" % i] = values("f8", (i % 5 + 1,))
    a = g.create_dataset("kinds", (2,), "i4").attrs
    a["int"], a["float"], a["be"] = 3, 2.5, values(">i4", (3, 2))
    a["text"], a["texts"], a["fixed"] = "häl", ["a", "", "ccc"], np.array([b"ab", b"c"], "S4")
    a["empty"], a["none"], a["bool"] = h5py.Empty("i2"), np.zeros((0,), "f4"), True
    a["compound"] = np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")])
    a["long name " * 30] = 1
    a["ref"] = g.ref
    a.create("vlen", np.array([np.arange(3), np.arange(5)], dtype=object), dtype=h5py.vlen_dtype("i4"))
    if f.libver[1] not in ("earliest", "v108"):
        b = g.create_group("huge", track_order=True).attrs
        for i in range(12):
            b["big%d" % i] = values("f8", (10000 + i,))
            b["small%d" % i] = i
    for i in range(20):
        f.attrs["root %d" % i] = "value %d" % i
    s = g.create_dataset("scale", data=np.arange(5.0))
    s.make_scale("the scale")
    for i in range(3):
        d = g.create_dataset("scaled%d" % i, data=np.arange(5.0))
        d.dims[0].attach_scale(s)


def everything(f):
    for make in (types, layouts, filters, groups, attributes):
        make(f)


def libraries(out):
    for low, high in (("earliest", "earliest"), ("earliest", "v108"), ("v108", "v108"), ("v110", "v110"), ("v112", "v112"), ("v114", "v114"), ("v200", "latest"), ("earliest", "latest")):
        try:
            f = h5py.File(os.path.join(out, "lib_%s_%s.h5" % (low, high)), "w", libver=(low, high))
        except ValueError:
            continue  # ranges must begin below their end
        with f:
            everything(f)


def created(out, name, change, fill, libver="latest", **kw):
    """A file with a changed creation property list."""
    fcpl = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    change(fcpl)
    fapl = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    low = {"earliest": h5py.h5f.LIBVER_EARLIEST, "latest": h5py.h5f.LIBVER_LATEST}[libver]
    fapl.set_libver_bounds(low, h5py.h5f.LIBVER_LATEST)
    with h5py.File(h5py.h5f.create(os.path.join(out, name + ".h5").encode(), h5py.h5f.ACC_TRUNC, fcpl, fapl)) as f:
        fill(f)


def must(code):
    if code < 0:
        raise OSError("HDF5 library refuses")


def files(out):
    for size in (512, 1024, 8192):
        for libver in ("earliest", "latest"):
            path = os.path.join(out, "userblock_%d_%s.h5" % (size, libver))
            with h5py.File(path, "w", libver=libver, userblock_size=size) as f:
                everything(f)
            with open(path, "r+b") as b:
                b.write(b"a user block")
    for strategy in ("page", "fsm", "aggregate", "none"):
        with h5py.File(os.path.join(out, "space_%s.h5" % strategy), "w", libver="latest", fs_strategy=strategy, fs_persist=strategy in ("page", "fsm"), fs_page_size=4096) as f:
            everything(f)
    # the library itself reads neither references of 4 bytes nor extensible arrays with lengths of 4
    created(out, "sizes_4_4", lambda p: must(LIB.H5Pset_sizes(p.id, 4, 4)), lambda f: (filters(f), groups(f)), "earliest")
    created(out, "sizes_4_8", lambda p: must(LIB.H5Pset_sizes(p.id, 4, 8)), lambda f: (layouts(f), filters(f), groups(f)))
    created(out, "ranks", lambda p: (must(LIB.H5Pset_sym_k(p.id, 3, 2)), must(LIB.H5Pset_istore_k(p.id, 4))), everything, "earliest")
    created(out, "ranks_new", lambda p: (must(LIB.H5Pset_sym_k(p.id, 3, 2)), must(LIB.H5Pset_istore_k(p.id, 4))), everything)

    def share(p):
        must(LIB.H5Pset_shared_mesg_nindexes(p.id, 2))
        must(LIB.H5Pset_shared_mesg_index(p.id, 0, 1 << 1 | 1 << 3 | 1 << 5 | 1 << 11, 10))
        must(LIB.H5Pset_shared_mesg_index(p.id, 1, 1 << 12, 10))
    created(out, "shared", share, everything)

    def packed(f):
        gcpl = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
        must(LIB.H5Pset_deflate(gcpl.id, 6))
        g = h5py.Group(h5py.h5g.create(f.id, b"packed", gcpl=gcpl))
        for i in range(500):
            g.create_group("a name that repeats itself %d" % i)
        g["soft"] = h5py.SoftLink("/" + "x" * 9000)
    created(out, "packed_links", lambda p: None, packed)
    with h5py.File(os.path.join(out, "native_complex.h5"), "w", libver="latest") as f:
        for i, t in enumerate((h5py.h5t.COMPLEX_IEEE_F32LE, h5py.h5t.COMPLEX_IEEE_F64BE)):
            d = h5py.h5d.create(f.id, b"c%d" % i, t, h5py.h5s.create_simple((4,)))
            d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(8, dtype="<f8").view("c16"), mtype=h5py.h5t.COMPLEX_IEEE_F64LE)


def tiny(out):
    def file(name, libver, fill):
        with h5py.File(os.path.join(out, name + ".h5"), "w", libver=libver, meta_block_size=256) as f:
            fill(f)

    def links(f):
        for i in range(12):
            f["soft%d" % i] = h5py.SoftLink("/soft%d" % (i + 1))
        f.create_group("g").attrs["a"] = "text"

    def chunks(f):
        kw = dict(compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("one", data=np.arange(30), chunks=(10,), **kw)
        f.create_dataset("two", data=np.arange(24, dtype=">i2").reshape(4, 6), chunks=(3, 4), maxshape=(None, 6), compression="lzf")
        f.create_dataset("both", data=np.arange(24, dtype="f4").reshape(4, 6), chunks=(2, 4), maxshape=(None, None), fillvalue=7)
        f.create_dataset("whole", data=np.arange(24, dtype="f4"), chunks=(24,), scaleoffset=1)

    def paged(f):
        d = f.create_dataset("fixed", (2100,), "i1", chunks=(1,), compression="lzf")
        d[1500:1510] = 1

    def kinds(f):
        v = f.create_dataset("vlen", (2,), h5py.vlen_dtype("i2"))
        v[0] = np.arange(3)
        f.create_dataset("text", data=["a", "bcd"], dtype=h5py.string_dtype())
        f["compound"] = np.zeros(2, [("a", "i4"), ("b", "S3"), ("c", "f8", (2,))])
        f["bool"] = np.array([True, False])
        f.create_dataset("refs", data=np.array([f.ref], dtype=object), dtype=h5py.ref_dtype)
        f["type"] = np.dtype("f2")

    def dense(f):
        f["x"] = 1.5
        for i in range(10):
            f["x"].attrs["a%d" % i] = i

    def nbit(f):
        p = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        p.set_chunk((5,))
        p.set_filter(5, 0, ())
        t = h5py.h5t.STD_I32LE.copy()
        LIB.H5Tset_precision(t.id, 17)
        d = h5py.h5d.create(f.id, b"n", t, h5py.h5s.create_simple((9,)), p)
        d.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(9, dtype="i8"))

    for libver in ("earliest", "latest"):
        for fill in (links, chunks, kinds, dense, nbit):
            file("%s_%s" % (fill.__name__, libver), libver, fill)
    file("paged_latest", "latest", paged)


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    if sys.argv[2:] == ["tiny"]:
        tiny(sys.argv[1])
        sys.exit()
    libraries(sys.argv[1])
    files(sys.argv[1])
