"""The program's commands as functions."""
from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from ._granules import Granules, addresses
from ._open import Store, open_store
from ._program import call
from ._progress import Show, shown

if TYPE_CHECKING:
    import xarray

Config = Union[str, "os.PathLike[str]", "dict[str, Any]"]


@contextmanager
def config_file(config: Config) -> Iterator[str]:
    """A configuration as a file: a path or the name of a shipped one as it is, a mapping written to a file meanwhile."""
    if not isinstance(config, dict):
        yield os.fspath(config)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config))
        yield str(path)


def flags(options: dict[str, Any]) -> list[str]:
    """Keyword arguments as flags: max_workers=8 is --max-workers=8, True a flag alone, None and False nothing. The four numbers of
    bbox are one value."""
    out = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if name == "bbox" and isinstance(value, (list, tuple)):
            value = ",".join(str(v) for v in value)
        if value is True:
            out.append(flag)
        elif isinstance(value, (list, tuple)):
            out += [f"{flag}={v}" for v in value]
        elif value is not None and value is not False:
            out.append(f"{flag}={value}")
    return out


def run_summary(config: Config, granules: Granules | None, store: Store, progress: Show, options: dict[str, Any],
                env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run and give the summary."""
    show = shown(progress)
    with config_file(config) as path, tempfile.TemporaryDirectory() as folder:
        args = ["run", "--config", path, "--store", os.fspath(store), "--json", *flags(options)]
        if granules is not None:
            args += _granule_flags(addresses(granules), Path(folder) / "granules.txt")
        if show is None:
            args.append("--quiet")
        accept = (0, 3) if options.get("allow_missing") else (0,)
        return dict(json.loads(call(args, show, accept, env) or "{}"))


def _granule_flags(given: list[str], file: Path) -> list[str]:
    """Few addresses as flags, where they may be folders and globs; many, which must be files, in a list."""
    if len(given) <= 100:
        return flags({"granules": given})
    file.write_text("\n".join(given) + "\n")
    return ["--granules", f"@{file}"]


def run(config: Config, granules: Granules | None = None, store: Store = "", *, catalog: Store | None = None,
        progress: Show = True, **options: Any) -> "xarray.Dataset":
    """Read granules, give each observation its cell, compute the configured statistics, and open the store.

    config: a file, the name of a shipped configuration (atl06), or the configuration itself as a mapping.
    granules: files, folders, globs, s3:// and https:// addresses, results of earthaccess or STAC; or catalog, a shard map.
    store: a path or s3://bucket/key. A run that was stopped goes on where it was when it is called again.
    progress: True shows it, False does not, a function is called with each line.
    options: the flags of `zagg run` with underscores: overwrite=True, max_workers=8, backend="lambda", yes=True.

    Raises ZaggError; KeyboardInterrupt when it is interrupted, after the shards under way are finished or given up.
    """
    if not store:
        raise ValueError("store is missing: a path or s3://bucket/key")
    if (granules is None) == (catalog is None):
        raise ValueError("want either granules or catalog")
    run_summary(config, granules, store, progress, {**options, "catalog": None if catalog is None else os.fspath(catalog)})
    return open_store(store)


def plot(store: Store, variable: str, output: Store | None = None, *, title: str | None = None, **options: Any) -> Any:
    """Draw a variable as a map: into a file (.png, .svg), or, without one, as an image that a notebook shows."""
    args = ["plot", os.fspath(store), variable, *flags({"title": title, **options})]
    if output is not None:
        call([*args, "--output", os.fspath(output)])
        return Path(output)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "map.png"
        call([*args, "--output", str(path)])
        return Picture(path.read_bytes())


class Picture:
    """A PNG that notebooks show; its bytes are `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def _repr_png_(self) -> bytes:
        return self.data


def shardmap(config: Config, output: Store, *, progress: Show = False, **options: Any) -> dict[str, Any]:
    """Find which granules meet which shards (`zagg catalog`) and write it to a file; gives the shard map.

    options: the flags of `zagg catalog` with underscores: short_name="ATL06", cycle=22, polygon="antarctica.geojson".
    """
    with config_file(config) as path:
        call(["catalog", "--config", path, "--output", os.fspath(output), *flags(options)], shown(progress))
    return dict(json.loads(Path(output).read_text()))


def cost(catalog: Store, **options: Any) -> dict[str, Any]:
    """What a shard map would cost on Lambda (`zagg cost --json`): dollars and seconds, before they are spent."""
    return dict(json.loads(call(["cost", os.fspath(catalog), "--json", *flags(options)])))
