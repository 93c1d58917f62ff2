"""What programs use h5pyd for beside reading whole objects, compared with h5py. usage: highlevel.py DOMAIN FILE

The file is service.h5 of matrix.py.
"""

import sys

import h5py
import numpy as np

import h5pyd

domain, path = sys.argv[1:]
OLD = h5pyd.__version__.startswith("0.")
ours, theirs = h5pyd.File(domain, "r"), h5py.File(path, "r")
done = []


def check(what, mine, want):
    if isinstance(want, np.ndarray):
        assert np.array_equal(mine, want), (what, mine, want)
    else:
        assert mine == want, (what, mine, want)
    done.append(what)


def raises(what, kind, f, *args, **kw):
    try:
        f(*args, **kw)
    except kind:
        done.append(what)
        return
    raise AssertionError(what)


# Groups.
for name in ("/", "/names", "/shapes", "/links"):
    a, b = ours[name], theirs[name]
    check("keys", sorted(a.keys()), sorted(b.keys()))
    check("len", len(a), len(b))
    check("name", a.name, b.name)
    check("attrs", sorted(a.attrs.keys()), sorted(b.attrs.keys()))
    check("attrs len", len(a.attrs), len(b.attrs))
check("in", ["names" in ours, "names/é" in ours, "nope" in ours, "names/nope" in ours], [True, True, False, False])
check("parent", ours["names/é"].parent.name, "/names")
check("items", sorted(k for k, _ in ours["shapes"].items()), sorted(k for k, _ in theirs["shapes"].items()))
check("get", ours.get("nope", default=3), 3)
check("getclass", ours["names"].get("é", getclass=True).__name__, "Dataset")
check("soft link", ours["links"].get("soft with space", getlink=True).path, "/names/with space")
check("soft link followed", ours["links"]["soft with space"][...], theirs["links/soft with space"][...])
check("external link", (lambda x: (x.filename, x.path))(ours["links"].get("out", getlink=True)), ("o ther%.h5", "/wh?ere"))
raises("dangling", (KeyError, OSError), lambda: ours["links"]["dangling"])
raises("missing", KeyError, lambda: ours["nope"])
raises("missing attribute", KeyError, lambda: ours["names"].attrs["nope"])
check("same object", ours["links/again"].id.id, ours["names/é"].id.id)
check("equal", ours["links/again"] == ours["names/é"], True)
found, wanted = [], []
ours["shapes"].visit(lambda n: found.append(n))
theirs["shapes"].visit(lambda n: wanted.append(n))
last = lambda names: sorted({n.split("/")[-1] for n in names} - {"shapes", "members"})  # noqa: E731 — the client begins with the group itself
check("visit", last(found), last(wanted))
found, wanted = [], []
ours["members"].visititems(lambda n, o: found.append((n, type(o).__name__.replace("Table", "Dataset"))))
theirs["members"].visititems(lambda n, o: wanted.append((n, type(o).__name__)))
check("visititems", sorted((n.split("/")[-1], k) for n, k in found if k == "Dataset"), sorted((n, k) for n, k in wanted if k == "Dataset"))

# Datasets.
for name in ("chunked2", "contiguous3", "chunked6", "special", "extremes", "zero3_0", "scalar f2"):
    a, b = ours["shapes"][name], theirs["shapes"][name]
    for p in ("shape", "dtype", "ndim", "size", "chunks", "compression", "compression_opts", "shuffle", "fletcher32", "scaleoffset"):
        if p == "chunks" and b.chunks is None:
            continue  # a service says in what pieces to read
        check(p, getattr(a, p), getattr(b, p))
a, b = ours["shapes/chunked3"], theirs["shapes/chunked3"]
for args in ((0,), (-1,), (Ellipsis, 1), (slice(None), 1, slice(None, None, 2)), (slice(0, 2), [0, 2], slice(None)), (np.s_[1:2, ::2, 3:4])):
    check("getitem", np.asarray(a[args]).tolist(), np.asarray(b[args]).tolist())
mask = np.arange(24).reshape(2, 3, 4) % 5 == 0
check("mask", a[mask].tolist(), b[mask].tolist())
buffer = np.zeros((2, 3, 4), "<i4")
a.read_direct(buffer)
check("read_direct", buffer, b[...])
if not OLD:
    check("astype", ours["shapes/chunked1"].astype("f8")[...].tolist(), theirs["shapes/chunked1"].astype("f8")[...].tolist())
check("iterate", [x.tolist() for x in ours["shapes/contiguous2"]], [x.tolist() for x in theirs["shapes/contiguous2"]])
check("fillvalue", ours["shapes/sparse"].fillvalue, -3)
check("a slab of 120 GB", ours["shapes/sparse"][4998:5006, 2].tolist(), theirs["shapes/sparse"][4998:5006, 2].tolist())
for bad in ((0, 0, 0, 0), (99,), (slice(0, 3, -1),)):
    raises("bad selection", (ValueError, TypeError, IndexError), lambda: a[bad])

# Tables.
t, rows = ours["members/table"], theirs["members/table"][...]
check("fields", t["x"].tolist(), rows["x"].tolist())
check("two fields", t["id", "name"].tolist(), rows[["id", "name"]].tolist())
check("rows", t[10:20:3].tolist(), rows[10:20:3].tolist())
if OLD:  # 1.0 does not expect the number of a row before it, which HSDS 0.9.4 gives
    got = t.read_where("x > 3.0")
    check("read_where", [tuple(r)[-3:] for r in got], [tuple(r) for r in rows[rows["x"] > 3]])
    got = t.read_where("(x > 3.0) & (id < 20)", limit=2)
    check("read_where with a limit", len(got), 2)

# The file.
check("mode", ours.mode, "r")
raises("no such file", (IOError, OSError), h5pyd.File, "/none.h5", "r")
raises("not to be written", (IOError, OSError), h5pyd.File, domain, "r+") if not OLD else done.append("r+ is tried by the first write")
raises("not to be made", (IOError, OSError), h5pyd.File, "/new.h5", "w")
raises("not to be changed", Exception, lambda: ours.create_group("x"))
folder = h5pyd.Folder(domain.rsplit("/", 1)[0] + "/")
check("folder", domain.rsplit("/", 1)[1] in list(folder), True)
check("server", h5pyd.getServerInfo()["state"], "READY")
check("is_hdf5", h5pyd.is_hdf5(domain), True)
print(h5pyd.__version__, len(done), "checks")
