"""Archives of every kind with changes (make), and the naive rewrite by zipfile that a patch must equal (check)."""
import base64, io, json, os, random, stat, struct, subprocess, sys, zipfile, zlib

NAMES = ["bootstrap", "manifest.json", "a/b.txt", "a/c", "z", "lib/x.py", "ünï/ç.txt", "日本.bin", "With Space+plus.txt", "UPPER", "upper", "d/e/f/g", "0", "conf.yaml"]


def content(r):
    kind = r.randrange(5)
    if kind == 0:
        return b""
    if kind == 1:
        return r.randbytes(r.randrange(1, 3000))
    if kind == 2:
        return b"text and again " * r.randrange(1, 4000)
    if kind == 3:
        return zipfile_signature_noise(r)
    return r.randbytes(r.randrange(1, 60))


def zipfile_signature_noise(r):
    return b"".join(r.choice([b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08", b"\0\0", b"x"]) for _ in range(r.randrange(1, 50)))


class Unseekable(io.RawIOBase):  # makes zipfile write data descriptors
    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, b):
        self.data += b
        return len(b)


def archive(r, path):
    if r.random() < 0.15:
        return infozip(r, path)
    out = Unseekable() if r.random() < 0.3 else io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name in r.sample(NAMES, r.randrange(0, len(NAMES))):
            i = zipfile.ZipInfo(name, (r.randrange(1980, 2107), r.randrange(1, 13), r.randrange(1, 28), r.randrange(24), r.randrange(60), 2 * r.randrange(30)))
            i.compress_type = r.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
            i.create_system = r.choice([0, 3, 3, 19])
            i.external_attr = r.choice([0o100644, 0o100755, 0o120777, 0o104750, 0]) << 16 | r.choice([0, 0x20])
            i.internal_attr = r.choice([0, 1])
            i.comment = r.choice([b"", b"a comment", b"PK\x05\x06" + bytes(18)])
            i.extra = r.choice([b"", struct.pack("<HHBl", 0x5455, 5, 1, 10**9), struct.pack("<HHBBIBI", 0x7875, 11, 1, 4, 501, 4, 20)])
            with z.open(i, "w", force_zip64=r.random() < 0.2) as f:
                f.write(content(r))
        if r.random() < 0.3:
            d = zipfile.ZipInfo("folder/", (2001, 2, 3, 4, 5, 6))
            d.external_attr, d.create_system = (stat.S_IFDIR | 0o755) << 16 | 0x10, 3
            z.writestr(d, b"")
        z.comment = r.choice([b"", b"of the archive", b"x" * 3000])
    data = bytes(out.data if isinstance(out, Unseekable) else out.getvalue())
    if r.random() < 0.2:
        data = b"#!/bin/sh\nexec something\n" + r.randbytes(r.randrange(100)) + data
    with open(path, "wb") as f:
        f.write(data)


def infozip(r, path):
    folder = path + ".dir"
    os.makedirs(os.path.join(folder, "sub"))
    for name in ["one", "sub/two", "umläut"]:
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content(r))
    os.symlink("one", os.path.join(folder, "link"))
    flags = r.choice([["-ry"], ["-ry0"], ["-ryX"], ["-ry", "-fz"], ["-r", "-fd"]])
    subprocess.run(["zip", "-q"] + flags + [os.path.abspath(path), "."], cwd=folder, check=True)


def changes(r, path):
    with zipfile.ZipFile(path) as z:
        there = [i.filename for i in z.infolist() if not i.is_dir()]
    edits = []
    for name in r.sample(there, r.randrange(0, len(there) + 1)) if there else []:
        edits.append([name, None if r.random() < 0.2 else base64.b64encode(content(r)).decode()])
    for name in r.sample(["new", "a/new.txt", "nöw/€.cfg", "Bootstrap"] , r.randrange(0, 4)):
        if name not in there:
            edits.append([name, base64.b64encode(content(r)).decode()])
    r.shuffle(edits)
    return edits


def described(info, data):
    if info.flag_bits & 0x800 or info.filename.isascii():
        utf8 = info.filename.isascii() or bool(info.flag_bits & 0x800)
    else:
        utf8 = False
    extra, rest = {}, info.extra
    while len(rest) >= 4:
        id, n = struct.unpack("<HH", rest[:4])
        if id != 1:
            extra[id] = rest[4:4 + n]
        rest = rest[4 + n:]
    return [info.filename, data, info.external_attr, info.internal_attr, info.create_system, info.date_time, info.comment, utf8, extra]


def naive(path, edits):
    """What a rewrite by zipfile gives: entries with their attributes, and whether the method counts."""
    new = {n: None if t is None else base64.b64decode(t) for n, t in edits}
    want = []
    with zipfile.ZipFile(path) as z:
        comment = z.comment
        for i in z.infolist():
            if i.filename not in new:
                want.append(described(i, z.read(i)) + [i.compress_type])
            elif new[i.filename] is not None:
                want.append(described(i, new[i.filename]) + [i.compress_type if i.compress_type == 0 else 8])
        there = set(z.namelist())
    for n, t in edits:
        if n not in there:
            want.append([n, new[n], 0o100755 << 16, 0, 3, (1980, 1, 1, 0, 0, 0), b"", True, {}, None])
    return want, comment


def check(before, after, edits):
    want, comment = naive(before, edits)
    with zipfile.ZipFile(after) as z:
        assert z.testzip() is None
        got = [described(i, z.read(i)) + [i.compress_type] for i in z.infolist()]
        assert z.comment == comment
    for g, w in zip(got, want):
        if w[-1] is None:
            g[-1] = None
        assert g == w, (before, edits, g[0], w[0], [a for a, b in zip(g, w) if a != b], [b for a, b in zip(g, w) if a != b])
    assert len(got) == len(want), (before, [g[0] for g in got], [w[0] for w in want])
    if want:
        out = subprocess.run(["unzip", "-tqq", after], capture_output=True, text=True, errors="replace")
        # 1: a warning (bytes of a stub, names of another coding); 81: a method that unzip was not built with.
        assert out.returncode in (0, 1, 81) , (after, out.returncode, out.stdout, out.stderr)


def main():
    mode, folder = sys.argv[1], sys.argv[2]
    if mode == "make":
        r = random.Random(int(sys.argv[3]))
        for k in range(int(sys.argv[4])):
            path = os.path.join(folder, f"{k}.zip")
            archive(r, path)
            with open(os.path.join(folder, f"{k}.json"), "w") as f:
                json.dump(changes(r, path), f)
    else:
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                stem = os.path.join(folder, name[:-5])
                with open(stem + ".json") as f:
                    check(stem + ".zip", stem + ".out", json.load(f))


main()
