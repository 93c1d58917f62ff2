"""Prints every object, attribute and value of HDF5 files as h5py reads them, for comparison with core/h5.

usage: compare.py FILE…

Of several files each begins with a line "file NAME". One line for each object that hard links reach, by its first path, and for each attribute: shape, and the beginning of the
SHA-256 of the values packed in C order and little-endian. Anything of variable length is its bytes after their count (4
bytes, little-endian). The Go side is dump in core/h5.
"""

import hashlib
import struct
import sys

import h5py
import numpy as np



def packed(value, dtype):
    """The packed bytes of an array of a dtype."""
    out = []
    one(out, np.asarray(value), dtype)
    return b"".join(out)


def one(out, a, dtype):
    if dtype.subdtype:
        base = dtype.subdtype[0]
        return one(out, a, base)
    if dtype.fields:
        flat = a.reshape(-1)
        for i in range(flat.size):
            for name in dtype.names:
                one(out, flat[i:i + 1][name], dtype.fields[name][0])
        return
    if dtype.kind == "O":
        return objects(out, a, dtype)
    if dtype.kind in "SV":
        return out.append(np.ascontiguousarray(a).tobytes())
    out.append(np.ascontiguousarray(a, dtype=dtype.newbyteorder("<")).tobytes())


def objects(out, a, dtype):
    vlen, ref = h5py.check_vlen_dtype(dtype), h5py.check_ref_dtype(dtype)
    for v in a.reshape(-1):
        if h5py.check_string_dtype(dtype):
            b = v.encode("utf8", "surrogateescape") if isinstance(v, str) else bytes(v or b"")
        elif ref is not None:
            out.append(reference(v))
            continue
        elif vlen is not None:
            # h5py 3.16 hands out big-endian elements as native ones, unswapped
            b = packed(v.view(vlen) if vlen.kind in "iuf" else v, vlen) if isinstance(v, np.ndarray) else b""
        else:
            raise TypeError(dtype)
        out.append(struct.pack("<I", len(b)) + b)


def reference(ref):
    """References are the address in the file of what they point to; there may be nothing."""
    if not ref:
        return bytes(8) if isinstance(ref, h5py.h5r.Reference) and not isinstance(ref, h5py.RegionReference) else b"\xff" * 8
    obj = h5py.h5r.dereference(ref, FILE.id)
    return struct.pack("<Q", h5py.h5o.get_info(obj).addr)


def describe(space, dtype, read):
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        shape, data = (), b""
    else:
        shape = space.get_simple_extent_dims()
        data = packed(read(), dtype)
    return "[%s] %s" % (" ".join(map(str, shape)), hashlib.sha256(data).hexdigest()[:16])


def memory(dtype):
    """The type to read as, where h5py cannot tell it from the array's: numpy makes dimensions of array types."""
    return h5py.h5t.py_create(dtype) if dtype.subdtype else None


def attempt(make):
    try:
        return make()
    except (OSError, TypeError, ValueError, RuntimeError, KeyError) as e:
        return "error " + type(e).__name__ + " " + str(e)


def attribute(aid):
    space = aid.get_space()
    dtype = aid.dtype
    def read():
        a = np.zeros(aid.shape, dtype=dtype)
        if a.size:
            aid.read(a, mtype=memory(dtype))
        return a
    return describe(space, dtype, read)


def dataset(d):
    space = d.id.get_space()
    if d.is_virtual or d.external:
        return "error unsupported"

    def read():
        a = np.zeros(d.id.shape, dtype=d.id.dtype)
        if a.size:
            d.id.read(h5py.h5s.ALL, h5py.h5s.ALL, a, mtype=memory(d.id.dtype))
        return a
    return describe(space, d.id.dtype, read)


def walk(obj, path, seen):
    addr = h5py.h5o.get_info(obj.id).addr
    if addr in seen:
        return
    seen.add(addr)
    if isinstance(obj, h5py.Dataset):
        print("dataset", path, attempt(lambda: dataset(obj)))
    else:
        print("group" if isinstance(obj, h5py.Group) else "datatype", path)
    names = []
    for i in range(h5py.h5a.get_num_attrs(obj.id)):
        names.append(h5py.h5a.open(obj.id, index=i).name)
    for name in names:
        aid = h5py.h5a.open(obj.id, name)
        print("attribute %s@%s %s" % (path, name.decode("utf8", "surrogateescape"), attempt(lambda: attribute(aid))))
    if not isinstance(obj, h5py.Group):
        return
    for name in obj:
        link = obj.get(name, getlink=True)
        at = path + name
        if isinstance(link, h5py.SoftLink):
            print("soft %s -> %s" % (at, link.path))
        elif isinstance(link, h5py.ExternalLink):
            print("external %s -> %s:%s" % (at, link.filename, link.path))
        else:
            child = obj[name]
            walk(child, at + ("/" if isinstance(child, h5py.Group) else ""), seen)


for name in sys.argv[1:]:
    if len(sys.argv) > 2:
        print("file", name)
    with h5py.File(name, "r") as FILE:
        walk(FILE["/"], "/", set())
