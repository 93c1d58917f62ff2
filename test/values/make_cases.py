#!/usr/bin/env python3
"""Datasets whose attributes cannot be applied, and coordinates and filters whose attributes can.

usage: python make_cases.py OUT.h5 OUT.json GRANULE.h5

Every group of the file is a case: lat, lon, v. GRANULE.h5 is one beam of an ATL06 granule with times of November 2024. The JSON says of each what an error must name, or which values of v are left, in order.
"""
import json
import sys

import h5py
import numpy as np

V = np.arange(1, 7, dtype="i2")
LAT, LON = np.linspace(10, 15, 6), np.linspace(20, 25, 6)
CASES = {}


def case(f, name, v=V, lat=LAT, lon=LON, attrs=None, error="", left=None, filters=(), fills=None):
    g = f.create_group(name)
    for key, data in (("v", v), ("lat", lat), ("lon", lon)):
        d = g.create_dataset(key, data=data, fillvalue=(fills or {}).get(key))
        for k, a in (attrs or {}).get(key, {}).items():
            d.attrs[k] = a
    CASES[name] = {"error": error, "left": [] if left is None else [float(x) for x in left], "filters": list(filters)}


def compare(op, *values, drop=False):
    return {"Column": "v", "Element": -1, "Op": op, "Values": list(values), "Drop": drop}


def refused(f):
    for i, (name, value) in enumerate({
        "_FillValue": "-9999", "missing_value": np.bytes_(b"none"), "scale_factor": "0.001", "add_offset": np.array([1.0, 2.0]), "valid_min": "0",
        "valid_range": np.array([1, 2, 3], "i2"), "valid_max": np.int16(-32768), "_Unsigned": "perhaps",
    }.items()):
        attrs = {name: value}
        if name == "valid_max":
            attrs["valid_min"] = np.int16(5)
        case(f, f"refused{i}", attrs={"v": attrs}, error="valid_max" if name == "valid_max" else name)
    case(f, "zero", attrs={"v": {"scale_factor": 0.0}}, error="scale_factor")
    case(f, "short", attrs={"v": {"valid_range": np.array([1], "i2")}}, error="valid_range")
    case(f, "coordinate", attrs={"lat": {"_FillValue": "none"}}, error="lat")


def coordinates(f):
    lon = LON.copy()
    lon[[1, 4]] = 0, -999
    case(f, "fill", lon=lon, attrs={"lon": {"_FillValue": 0.0}}, left=[1, 3, 4, 6])
    case(f, "range", lat=LAT, attrs={"lat": {"valid_max": 13.0}}, left=[1, 2, 3, 4])
    packed = np.round(LON * 1e6).astype("i4")
    packed[2] = -1
    case(f, "packed", lon=packed, attrs={"lon": {"scale_factor": 1e-6, "_FillValue": np.int32(-1)}}, left=[1, 2, 4, 5, 6])
    small = np.array([1, 2, 3, 4, 5, 6], ">i2")
    case(f, "packed16", lat=small, attrs={"lat": {"scale_factor": np.float32(0.5), "add_offset": np.float32(10)}}, left=V)
    single = LON.astype("f4")
    single[3] = 3.4028235e38
    case(f, "single", lon=single, left=[1, 2, 3, 5, 6])


def filtered(f):
    fill = {"v": {"_FillValue": np.int16(3)}}
    case(f, "ge", attrs=fill, filters=[compare("ge", "2")], left=[2, 4, 5, 6])
    case(f, "eq", attrs=fill, filters=[compare("eq", "3")], left=[])
    case(f, "ne", attrs=fill, filters=[compare("ne", "4")], left=[1, 2, np.nan, 5, 6])
    case(f, "notge", attrs=fill, filters=[compare("ge", "5", drop=True)], left=[1, 2, np.nan, 4])
    case(f, "unpacked", attrs={"v": {"scale_factor": 0.1, "_FillValue": np.int16(6)}}, filters=[compare("gt", "0.35")], left=[0.4, 0.5])
    case(f, "flags", attrs={"v": {"flag_values": V, "flag_meanings": "a b c d e f"}}, left=V)
    case(f, "byte", v=np.array([0, 1, 255, 7, 255, 9], "u1"), fills={"v": 255}, left=[0, 1, 255, 7, 255, 9])
    case(f, "own", v=np.array([0, 1, 254, 7, 254, 9], "u1"), fills={"v": 254}, left=[0, 1, np.nan, 7, np.nan, 9])


def granule(path):
    with h5py.File(path, "w") as f:
        g = f.create_group("gt1l/land_ice_segments")
        n = 500
        g["latitude"], g["longitude"] = np.linspace(-78, -77.8, n), np.linspace(-110, -109.9, n)
        g["h_li"] = np.linspace(100, 120, n).astype("f4")
        seconds = (np.datetime64("2024-11-02") - np.datetime64("2018-01-01")) / np.timedelta64(1, "s")
        g["delta_time"] = seconds + np.linspace(0, 60, n)


def main():
    granule(sys.argv[3])
    with h5py.File(sys.argv[1], "w") as f:
        refused(f)
        coordinates(f)
        filtered(f)
    for c in CASES.values():
        c["left"] = [None if np.isnan(x) else x for x in c["left"]]
    json.dump(CASES, open(sys.argv[2], "w"))


if __name__ == "__main__":
    main()
