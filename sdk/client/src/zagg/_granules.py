"""What is taken for granules: addresses, and the results of earthaccess and STAC searches."""
from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Union

Granules = Union[str, "os.PathLike[str]", Iterable[Any]]


def addresses(granules: Granules) -> list[str]:
    """The addresses of granules: a path, folder, glob or URL; results of `earthaccess.search_data`; items of a STAC search, as
    pystac has them or as JSON; or a list of any of them."""
    if isinstance(granules, (str, os.PathLike)):
        return [os.fspath(granules)]
    several: Iterable[Any] = granules
    if isinstance(granules, dict) and granules.get("type") == "FeatureCollection":
        several = granules["features"]
    elif isinstance(granules, dict) or hasattr(granules, "data_links") or hasattr(granules, "to_dict"):
        several = [granules]
    found = [_address(g) for g in several]
    if not found:
        raise ValueError("no granule was given")
    return found


def _address(granule: Any) -> str:
    if isinstance(granule, (str, os.PathLike)):
        return os.fspath(granule)
    if hasattr(granule, "data_links"):  # earthaccess.DataGranule, which is a dict of UMM-G
        return _data(granule.data_links())
    if hasattr(granule, "to_dict"):  # pystac.Item
        granule = granule.to_dict()
    if isinstance(granule, dict) and isinstance(granule.get("assets"), dict):
        return _stac(granule)
    if isinstance(granule, dict) and "umm" in granule:
        urls = granule["umm"].get("RelatedUrls", [])
        return _data([u["URL"] for u in urls if u.get("Type") == "GET DATA"])
    raise TypeError(f"not a granule: {type(granule).__name__}; want an address, a result of earthaccess, or an item of STAC")


def _stac(item: dict[str, Any]) -> str:
    assets = item["assets"]
    data = [a["href"] for a in assets.values() if "data" in (a.get("roles") or [])]
    return _data(data or [a["href"] for a in assets.values()])


def _data(links: list[str]) -> str:
    """The one that holds the measurements."""
    for link in links:
        if link.lower().split("?")[0].endswith((".h5", ".hdf5", ".he5", ".nc", ".nc4")):
            return link
    raise ValueError(f"a granule has no HDF5 file among its links {links[:5]}")
