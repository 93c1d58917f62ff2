"""Create, fill, change and delete a domain with h5pyd, and check what is read: edit.py DOMAIN make|check

"make" leaves a domain behind that "check" reads, with another version of h5pyd or through another service. What a version of the
client cannot do is left out.
"""
import os
import sys
import h5pyd
import numpy as np

BUCKET = os.environ["HS_BUCKET"]  # h5pyd 1.0.0 does not send it to HSDS by itself, which then knows no such domain

OLD = h5pyd.version.version.startswith("0.")


def values():
    r = np.random.default_rng(7)
    return {
        "i4": np.arange(1000, dtype="<i4").reshape(100, 10),
        "f8be": r.normal(size=(30, 40)).astype(">f8"),
        "f2": np.linspace(0, 1, 50, dtype="<f2"),
        "u8": np.array([0, 2**64 - 1, 2**53 + 1], dtype="<u8"),
        "b": np.array([True, False, True]),
        "c": np.array([1 + 2j, 3 - 4j], dtype="<c16"),
        "cmp": np.array([(i, i / 2, b"x%d" % i) for i in range(20)], dtype=[("a", "<i4"), ("b", "<f8"), ("s", "S5")]),
    }


def make(name):
    f = h5pyd.File(name, "w", bucket=BUCKET)
    f.attrs["title"] = "été"
    f.attrs["n"] = np.arange(5, dtype="i8")
    f.attrs["nan"] = float("nan")
    f.attrs["old"] = 1
    g = f.create_group("g")
    g.attrs["x"] = 2.5
    f.create_group("gone/sub")
    for k, v in values().items():
        f.create_dataset(k, data=v)
    for k, kw in {"gz": dict(compression="gzip", shuffle=True), "lz4": dict(compression="lz4"), "plain": {}}.items():
        d = g.create_dataset(k, shape=(100, 80), dtype="i4", chunks=(32, 32), maxshape=(None, 80), fillvalue=-1, **kw)
        d[10:60, 5:50] = np.arange(50 * 45).reshape(50, 45)
    s = f.create_dataset("str", shape=(6,), dtype=h5pyd.special_dtype(vlen=str))
    s[1:4] = np.array(["a", "ünï", ""], dtype=object)
    f["soft"] = h5pyd.SoftLink("/g/gz")
    f["ext"] = h5pyd.ExternalLink("/home/other.h5", "/x")
    f["hard"] = f["i4"]
    f.flush()
    f.close()
    f = h5pyd.File(name, "a", bucket=BUCKET)
    f["i4"][3:50:4, 2] = -np.arange(12, dtype="i4")
    f["i4"][99] = 7
    f["cmp"]["a"] = np.arange(20, dtype="i4") * 10
    for k in ("gz", "lz4", "plain"):
        d = f["g/" + k]
        d.resize((40, 80))
        d.resize((120, 80))
        d[119] = np.arange(80)
    f.attrs["title"] = "changed"
    del f.attrs["old"]
    f.flush()
    del f["gone"]
    del f["b"]
    f.close()


def check(name):
    f = h5pyd.File(name, "r", bucket=BUCKET)
    assert f.attrs["title"] == "changed", f.attrs["title"]
    assert list(f.attrs["n"]) == [0, 1, 2, 3, 4] and np.isnan(f.attrs["nan"]) and "old" not in f.attrs
    assert f["g"].attrs["x"] == 2.5
    want = values()
    want["i4"][3:50:4, 2] = -np.arange(12)
    want["i4"][99] = 7
    want["cmp"]["a"] = np.arange(20) * 10
    del want["b"]
    for k, v in want.items():
        got = f[k][...]
        if k == "c" and got.dtype.names:  # h5pyd leaves complex numbers as they are kept
            got = got["r"] + 1j * got["i"]
        assert got.dtype == v.dtype and np.array_equal(got, v), (k, got, v)
    a = np.full((120, 80), -1, "i4")
    a[10:60, 5:50] = np.arange(50 * 45).reshape(50, 45)
    a[40:] = -1
    a[119] = np.arange(80)
    for k in ("gz", "lz4", "plain"):
        got = f["g/" + k][...]
        assert np.array_equal(got, a), (k, np.argwhere(got != a)[:5], got[got != a][:5])
    text = [x if isinstance(x, str) else (x or b"").decode() if x != 0 else "" for x in f["str"][...]]
    assert text == ["", "a", "ünï", "", "", ""], text
    assert sorted(f) == sorted([k for k in want] + ["g", "str", "soft", "ext", "hard"]), sorted(f)
    assert f["hard"].id.id == f["i4"].id.id
    assert f["soft"].shape == (120, 80)
    try:
        assert f.get("ext", getlink=True).path == "/x"
    except KeyError:
        assert OLD  # it does not know the name by which HSDS 1.0 gives the other file
    f.close()


{"make": make, "check": check}[sys.argv[2]](sys.argv[1])
print("ok", sys.argv[2], h5pyd.version.version)
