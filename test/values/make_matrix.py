#!/usr/bin/env python3
"""Datasets of every type, byte order, packing and spelling of what is missing, and what xarray makes of them.

usage: python make_matrix.py OUT.h5 OUT.json

The JSON has a list of values by dataset, null where there is none. xarray (mask_and_scale) is the reference; valid_min, valid_max and
valid_range, which it leaves alone, are applied by numpy on the stored elements as the CF conventions have them, and so is HDF5's own
fill value where a dataset has no attribute.
"""
import itertools
import json
import sys
import warnings

import h5py
import numpy as np
import xarray as xr

ROWS = 24


def values(dtype, rng):
    """Elements of a type, its limits among them."""
    if dtype.kind == "f":
        v = rng.normal(0, 100, ROWS).round(2)
        v[:4] = [0, np.nan, -1.5, 7]
        return v.astype(dtype)
    info = np.iinfo(dtype)
    v = rng.integers(max(info.min, -1000), min(info.max, 1000), ROWS, endpoint=True)
    v[3:6] = [0, 1, 7]
    v = v.astype(dtype)
    v[0], v[1] = info.max, info.min
    return v


def packings():
    f8, f4 = np.float64, np.float32
    yield {}
    yield {"scale_factor": f8(0.001)}
    yield {"add_offset": f8(-12.5)}
    yield {"scale_factor": f8(0.01), "add_offset": f8(273.15)}
    yield {"scale_factor": np.array([0.5], "f4"), "add_offset": np.array([100], "f4")}
    yield {"scale_factor": f4(0.25)}


def fills(v, native):
    """Attributes that name elements 5 and 6 of v, and whether HDF5's own fill value is set."""
    a, b = v[5], v[6]
    yield {}, None
    yield {"_FillValue": a}, None
    yield {"_FillValue": np.array([a])}, b  # the attribute comes first
    yield {"missing_value": np.array([b])}, None
    yield {"missing_value": np.array([a, b])}, None
    yield {"_FillValue": a, "missing_value": b}, None
    yield {"_FillValue": a.astype(">f8" if v.dtype.itemsize < 8 else v.dtype)}, None  # another type
    yield {}, native


def valids(v):
    low, high = sorted([v[7], v[8]])
    if low == high:
        return
    yield {"valid_min": low}
    yield {"valid_max": high}
    yield {"valid_range": np.array([low, high])}


def main():
    rng = np.random.default_rng(1)
    native, valid = {}, {}
    with h5py.File(sys.argv[1], "w") as f:
        f["lat"], f["lon"] = np.full(ROWS, 10.0), np.full(ROWS, 20.0)
        n = itertools.count()

        def add(v, attrs, fill=None, order="<"):
            name = f"d{next(n):04d}"
            v = v.astype(v.dtype.newbyteorder(order))
            d = f.create_dataset(name, data=v, fillvalue=fill)
            for k, a in attrs.items():
                d.attrs[k] = a if isinstance(a, str) else np.asarray(a)
            return name

        for code, order in itertools.product(["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"], "<>"):
            dtype = np.dtype(code)
            for packing in itertools.islice(packings(), None, None, 1 if order == "<" else 3):
                if dtype.itemsize == 8 and any(np.asarray(a).dtype == np.float32 for a in packing.values()):
                    continue  # xarray compares fill values after it has rounded to float32
                v = values(dtype, rng)
                for fill, own in fills(v, v[9] if v[9] != 0 else v[5]):
                    name = add(v, {**packing, **fill}, own, order)
                    if own is not None and not fill:
                        native[name] = own
                for limits in valids(v):
                    valid[add(v, {**packing, "_FillValue": v[5], **limits}, None, order)] = True
            if dtype.kind in "iu":
                v = values(dtype, rng)
                flag = "true" if dtype.kind == "i" else "false"
                for packing in itertools.islice(packings(), None, None, 3):
                    add(v, {**packing, "_Unsigned": flag}, None, order)
                    add(v, {**packing, "_Unsigned": flag, "_FillValue": v[0] if dtype.itemsize < 8 else v[5]}, None, order)  # xarray compares as float64
        total = next(n)
    expected = {}
    with warnings.catch_warnings(), h5py.File(sys.argv[1]) as f:
        warnings.simplefilter("ignore")
        ds = xr.open_dataset(sys.argv[1], engine="h5netcdf", phony_dims="sort", decode_times=False)
        for i in range(total):
            name = f"d{i:04d}"
            raw, attrs = f[name][:], f[name].attrs
            want = ds[name].values.astype("f8")
            if name in native:
                fill = native[name]
                small = {"i1": -127, "u1": 255, "i2": -32767, "u2": 65535}
                if small.get(raw.dtype.str[1:]) != fill:
                    want[raw == fill] = np.nan
            if "_Unsigned" in attrs and "_FillValue" in attrs and raw.dtype.byteorder == ">":
                want[raw == attrs["_FillValue"]] = np.nan  # xarray 2026.9 takes this fill value for little-endian
            if name in valid:
                low, high = attrs.get("valid_range", (attrs.get("valid_min"), attrs.get("valid_max")))
                with np.errstate(invalid="ignore"):
                    if low is not None:
                        want[raw < low] = np.nan
                    if high is not None:
                        want[raw > high] = np.nan
            expected[name] = [None if np.isnan(x) else float(x) for x in want]
    json.dump(expected, open(sys.argv[2], "w"))


if __name__ == "__main__":
    main()
