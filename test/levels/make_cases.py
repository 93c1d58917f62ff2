#!/usr/bin/env python3
"""Make HDF5 files with the peculiarities that granules can have, and say in cases.json what reading them gives.

usage: python make_cases.py OUTDIR        (h5py, numpy)

Each case: the file's name, the layout and query (as JSON for the test), and either rows, a list of
[group, lon, lat, values...] with NaN as null, or error, a part of the error's text.
"""
import json
import os
import sys

import h5py
import numpy as np

OUT = sys.argv[1]
CASES = []
N = 10
LAT = np.linspace(10, 19, N)
LON = np.linspace(-4, 5, N)


def file(name, build, libver=("earliest", "v110")):
    with h5py.File(os.path.join(OUT, name), "w", libver=libver) as f:
        build(f)
    return name


def columns(f, group="", n=N, dtype="f8", **more):
    g = f.require_group(group or "/")
    g["lat"], g["lon"] = LAT[:n].astype(dtype), LON[:n].astype(dtype)
    for name, data in more.items():
        g[name] = data


def case(name, build, layout=None, query=None, rows=None, error=None, code=None, stats=None, fills=None):
    layout = {"latitude": "lat", "longitude": "lon", **(layout or {})}
    CASES.append({"name": name, "file": file(name.replace(" ", "_") + ".h5", build), "layout": layout, "query": query or {},
                  "rows": rows, "error": error, "code": code, "stats": stats, "fills": fills})


def plain(*values, keep=slice(None), group="", lat=LAT, lon=LON):
    """Rows as the reader should give them."""
    index = np.arange(len(lat))[keep]
    return [[group, float(lon[i]), float(lat[i])] + [None if np.isnan(v[i]) else float(v[i]) for v in values] for i in index]


def column(name, path=None, element=-1):
    return {"name": name, "path": path or name, "element": element}


def fill_cases():
    v = np.arange(N, dtype="f4")
    layout, query = {"columns": [column("v")]}, {"columns": ["v"]}

    def fill(build):
        def make(f):
            columns(f)
            build(f)
        return make

    def attribute(value, dtype="f4", data=v, **kw):
        def build(f):
            f.create_dataset("v", data=data.astype(dtype), **kw).attrs["_FillValue"] = value
        return fill(build)

    case("no fill", fill(lambda f: f.create_dataset("v", data=v)), layout, query, plain(v), fills=[None])
    case("attribute", attribute(np.float32(3)), layout, query, plain(v), fills=[3])
    case("attribute in a list", attribute(np.array([3], "f4")), layout, query, plain(v), fills=[3])
    case("attribute of another type", attribute(np.float64(-9999), "i2"), layout, query, plain(v), fills=[-9999])
    case("attribute that does not fit", attribute(np.float64(-9999), "i1"), layout, query, plain(v), fills=[None])
    case("attribute that is text", attribute("none"), layout, query, error='attribute _FillValue is the text "none"', code="unsupported")
    case("attribute without an element", attribute(np.array([], "f4")), layout, query, plain(v), fills=[None])
    case("attribute zero", attribute(np.float32(0)), layout, query, plain(v), fills=[0])
    case("big endian attribute", attribute(np.array(3, ">f4"), ">f4"), layout, query, plain(v), fills=[3])
    case("own fill value", fill(lambda f: f.create_dataset("v", data=v, fillvalue=7)), layout, query, plain(v), fills=[7])
    case("both", attribute(np.float32(7), fillvalue=7), layout, query, plain(v), fills=[7])
    case("NaN", attribute(np.float32("nan")), layout, query, plain(v), fills=["NaN"])

    def unwritten(f):
        columns(f)
        d = f.create_dataset("v", (N,), "f4", chunks=(4,), fillvalue=-1)
        d[4:8] = v[4:8]
    case("chunks never written", unwritten, layout, query, plain(np.where((v >= 4) & (v < 8), v, -1)), fills=[-1])


def axis_cases():
    m = np.arange(3 * N, dtype="i4").reshape(N, 3)

    def matrix(f):
        columns(f)
        f.create_dataset("m", data=m, chunks=(4, 2), compression="gzip", fillvalue=-5)
    two = {"columns": [column("a", "m", 0), column("c", "m", 2)]}
    case("two columns of a matrix", matrix, two, {"columns": ["c", "a"]}, plain(m[:, 2], m[:, 0]), fills=[-5, -5])
    case("filter on a column of a matrix", matrix, two, {"columns": ["a"], "filters": [{"column": "/m", "element": 1, "op": "gt", "values": [10]}]},
         plain(m[:, 0], keep=m[:, 1] > 10))
    case("filter by the name of a column of a matrix", matrix, two, {"columns": ["a"], "filters": [{"column": "c", "element": -1, "op": "le", "values": [5]}]},
         plain(m[:, 0], keep=m[:, 2] <= 5))
    case("column beyond the matrix", matrix, {"columns": [column("a", "m", 3)]}, {"columns": ["a"]}, error="there is no column 3 along a second axis", code="invalid")
    case("matrix as a column", matrix, {"columns": [column("a", "m")]}, {"columns": ["a"]}, error="has shape [10 3]; a column needs one axis", code="invalid")
    case("three axes", lambda f: columns(f, v=np.zeros((N, 2, 2))), {"columns": [column("v", "v", 0)]}, {"columns": ["v"]}, error="has shape [10 2 2]", code="invalid")
    case("scalar", lambda f: columns(f, v=1.5), {"columns": [column("v")]}, {"columns": ["v"]}, error="has shape []", code="invalid")
    case("coordinates with two axes", lambda f: (columns(f), f.create_dataset("lat2", data=LAT.reshape(N, 1))), {"latitude": "lat2"}, error="have shape [10 1]", code="unsupported")
    case("other length", lambda f: columns(f, v=np.zeros(N - 1)), {"columns": [column("v")]}, {"columns": ["v"]}, error="/v has 9 rows where /lat has 10", code="invalid")
    case("longitudes of other length", lambda f: (columns(f), f.create_dataset("lon2", data=LON[:4])), {"longitude": "lon2"}, error="/lon2 has 4 rows where /lat has 10", code="invalid")
    case("null dataspace", lambda f: columns(f, v=h5py.Empty("f4")), {"columns": [column("v")]}, {"columns": ["v"]}, error="has shape []", code="invalid")


def type_cases():
    v = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for dtype in ["i1", "<i2", ">i2", "<i4", ">i8", "u1", ">u2", "<u4", "<u8", "f2", ">f4", "f8", ">f8"]:
        case("type " + dtype.replace("<", "l").replace(">", "b"), lambda f, d=dtype: columns(f, v=v.astype(d)), {"columns": [column("v")]},
             {"columns": ["v"], "filters": [{"column": "v", "element": -1, "op": "not_in", "values": [0, 3, 5.5]}]}, plain(v, keep=~np.isin(v, [0, 3])))
    case("bool", lambda f: columns(f, v=v > 4), {"columns": [column("v")]},
         {"columns": ["v"], "filters": [{"column": "v", "element": -1, "op": "eq", "values": [1]}]}, plain(np.ones(N), keep=v > 4))
    case("float32 coordinates", lambda f: columns(f, dtype="f4"), rows=plain(lat=LAT.astype("f4"), lon=LON.astype("f4")))
    case("big endian coordinates", lambda f: columns(f, dtype=">f8"), rows=plain())
    case("integer coordinates", lambda f: columns(f, dtype="i4"), error="coordinates are int32; they must be floating-point degrees", code="invalid")
    text = np.array([b"a"] * N)
    case("text", lambda f: columns(f, v=text), {"columns": [column("v")]}, {"columns": ["v"]}, error="column v holds text", code="unsupported")
    case("variable text", lambda f: f.create_dataset("v", data=["a"] * N) and columns(f), {"columns": [column("v")]}, {"columns": ["v"]}, error="v", code="unsupported")
    case("filter on text", lambda f: columns(f, v=text), query={"filters": [{"column": "/v", "element": -1, "op": "eq", "values": [1]}]}, error="holds text", code="unsupported")
    case("compound", lambda f: columns(f, v=np.zeros(N, [("a", "f4"), ("b", "i2")])), {"columns": [column("v")]}, {"columns": ["v"]}, error="v")
    case("group as dataset", lambda f: (columns(f), f.create_group("v")), {"columns": [column("v")]}, {"columns": ["v"]}, error="v", code="invalid")


def group_cases():
    layout = {"groups": ["a", "b"], "latitude": "{group}/lat", "longitude": "{group}/lon"}
    both = plain(group="a") + plain(group="b", lat=LAT[:4], lon=LON[:4])

    def two(f):
        columns(f, "a")
        columns(f, "b", 4)
    case("two groups", two, layout, rows=both, stats={"rows": 14})
    case("order of groups is the layout's", two, {**layout, "groups": ["b", "a"]}, rows=both[N:] + both[:N])
    case("one group missing", lambda f: columns(f, "b", 4), layout, rows=both[N:], stats={"rows": 4, "missing": ["a"]})
    case("a group that is there and holds nothing", lambda f: (columns(f, "b", 4), f.create_group("a")), layout, rows=both[N:], stats={"rows": 4, "missing": ["a"]})
    case("empty group", lambda f: (columns(f, "a", 0), columns(f, "b", 4)), layout, rows=both[N:], stats={"rows": 4, "empty": ["a"]})
    case("all empty", lambda f: (columns(f, "a", 0), columns(f, "b", 0)), layout, rows=[], stats={"rows": 0, "empty": ["a", "b"]})
    case("all missing", lambda f: columns(f, "c"), layout, error="none of the groups [a b] has the dataset {group}/lat", code="not found")
    case("some datasets", lambda f: (columns(f, "b"), f.create_dataset("a/lat", data=LAT)), layout, error="dataset /a/lon does not exist, though others of its group do", code="not found")
    case("empty extensible group", lambda f: [f.create_dataset("a/" + k, (0,), "f8", maxshape=(None,), chunks=(100,)) for k in ("lat", "lon")] and columns(f, "b", 4),
         layout, rows=both[N:], stats={"rows": 4, "empty": ["a"]})
    case("a group deep down", lambda f: columns(f, "x/y/z"), {"groups": ["x/y/z"], "latitude": "/{group}/lat", "longitude": "/{group}/lon"}, rows=plain(group="x/y/z"))
    case("linked group", lambda f: (columns(f, "real"), f.__setitem__("a", h5py.SoftLink("/real"))), {**layout, "groups": ["a"]}, rows=plain(group="a"))


def coordinate_cases():
    lat, lon = LAT.copy(), LON.copy()
    lat[1], lat[2], lat[3], lat[4] = np.nan, 90.5, -np.inf, 1e38
    lon[4], lon[5], lon[6], lon[7] = np.nan, np.nan, np.inf, 725.0  # more than a turn is no position

    def build(f):
        f["lat"], f["lon"] = lat, lon
        f["v"] = np.arange(N)
    good = np.isfinite(lat) & (np.abs(lat) <= 90) & (np.abs(lon) <= 360)
    case("bad coordinates", build, {"columns": [column("v")]}, {"columns": ["v"]}, plain(np.arange(N), keep=good, lat=lat, lon=lon), stats={"rows": N, "invalid": 7})
    box = {"planar": True, "polygons": [[[[-5, 0], [8, 0], [8, 60], [-5, 60]]]]}
    case("bad coordinates in a region", build, {"columns": [column("v")]}, {"columns": ["v"], "region": box}, plain(np.arange(N), keep=good, lat=lat, lon=lon),
         stats={"rows": N, "invalid": 7})
    case("poles", lambda f: (f.create_dataset("lat", data=[90.0, -90.0, 89.9]), f.create_dataset("lon", data=[0.0, 10.0, -320.0])),
         query={"region": {"polygons": [[[[77, 90]]]], "margin": 50e3}}, rows=[["", 0, 90], ["", -320, 89.9]])
    case("antimeridian", lambda f: (f.create_dataset("lat", data=[0.0, 0.0, 0.0, 0.0, 0.0]), f.create_dataset("lon", data=[179.5, -179.5, 180.5, -180.5, 0.0])),
         query={"region": {"polygons": [[[[180, 0]]]], "margin": 100e3}}, rows=[["", 179.5, 0], ["", -179.5, 0], ["", 180.5, 0], ["", -180.5, 0]])


def size_cases():
    def claims(f):
        for k in ("lat", "lon"):
            f.create_dataset(k, (1 << 40,), "f8", chunks=(1 << 20,), compression="gzip")
    case("more rows than there can be", claims, error="more than 268435456 rows", code="unsupported")
    case("coordinates never written", lambda f: [f.create_dataset(k, (1000,), "f8", chunks=(10,), fillvalue=200) for k in ("lat", "lon")], rows=[], stats={"rows": 1000, "invalid": 1000})

    n = 5000
    rng = np.random.default_rng(8)
    lat, lon, v = rng.uniform(-80, 80, n), rng.uniform(-180, 180, n), rng.integers(0, 100, n).astype("i2")

    def chunked(f):
        f.create_dataset("lat", data=lat, chunks=(97,), compression="gzip", shuffle=True)
        f.create_dataset("lon", data=lon, chunks=(311,), fletcher32=True)
        f["v"] = v
        f.create_dataset("q", data=v.astype("u1"), chunks=(64,), compression="lzf")
    inside = (lat >= 20) & (lat <= 50) & (lon >= -30) & (lon <= 40)
    box = {"planar": True, "polygons": [[[[-30, 20], [40, 20], [40, 50], [-30, 50]]]]}
    case("scattered rows", chunked, {"columns": [column("v")]}, {"columns": ["v"], "region": box, "rows": 16}, plain(v, keep=inside, lat=lat, lon=lon), stats={"rows": n})
    case("scattered rows by a filter", chunked, {"columns": [column("v")]}, {"columns": ["v"], "region": box, "filters": [
        {"column": "v", "element": -1, "op": "in", "values": [3, 5, 7, 70.5]}, {"column": "v", "element": -1, "op": "ne", "values": [5], "drop": False}]},
         plain(v, keep=inside & np.isin(v, [3, 7]), lat=lat, lon=lon))
    case("lzf", chunked, {"columns": [column("q")]}, {"columns": ["q"], "region": box}, plain(v.astype("u1"), keep=inside, lat=lat, lon=lon))


fill_cases()
axis_cases()
type_cases()
group_cases()
coordinate_cases()
size_cases()
with open(os.path.join(OUT, "cases.json"), "w") as out:
    json.dump(CASES, out, allow_nan=False)
print(len(CASES), "cases")
