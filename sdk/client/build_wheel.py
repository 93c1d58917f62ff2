#!/usr/bin/env python3
"""Make a wheel of the package zagg that carries the program of one platform.

usage: python3 build_wheel.py --out DIR [--goos linux --goarch amd64] [--binary PATH] [--version V]

Without --binary the program is built from this checkout, for the platform given or this one, without cgo (and so without
the grid h3). The same files make the same wheel, byte for byte.
"""
import argparse
import base64
import hashlib
import io
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
TAGS = {
    ("linux", "amd64"): "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    ("linux", "arm64"): "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    ("darwin", "amd64"): "macosx_12_0_x86_64",
    ("darwin", "arm64"): "macosx_12_0_arm64",
    ("windows", "amd64"): "win_amd64",
    ("windows", "arm64"): "win_arm64",
}


def build(goos: str, goarch: str) -> bytes:
    """The program, static and without paths of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "zagg"
        env = {**os.environ, "GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"}
        subprocess.run(["go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(out), "./cmd/zagg"], cwd=HERE.parents[1], env=env, check=True)
        return out.read_bytes()


def project() -> tuple[str, str]:
    """Version and metadata, from pyproject.toml and README.md."""
    text = (HERE / "pyproject.toml").read_text()
    value = lambda key: re.search(rf'^{key} = "(.*)"$', text, re.M)[1]
    extras = re.search(r"\[project\.optional-dependencies\]\n(.*?)\n\n", text, re.S)[1]
    lines = ["Metadata-Version: 2.1", "Name: zagg", "Version: {version}", f"Summary: {value('description')}",
             f"Requires-Python: {value('requires-python')}", "Description-Content-Type: text/markdown"]
    for name, needs in re.findall(r"^(\w+) = \[(.*)\]$", extras, re.M):
        lines.append(f"Provides-Extra: {name}")
        lines += [f'Requires-Dist: {need}; extra == "{name}"' for need in re.findall(r'"([^"]+)"', needs)]
    return value("version"), "\n".join(lines) + "\n\n" + (HERE / "README.md").read_text()


def files(binary: bytes, goos: str, version: str, metadata: str) -> dict[str, bytes]:
    """The wheel's files but for RECORD, by path."""
    info = f"zagg-{version}.dist-info"
    out = {f"zagg/{p.name}": p.read_bytes() for p in sorted((HERE / "src" / "zagg").iterdir()) if p.suffix == ".py" or p.name == "py.typed"}
    out["zagg/bin/zagg" + (".exe" if goos == "windows" else "")] = binary
    out[f"{info}/METADATA"] = metadata.replace("{version}", version).encode()
    out[f"{info}/entry_points.txt"] = b"[console_scripts]\nzagg = zagg._program:main\n"
    return out


def wheel(contents: dict[str, bytes], version: str, tag: str) -> bytes:
    """The zip: a fixed date, files in order, the program executable."""
    info = f"zagg-{version}.dist-info"
    tags = "".join(f"Tag: py3-none-{t}\n" for t in tag.split("."))
    contents = {**contents, f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: zagg build_wheel\nRoot-Is-Purelib: false\n{tags}".encode()}
    record = "".join(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
                     for name, data in contents.items())
    contents[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as z:
        for name, data in contents.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if name.startswith("zagg/bin/") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(entry, data)
    return body.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--goos", default="linux" if sys.platform.startswith("linux") else {"darwin": "darwin", "win32": "windows"}.get(sys.platform))
    parser.add_argument("--goarch", default={"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower()))
    parser.add_argument("--binary", type=pathlib.Path, help="the program; built if it is not given")
    parser.add_argument("--version", help="default: pyproject.toml's")
    args = parser.parse_args()
    tag = TAGS.get((args.goos, args.goarch))
    if tag is None:
        parser.error(f"no wheel for {args.goos}/{args.goarch}; have {', '.join('/'.join(t) for t in TAGS)}")
    version, metadata = project()
    version = args.version or version
    binary = args.binary.read_bytes() if args.binary else build(args.goos, args.goarch)
    path = args.out / f"zagg-{version}-py3-none-{tag}.whl"
    path.write_bytes(wheel(files(binary, args.goos, version, metadata), version, tag))
    print(path)


if __name__ == "__main__":
    main()
