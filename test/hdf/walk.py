"""Compares what h5pyd reads from a service with what h5py reads from the file, object by object.

usage: walk.py DOMAIN=FILE ...

The service is HS_ENDPOINT. Prints each difference on a line, then how much was compared; the exit code is 1 if there was a
difference. What the client cannot do with any server is named in CLIENT and counted.
"""

import os
import random
import sys

import h5py
import numpy as np

import h5pyd

OLD = h5pyd.__version__.startswith("0.")
SEED = int(os.environ.get("SEED", "1"))
SLABS = int(os.environ.get("SLABS", "4"))


class Walk:
    def __init__(self, domain, path):
        self.domain, self.path = domain, path
        self.differences, self.compared, self.client = 0, {}, {}
        self.rng = random.Random(f"{SEED} {domain}")

    def differ(self, what, *args):
        self.differences += 1
        print(f"{self.domain} {what}:", *args)

    def count(self, what):
        self.compared[what] = self.compared.get(what, 0) + 1

    def limit(self, why):
        self.client[why] = self.client.get(why, 0) + 1

    def run(self):
        ours = h5pyd.File(self.domain, "r")
        with h5py.File(self.path) as theirs:
            self.seen = set()
            self.group("/", ours, theirs)
        ours.close()

    def group(self, name, ours, theirs):
        self.attributes(name, ours, theirs)
        key = h5py.h5o.get_info(theirs.id).addr
        if key in self.seen:
            return
        self.seen.add(key)
        self.count("groups")
        mine, want = sorted(ours), sorted(theirs)
        if mine != want:
            self.differ(name, "links", mine[:5], len(mine), want[:5], len(want))
        for k in want:
            if k in mine:
                self.link(name.rstrip("/") + "/" + k, ours, theirs, k)

    def link(self, at, ours, theirs, k):
        self.count("links")
        try:
            kind = theirs.get(k, getlink=True)
        except (TypeError, ValueError):
            return  # h5py knows no links of other kinds
        if not isinstance(kind, h5py.HardLink):
            mine = ours.get(k, getlink=True)
            if type(mine).__name__ != type(kind).__name__ or mine.path != kind.path:
                self.differ(at, "link", mine, kind)
            return
        try:
            want = theirs[k]
        except Exception:  # noqa: BLE001 — h5py cannot open it
            self.limit("h5py cannot open an object")
            return
        if isinstance(want, h5py.Dataset):
            try:
                want.dtype
            except Exception:  # noqa: BLE001
                self.limit("h5py has no dtype")
                return
            why = unsupported(h5type(want), want)
            if why:
                self.limit(why)
                return
        try:
            mine = ours[k]
        except Exception as e:  # noqa: BLE001
            self.differ(at, "cannot be opened", repr(e))
            return
        if type(mine).__name__.replace("Table", "Dataset") != type(want).__name__:  # a Table is a Dataset of a compound type
            self.differ(at, "is a", type(mine), type(want))
        elif isinstance(want, h5py.Group):
            self.group(at, mine, want)
        elif isinstance(want, h5py.Dataset):
            self.attributes(at, mine, want)
            self.dataset(at, mine, want)
        else:
            self.count("types")
            self.attributes(at, mine, want)
            if not same_dtype(mine.dtype, want.dtype):
                self.differ(at, "type", mine.dtype, want.dtype)

    def attributes(self, at, ours, theirs):
        mine, want = sorted(ours.attrs), sorted(theirs.attrs)
        if mine != want:
            self.differ(at, "attributes", mine, want)
        for k in want:
            try:
                w = theirs.attrs[k]
            except Exception:  # noqa: BLE001
                self.limit("h5py cannot read an attribute")
                continue
            why = unsupported_attribute(theirs.attrs.get_id(k), w)
            if why:
                self.limit(why)
                continue
            self.count("attributes")
            try:
                m = ours.attrs[k]
            except Exception as e:  # noqa: BLE001
                self.differ(at, "attribute", k, repr(e), "is", repr(w)[:100])
                continue
            if not same(m, w):
                self.differ(at, "attribute", k, repr(m)[:100], repr(w)[:100])

    def dataset(self, at, ours, theirs):
        self.count("datasets")
        if ours.shape != theirs.shape or not same_dtype(ours.dtype, theirs.dtype):
            self.differ(at, "is", ours.shape, ours.dtype, "not", theirs.shape, theirs.dtype)
            return
        if theirs.shape is not None and 0 not in theirs.maxshape and ours.maxshape != theirs.maxshape:  # no client tells 0 from unlimited; 0.24 has no maxshape of a null dataspace
            self.differ(at, "maxshape", ours.maxshape, theirs.maxshape)
        if theirs.chunks and tuple(ours.chunks) != theirs.chunks:
            self.differ(at, "chunks", ours.chunks, theirs.chunks)
        if theirs.shape is None:
            return
        vlen = h5py.check_vlen_dtype(theirs.dtype)
        swapped = isinstance(vlen, np.dtype) and vlen.byteorder == ">"
        references = h5py.check_dtype(ref=theirs.dtype) is not None
        for what, args in self.selections(theirs):
            try:
                want = theirs[args]
            except Exception:  # noqa: BLE001 — the file's filters or storage are not h5py's
                self.limit("h5py cannot read values")
                return
            if swapped:  # h5py 3.16 hands out big-endian elements of sequences as native ones
                want = np.array([*map(lambda v: v.view(vlen), np.ravel(want)), None], dtype=object)[:-1].reshape(np.shape(want))
            self.count(what)
            try:
                mine = ours[args]
            except Exception as e:  # noqa: BLE001
                self.differ(at, what, args, repr(e))
                continue
            if references:
                mine, want = names(ours.file, mine), names(theirs.file, want)
                if set(mine) <= {"datasets", "groups", "datatypes", None}:
                    want = [collection(theirs.file[n]) if n else None for n in want]
            if not same(mine, want):
                self.differ(at, what, args, repr(mine)[:200], repr(want)[:200])

    def selections(self, d):
        """What to read: everything, slabs with steps, lists, masks, points and single members."""
        yield "whole", ()
        shape = d.shape
        if not shape or 0 in shape:
            return
        for _ in range(SLABS):
            parts = []
            for n in shape:
                a = self.rng.randrange(n)
                b = self.rng.randrange(a, n) + 1
                parts.append(self.rng.choice([slice(a, b), slice(a, b, self.rng.randrange(1, 4)), a, slice(None)]))
            yield "slabs", tuple(parts)
        variable = d.dtype.hasobject
        if variable:
            return  # h5pyd asks for points and lists of these in JSON of its own
        axis = self.rng.randrange(len(shape))
        few = sorted(self.rng.sample(range(shape[axis]), min(shape[axis], 5)))
        if "NO_POINTS" in os.environ:  # 0.24 cannot send points as an event
            return
        yield "lists", tuple([few if i == axis else slice(0, min(n, 3)) for i, n in enumerate(shape)])
        if len(shape) == 1 and shape[0] > 3 and not d.dtype.names:
            yield "masks", (np.arange(shape[0]) % 3 == 0,)
        if d.dtype.names and len(shape) == 1:
            yield "members", (d.dtype.names[0],)


def h5type(d):
    """The type with the array that numpy makes dimensions of."""
    return d.id.get_type().dtype


def unsupported(dtype, d):
    """Types that the client, or its way of asking, cannot do with any server."""
    if dtype.kind == "V" and dtype.subdtype is None and dtype.names is None and dtype.metadata:
        return "opaque with a tag of numpy's own"
    if dtype.subdtype and OLD and d is not None:
        return "0.24: datasets of arrays"
    if dtype.names:
        for n in dtype.names:
            base = dtype[n].subdtype[0] if dtype[n].subdtype else dtype[n]
            if dtype[n].subdtype and (base.names or base.hasobject) and OLD:
                return "0.24: arrays of compounds"
            why = unsupported(base, None)
            if why:
                return why
            if base.hasobject and not base.names and h5py.check_string_dtype(dtype.fields[n][0]) is None:
                return "compounds with references or sequences"
    vlen = h5py.check_vlen_dtype(dtype)
    if isinstance(vlen, np.dtype) and (vlen.names or vlen.hasobject):
        return "sequences of compounds or sequences"
    if h5py.check_ref_dtype(dtype) is h5py.RegionReference:
        return "region references"
    if d is not None and h5py.check_ref_dtype(dtype) is not None and d.ndim > 1:
        return "references in more than one dimension"
    return None


def unsupported_attribute(aid, value):
    if aid.dtype.kind == "f" and aid.dtype.itemsize > 8:
        return "long double"
    return unsupported(aid.dtype, None)


def same_dtype(a, b):
    if b.kind == "f" and b.itemsize > 8:
        return True
    if b.kind == "c":
        return a == b or a.names == ("r", "i")  # h5pyd knows no complex numbers
    if h5py.check_ref_dtype(b) is not None:
        return a.kind == "O" or a == np.dtype("S48")  # 0.24, 1.0
    if b.names:  # the service packs
        return a.names == b.names and all(same_dtype(a[n], b[n]) for n in b.names)
    if b.subdtype:
        return bool(a.subdtype) and a.subdtype[1] == b.subdtype[1] and same_dtype(a.subdtype[0], b.subdtype[0])
    if b.kind in "mM":
        return a == np.dtype("V8")  # h5pyd does not look at the tag
    if a == b:
        return True
    return a.kind == "O" and b.kind == "O"


def names(f, values):
    """The names of what references point to."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "S":  # 1.0 gives the texts
        return [text(v).split("/")[0] if v else None for v in values.ravel()]
    if isinstance(values, bytes):
        return [text(values).split("/")[0]]
    flat = np.atleast_1d(np.asarray(values, dtype=object)).ravel() if not isinstance(values, (h5py.Reference, h5pyd.Reference)) else [values]
    return [f[r].name if r else None for r in flat]


def collection(o):
    return {h5py.Group: "groups", h5py.Dataset: "datasets", h5py.Datatype: "datatypes"}[type(o)]


def text(v):
    return v.decode("utf-8", "surrogateescape") if isinstance(v, bytes) else v


def same(a, b):
    """Equality of what both libraries give for one value."""
    if isinstance(b, h5py.Empty):
        return isinstance(a, h5pyd.Empty) or a is None or (hasattr(a, "dtype") and a.dtype == b.dtype)
    if isinstance(b, (h5py.Reference, h5py.RegionReference)):
        return True  # compared by name in datasets
    if isinstance(b, (str, bytes)) or isinstance(a, (str, bytes)):
        return text(a) == text(b)
    x, y = np.asarray(a), np.asarray(b)
    if y.size == 0 and y.ndim == 1 and x.shape == () and a == 0:
        return True  # h5pyd makes a 0 of an empty sequence
    if x.shape != y.shape:
        return x.size == 1 and y.size == 1 and same(x.ravel()[0], y.ravel()[0])
    if y.dtype.kind == "c" and x.dtype.names:
        return same(x["r"], y.real) and same(x["i"], y.imag)
    if y.dtype.names:
        return all(same(x[n], y[n]) for n in y.dtype.names)
    if y.dtype.kind in "mM":
        return x.tobytes() == y.tobytes()
    if (y.dtype.kind == "O" or x.dtype.kind == "O") and y.shape == ():
        return x[()] == y[()] or not x[()] and not y[()]
    if y.dtype.kind == "O" or x.dtype.kind == "O":
        return all(same(p, q) for p, q in zip(x.ravel(), y.ravel()))
    if y.dtype.kind in "fc":
        return x.dtype.kind in "fci" and np.array_equal(x, y, equal_nan=True)
    return np.array_equal(x, y)


def main():
    total, client, bad = {}, {}, 0
    for pair in sys.argv[1:]:
        domain, path = pair.split("=", 1)
        w = Walk(domain, path)
        w.run()
        bad += w.differences
        for k, v in w.compared.items():
            total[k] = total.get(k, 0) + v
        for k, v in w.client.items():
            client[k] = client.get(k, 0) + v
    print(h5pyd.__version__, "compared", total, "left out", client)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
