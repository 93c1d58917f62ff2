"""Compares what `zagg h5 show FILE / --recursive --json` prints with what h5py reads.

usage: zagg h5 show FILE / --recursive --json | check.py - FILE

Every link, object, datatype, shape, chunk shape, filter, fill value and attribute, and the SHA-256 of all values, must be
the same. What h5py itself cannot read is listed and passed over; an object that zagg calls unsupported counts as a
difference unless its values lie in other files.
"""

import base64
import hashlib
import json
import math
import struct
import sys

import h5py
import numpy as np
from h5py import h5a, h5d, h5o, h5p, h5r, h5s, h5t

CLASSES = {h5t.INTEGER: "integer", h5t.FLOAT: "float", h5t.TIME: "time", h5t.STRING: "string", h5t.BITFIELD: "bitfield", h5t.OPAQUE: "opaque",
           h5t.COMPOUND: "compound", h5t.REFERENCE: "reference", h5t.ENUM: "enum", h5t.VLEN: "vlen", h5t.ARRAY: "array"}
PADDING = {h5t.STR_NULLTERM: "null-terminated", h5t.STR_NULLPAD: "null-padded", h5t.STR_SPACEPAD: "space-padded"}
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scaleoffset", 32000: "lzf"}


def name(b):
    return b.decode("utf8", "surrogateescape")


def tree(t):
    """The datatype as zagg describes it, but for the address of a committed one."""
    cls = t.get_class()
    d = {"class": CLASSES[cls], "size": t.get_size()}
    if cls in (h5t.INTEGER, h5t.FLOAT, h5t.BITFIELD, h5t.TIME):
        if d["size"] > 1:
            d["byte_order"] = {h5t.ORDER_LE: "little", h5t.ORDER_BE: "big"}[t.get_order()]
        if cls == h5t.INTEGER:
            d["signed"] = t.get_sign() == h5t.SGN_2
        if cls in (h5t.INTEGER, h5t.FLOAT) and (t.get_precision() != 8 * d["size"] or t.get_offset()):
            d["precision"] = t.get_precision()
            if t.get_offset():
                d["bit_offset"] = t.get_offset()
        if cls == h5t.FLOAT and not ieee(t):
            sign, exp, esize, man, msize = t.get_fields()
            d["bits"] = {"sign": sign, "exponent": exp, "exponent_size": esize, "mantissa": man, "mantissa_size": msize,
                         "bias": t.get_ebias(), "implied": t.get_norm() == h5t.NORM_IMPLIED}
    elif cls == h5t.STRING:
        if t.is_variable_str():
            d["variable"] = True
            d["size"] = 16  # in the file: a count, an address and an index
        d["padding"] = PADDING[t.get_strpad()]
        d["charset"] = {h5t.CSET_ASCII: "ascii", h5t.CSET_UTF8: "utf-8"}[t.get_cset()]
    elif cls == h5t.OPAQUE:
        d["tag"] = name(t.get_tag())
    elif cls == h5t.REFERENCE:
        d["to"] = "region" if t.equal(h5t.STD_REF_DSETREG) else "object"
        d["size"] = 12 if d["to"] == "region" else 8
    elif cls == h5t.COMPOUND:
        d["members"] = [{"name": name(t.get_member_name(i)), "offset": t.get_member_offset(i), "type": tree(t.get_member_type(i))}
                        for i in range(t.get_nmembers())]
    elif cls == h5t.ENUM:
        d["base"] = tree(t.get_super())
        d["values"] = [{"name": name(t.get_member_name(i)), "value": t.get_member_value(i)} for i in range(t.get_nmembers())]
    elif cls == h5t.VLEN:
        d["size"], d["base"] = 16, tree(t.get_super())
    elif cls == h5t.ARRAY:
        d["dims"], d["base"] = list(t.get_array_dims()), tree(t.get_super())
    return d


def ieee(t):
    return any(t.equal(o) for o in (h5t.IEEE_F16LE, h5t.IEEE_F16BE, h5t.IEEE_F32LE, h5t.IEEE_F32BE, h5t.IEEE_F64LE, h5t.IEEE_F64BE))


def without_sizes(d):
    """h5py tells sizes and offsets of compounds with heap elements as they are in memory, and values of big enums swapped."""
    if isinstance(d, dict):
        return {k: without_sizes(v) for k, v in d.items() if k not in ("size", "offset", "committed")}
    return [without_sizes(v) for v in d] if isinstance(d, list) else d


def flat(a):
    """The elements of an array as arrays of one element."""
    a = np.asarray(a).reshape(-1)
    return [a[i:i + 1] for i in range(a.size)]


def pack(out, a, dtype):
    """Appends the elements of an array as zagg packs them."""
    if dtype.subdtype:
        pack(out, a, dtype.subdtype[0])
    elif dtype.fields:
        for e in flat(a):
            for n in dtype.names:
                pack(out, e[n], dtype.fields[n][0])
    elif dtype.kind == "O":
        for e in flat(a):
            pack_object(out, e[0], dtype)
    elif dtype.kind in "SV":
        out.append(np.ascontiguousarray(a).tobytes())
    else:
        out.append(np.ascontiguousarray(a, dtype=dtype.newbyteorder("<")).tobytes())


def text(v):
    return v.encode("utf8", "surrogateescape") if isinstance(v, str) else bytes(v or b"")


def items(v, base):
    if not isinstance(v, np.ndarray):
        return np.zeros(0, base)
    return v.view(base) if base.kind in "iuf" else v  # h5py 3.16 calls big-endian elements native


def pack_object(out, v, dtype):
    if h5py.check_ref_dtype(dtype):
        out.append(struct.pack("<Q", address(v)))
        return
    part = []
    if h5py.check_string_dtype(dtype):
        part.append(text(v))
    else:
        base = h5py.check_vlen_dtype(dtype)
        pack(part, items(v, base), base)
    part = b"".join(part)
    out.append(struct.pack("<I", len(part)) + part)


def address(ref):
    if not ref:
        return 0 if not isinstance(ref, h5r.RegionReference) else 2**64 - 1
    return h5o.get_info(h5r.dereference(ref, FILE.id)).addr


def as_json(a, dtype, shape, t):
    """Values as zagg writes them to JSON."""
    if shape:
        step = len(a) // shape[0] if shape[0] else 0
        return [as_json(a[i * step:(i + 1) * step], dtype, shape[1:], t) for i in range(shape[0])] if len(a) else []
    e = a[0]
    if dtype.subdtype:
        base, dims = dtype.subdtype
        return as_json(flat(e), base, dims, t.get_super())
    if dtype.fields:
        return {n: as_json([e[n]], dtype.fields[n][0], (), t.get_member_type(i)) for i, n in enumerate(dtype.names)}
    if dtype.kind == "c":
        return {"r": number(e[0].real), "i": number(e[0].imag)}
    if dtype.kind == "V":
        return {"base64": base64.b64encode(e.tobytes()).decode()}
    if dtype.kind == "S":
        return string(e[0])
    if dtype.kind == "O":
        v = e.reshape(-1)[0]
        if h5py.check_ref_dtype(dtype):
            return reference(v)
        if h5py.check_string_dtype(dtype):
            return string(text(v))
        base = h5py.check_vlen_dtype(dtype)
        v = items(v, base)
        return as_json(flat(v), base, (len(v),), t.get_super())
    return number(e.reshape(-1)[0])


def reference(v):
    if not v:
        return None
    d = {"address": address(v)}
    path = PATHS.get(d["address"])
    if path:
        d["path"] = path
    return d


def string(b):
    try:
        return bytes(b).decode("utf8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(bytes(b)).decode()}


def number(v):
    v = v.item()
    if isinstance(v, float) and not math.isfinite(v):
        return "NaN" if v != v else "Infinity" if v > 0 else "-Infinity"
    return v


def read(reader, shape, t, dtype):
    a = np.zeros(shape, dtype=dtype)
    if a.size:
        reader(a, h5t.py_create(dtype) if dtype.subdtype else None)
    if dtype.subdtype:  # numpy makes dimensions of the array type
        return a, [a.reshape((-1,) + dtype.subdtype[1])[i] for i in range(int(np.prod(shape)))]
    return a, flat(a)


def sha(a, dtype):
    out = []
    pack(out, a, dtype)
    return hashlib.sha256(b"".join(out)).hexdigest()


def shape_of(space):
    return None if space.get_simple_extent_type() == h5s.NULL else list(space.get_simple_extent_dims())


class Checker:
    def __init__(self, described):
        self.wrong, self.skipped, self.counts = [], [], {}
        self.described = {}
        for o in described:
            if o["path"] in self.described:
                self.wrong.append(o["path"] + ": described twice")
            self.described[o["path"]] = o

    def same(self, at, what, want, have):
        if want != have or (isinstance(want, float) and math.copysign(1, want) != math.copysign(1, have)):
            self.wrong.append("%s: %s: h5py has %r, zagg %r" % (at, what, want, have))

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def attempt(self, at, do):
        """Does what h5py may not be able to."""
        try:
            return do()
        except (OSError, TypeError, ValueError, RuntimeError, KeyError) as e:
            self.skipped.append("%s: h5py: %s %s" % (at, type(e).__name__, e))
            return None

    def link(self, path, kind, **more):
        o = self.described.pop(path, None)
        self.count(kind)
        if o is None:
            self.wrong.append("%s: a %s that zagg does not list" % (path, kind))
            return None
        self.same(path, "kind", kind, o["kind"])
        for k, v in more.items():
            self.same(path, k, v, o.get(k))
        return o

    def object(self, obj, path):
        kind = {h5py.Group: "group", h5py.Dataset: "dataset", h5py.Datatype: "datatype"}[type(obj)]
        o = self.link(path, kind, address=h5o.get_info(obj.id).addr)
        if o is None:
            return
        if "error" in o and not (kind == "dataset" and (obj.is_virtual or obj.external)):
            self.wrong.append("%s: zagg cannot read it: %s" % (path, o["error"]))
            return
        if kind == "dataset":
            self.dataset(obj.id, path, o)
        elif kind == "datatype":
            self.attempt(path, lambda: self.same(path, "type", without_sizes(tree(obj.id)), without_sizes(o["datatype"])))
        names = [h5a.open(obj.id, index=i).name for i in range(h5a.get_num_attrs(obj.id))]
        self.same(path, "attributes", sorted(name(n) for n in names), sorted(o["attributes"]))
        for n in names:
            at = path + "@" + name(n)
            self.count("attribute")
            self.attempt(at, lambda: self.attribute(h5a.open(obj.id, n), at, o["attributes"].get(name(n), {})))

    def attribute(self, a, at, o):
        shape = shape_of(a.get_space())
        self.same(at, "shape", shape, o.get("shape"))
        self.same(at, "type", without_sizes(tree(a.get_type())), without_sizes(o.get("datatype")))
        if shape is None:
            self.same(at, "value", None, o.get("value"))
            return
        dtype = a.dtype
        array, elements = read(lambda b, m: a.read(b, mtype=m), a.shape, a.get_type(), dtype)
        self.same(at, "sha256", sha(array, dtype), o.get("sha256"))
        self.same(at, "value", as_json(elements, dtype, a.shape, a.get_type()), o.get("value"))

    def dataset(self, d, path, o):
        space, props = d.get_space(), d.get_create_plist()
        shape = shape_of(space)
        self.same(path, "shape", shape, o["shape"])
        if shape is not None:
            most = [None if n == h5s.UNLIMITED else n for n in space.get_simple_extent_dims(True)]
            self.same(path, "max_shape", most, o["max_shape"])
        layout = {h5d.COMPACT: "compact", h5d.CONTIGUOUS: "contiguous", h5d.CHUNKED: "chunked", h5d.VIRTUAL: "virtual"}[props.get_layout()]
        self.same(path, "storage", layout, o["storage"])
        self.same(path, "chunk_shape", list(props.get_chunk()) if layout == "chunked" else None, o["chunk_shape"])
        filters = [props.get_filter(i) for i in range(props.get_nfilters())]
        self.same(path, "filters", [(f[0], list(f[2]), bool(f[1] & 1)) for f in filters],
                  [(f["id"], f["params"], f["optional"]) for f in o["filters"]])
        self.same(path, "filter names", [FILTERS[f[0]] for f in filters if f[0] in FILTERS],
                  [f["name"] for f in o["filters"] if f["id"] in FILTERS])
        self.attempt(path, lambda: self.same(path, "type", without_sizes(tree(d.get_type())), without_sizes(o["datatype"])))
        if layout == "chunked" and shape is not None and "chunks" in o:
            self.attempt(path, lambda: self.chunks(d, path, o["chunks"]))
        if "error" not in o:
            self.attempt(path, lambda: self.values(d, path, o, props))

    def chunks(self, d, path, chunks):
        """The bytes at the addresses; HDF5 2.0.0 itself tells wrong ones where another than the first dimension is unlimited."""
        self.same(path, "number of chunks", d.get_num_chunks(), len(chunks))
        for c in chunks:
            mask, data = d.read_direct_chunk(tuple(c["start"]))
            RAW.seek(c["address"])
            self.same(path, "chunk %s" % c["start"], data, RAW.read(c["size"]))
            if c["mask"] != 2**32 - 1:  # a chunk at the edge that is not filtered has no mask of its own
                self.same(path, "mask of chunk %s" % c["start"], mask, c["mask"])

    def values(self, d, path, o, props):
        dtype = d.dtype
        if shape_of(d.get_space()) is None:
            self.same(path, "sha256", hashlib.sha256(b"").hexdigest(), o.get("sha256"))
            return
        array, _ = read(lambda b, m: d.read(h5s.ALL, h5s.ALL, b, mtype=m), d.shape, d.get_type(), dtype)
        self.same(path, "sha256", sha(array, dtype), o.get("sha256"))
        if dtype.kind in "iufSc" and props.fill_value_defined() != h5d.FILL_VALUE_UNDEFINED:
            fill = np.zeros((), dtype)
            props.get_fill_value(fill)
            self.same(path, "fill_value", as_json(flat(fill), dtype, (), d.get_type()), o["fill_value"])

    def walk(self, obj, path, seen):
        seen[h5o.get_info(obj.id).addr] = path
        self.object(obj, path)
        if not isinstance(obj, h5py.Group):
            return
        for n in obj:
            at = path.rstrip("/") + "/" + n
            link = obj.get(n, getlink=True)
            if isinstance(link, h5py.SoftLink):
                self.link(at, "soft link", target=link.path)
            elif isinstance(link, h5py.ExternalLink):
                self.link(at, "external link", target=link.path, file=link.filename)
            else:
                child = obj[n]
                first = seen.get(h5o.get_info(child.id).addr)
                if first:
                    self.link(at, "hard link", target=first)
                else:
                    self.walk(child, at, seen)


def paths(obj, path, out):
    addr = h5o.get_info(obj.id).addr
    if addr in out:
        return
    out[addr] = path
    if isinstance(obj, h5py.Group):
        for n in obj:
            if isinstance(obj.get(n, getlink=True), h5py.HardLink):
                paths(obj[n], path.rstrip("/") + "/" + n, out)


def main():
    global FILE, PATHS, RAW
    described = json.load(sys.stdin if sys.argv[1] == "-" else open(sys.argv[1]))
    FILE, PATHS, RAW = h5py.File(sys.argv[2], "r"), {}, open(sys.argv[2], "rb")
    paths(FILE["/"], "/", PATHS)
    c = Checker(described)
    c.walk(FILE["/"], "/", {})
    c.wrong += ["%s: h5py has no such link" % p for p in c.described]
    for line in c.skipped:
        print("passed over", line)
    print(", ".join("%d × %s" % (n, k) for k, n in c.counts.items()), "; %d passed over" % len(c.skipped))
    if c.wrong:
        sys.exit("\n".join(c.wrong))


if __name__ == "__main__":
    main()
