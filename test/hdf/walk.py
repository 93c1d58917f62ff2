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
            self.seen = {}  # address in the file: id at the service
            self.group("/", ours, theirs)
            self.references(theirs)
        ours.close()

    def references(self, theirs):
        """Each reference must be the id under which its object was met."""
        for at, mine, want in REFERENCES:
            self.count("references")
            if not want:
                allowed = [""]
            else:
                try:
                    o = theirs[want]
                except Exception:  # noqa: BLE001 — a subset of a granule keeps references to what it left out
                    self.limit("references that lead nowhere")
                    continue
                uuid = self.seen.get(h5py.h5o.get_info(o.id).addr)
                if not uuid:  # no link leads to it, or it was left out
                    continue
                allowed = [f"{collection(o)}/{uuid}", uuid]  # 1.0 makes an id of one that is an attribute
            if text(mine) not in allowed:
                self.differ(at, "reference", mine, allowed)
        REFERENCES.clear()

    def group(self, name, ours, theirs):
        if not self.first(name, ours, theirs):
            return
        self.attributes(name, ours, theirs)
        self.count("groups")
        mine, want = sorted(ours), sorted(theirs)
        if mine != want:
            self.differ(name, "links", mine[:5], len(mine), want[:5], len(want))
        for k in want:
            if k in mine:
                self.link(name.rstrip("/") + "/" + k, ours, theirs, k)

    def first(self, at, ours, theirs):
        """Whether an object is met for the first time; by another link it must have the same id."""
        address, uuid = h5py.h5o.get_info(theirs.id).addr, ours.id.id
        known = self.seen.setdefault(address, "")
        if known and known != uuid:
            self.differ(at, "is", uuid, "and by another link", known)
        self.seen[address] = uuid
        return not known

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
        elif not self.first(at, mine, want):
            return
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
            why = unsupported(theirs.attrs.get_id(k).dtype, None)
            if why:
                self.limit(why)
                continue
            self.count("attributes")
            try:
                m = ours.attrs[k]
            except Exception as e:  # noqa: BLE001
                self.differ(at, "attribute", k, repr(e), "is", repr(w)[:100])
                continue
            if not same(m, w, at):
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
        if theirs.is_virtual:
            self.virtual(at, ours)
            return
        vlen = h5py.check_vlen_dtype(theirs.dtype)
        swapped = isinstance(vlen, np.dtype) and vlen.byteorder == ">"
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
            if not same(mine, want, at):
                self.differ(at, what, args, repr(mine)[:200], repr(want)[:200])

    def virtual(self, at, ours):
        """The service describes a dataset that is put together from others, and says that it does not read it."""
        self.count("virtual")
        try:
            self.differ(at, "is virtual and was read", ours[()])
        except OSError as e:
            if "501" not in str(e):
                self.differ(at, "virtual", repr(e))

    def selections(self, d):
        """What to read: everything, slabs with steps, lists, masks, points and single members."""
        shape = d.shape
        if d.size < 1 << 24:
            yield "whole", ()
        if not shape or 0 in shape:
            return
        for _ in range(SLABS):
            parts = []
            for n in shape:
                a = self.rng.randrange(n)
                b = self.rng.randrange(a, min(n, a + (1 << 16))) + 1
                parts.append(self.rng.choice([slice(a, b), slice(a, b, self.rng.randrange(1, 4)), a, slice(None) if n < 1 << 20 else slice(a, b)]))
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
        plain = [n for n in d.dtype.names or () if not d.dtype[n].names]  # 1.0 asks for what is in the member
        if plain and len(shape) == 1:
            yield "members", (plain[0],)


def h5type(d):
    """The type with the array that numpy makes dimensions of."""
    return d.id.get_type().dtype


def unsupported(dtype, d):
    """Types that the client, or its way of asking, cannot do with any server."""
    if OLD and d is not None and dtype.subdtype:
        return "0.24: datasets of arrays"
    if OLD and any(t.subdtype and t.subdtype[0].names for t in members(dtype)):
        return "0.24: arrays of compounds"
    if OLD and d is None and (dtype.subdtype or dtype.kind == "V" and not dtype.names):
        return "0.24: attributes that are arrays or opaque"
    if any(h5py.check_ref_dtype(t) is h5py.RegionReference for t in members(dtype)):
        return "region references"
    return None


def members(dtype):
    """A type and all within it."""
    yield dtype
    for n in dtype.names or ():
        yield from members(dtype.fields[n][0])
    if dtype.subdtype:
        yield from members(dtype.subdtype[0])
    vlen = h5py.check_vlen_dtype(dtype)
    if isinstance(vlen, np.dtype):
        yield from members(vlen)


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
    vlen = h5py.check_vlen_dtype(b)
    if isinstance(vlen, np.dtype):
        return same_dtype(h5py.check_vlen_dtype(a), vlen)
    return h5py.check_string_dtype(a) is not None and h5py.check_string_dtype(b) is not None


def collection(o):
    return {h5py.Group: "groups", h5py.Dataset: "datasets", h5py.Datatype: "datatypes"}[type(o)]


def text(v):
    return v.decode("utf-8", "surrogateescape") if isinstance(v, bytes) else v


REFERENCES = []  # (where, what the client gave, what h5py gave): compared when all objects were met


def same(a, b, at=""):
    """Equality of what both libraries give for one value."""
    if isinstance(b, h5py.Empty):
        return isinstance(a, h5pyd.Empty) or a is None or (hasattr(a, "dtype") and a.dtype == b.dtype)
    if isinstance(b, h5py.Reference):
        if isinstance(a, np.ndarray) and a.size == 1:
            a = a.ravel()[0]
        REFERENCES.append((at, a if isinstance(a, bytes) else repr(a) if a else "", b))
        return True
    if isinstance(b, (str, bytes)) or isinstance(a, (str, bytes)):
        return text(a) == text(b)
    x, y = np.asarray(a), np.asarray(b)
    if y.size == 0 and y.ndim == 1 and x.shape == () and a == 0:
        return True  # h5pyd makes a 0 of an empty sequence
    if x.shape != y.shape:
        return x.size == 1 and y.size == 1 and same(x.ravel()[0], y.ravel()[0], at)
    if y.dtype.kind == "c" and x.dtype.names:
        return same(x["r"], y.real) and same(x["i"], y.imag)
    if y.dtype.names:
        return x.dtype.names == y.dtype.names and all(same(x[n], y[n], at) for n in y.dtype.names)
    if y.dtype.kind in "mM":
        return x.tobytes() == y.tobytes()
    if y.dtype.kind == "O" or x.dtype.kind == "O":
        if y.shape == ():
            p, q = x[()], y[()]
            return same(p, q, at) if type(p) is not np.ndarray or p.shape or p.dtype != x.dtype else p == q
        return all(same(p, q, at) for p, q in zip(x.ravel(), y.ravel()))
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
