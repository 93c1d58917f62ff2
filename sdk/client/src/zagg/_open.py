"""Open a store as a dataset."""
from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    import xarray

Store = Union[str, "os.PathLike[str]"]


def open_store(store: Store, *, decode: bool = True, chunks: Any = None, storage_options: dict[str, Any] | None = None) -> "xarray.Dataset":
    """A store as a lazy dataset: its cells, of a store of the whole sphere those of the shards that hold something, with
    xdggs's index if xdggs is installed and the cells are HEALPix's or H3's (`decode=False`: without).

    `chunks` is xarray's: `{}` gives dask arrays. Needs xarray and zarr-python (`pip install zagg[xarray]`).
    """
    import xarray
    import zarr

    address = os.fspath(store)
    root = zarr.open_group(address, mode="r", storage_options=storage_options)
    made = root.attrs.get("zagg")
    if made is None:
        raise ValueError(f"{address}: zagg did not write this store: its root has no attribute zagg")
    group = str(_parsed(made)["group"])
    ds: xarray.Dataset = xarray.open_zarr(address, group=group, chunks=chunks, storage_options=storage_options)
    origin = _parsed(ds.attrs["zagg"])
    if origin["layout"] == "fullsphere" and "cells" in ds.dims:
        ds = ds.isel(cells=_rows(root[group]))
    if decode and origin["grid"] in ("healpix", "h3") and "cell_ids" in ds.variables:
        try:
            import xdggs
        except ModuleNotFoundError:
            return ds
        ds = xdggs.decode(ds)
    return ds


def _parsed(value: Any) -> dict[str, Any]:
    """An attribute with parts: JSON text, or an object in stores of earlier versions."""
    return json.loads(value) if isinstance(value, str) else dict(value)


def _rows(group: Any) -> Any:
    """The positions of the cells of shards that have an object."""
    import numpy as np
    from zarr.core.sync import sync

    array = group["cell_ids"]
    size = (array.shards or array.chunks)[0]
    blocks = sorted(sync(_blocks(array)))
    return np.concatenate([np.arange(b * size, (b + 1) * size) for b in blocks]) if blocks else np.zeros(0, int)


async def _blocks(array: Any) -> list[int]:
    at = array.store_path
    return [int(name) async for name in at.store.list_dir(f"{at.path}/c") if name.isdigit()]
