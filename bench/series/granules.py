"""Make granules that look like ATL06, a catalog of them, and what the benchmark needs to run on them.

usage: granules.py FOLDER [TRACKS]

Straight tracks across Greenland, six beams each, 20 m between segments; the same numbers at every run. FOLDER gets granules/,
items.json (STAC items with footprints) and copies of the targets and configurations beside this file. Needs h5py and numpy.
"""

import datetime
import json
import pathlib
import shutil
import sys

import h5py
import numpy as np

BEAMS = {"gt1l": -3.345, "gt1r": -3.255, "gt2l": -0.045, "gt2r": 0.045, "gt3l": 3.255, "gt3r": 3.345}  # km across the track
SEGMENTS = 30_000  # a beam: 600 km
KM_PER_DEGREE = 111.2
FILL = np.float32(3.4028235e38)


def track(number):
    """Latitudes and longitudes in degrees of the reference track: from 70 to 75.4 degrees north, around 42 degrees west."""
    lat = 70.0 + np.arange(SEGMENTS) * 0.020 / KM_PER_DEGREE
    lean = 0.9 if number % 2 else -0.9  # ascending and descending tracks cross
    lon = -42.0 + 0.25 * (number % 7 - 3) + lean * (lat - 72.5)
    return lat, lon


def write(path, number):
    random = np.random.default_rng(number)
    lat0, lon0 = track(number)
    with h5py.File(path, "w", track_order=True) as f:
        f.attrs["short_name"] = "ATL06"
        for beam, across in BEAMS.items():
            lat = lat0
            lon = lon0 + across / (KM_PER_DEGREE * np.cos(np.radians(lat0)))
            height = 2500 + 400 * np.sin(np.radians(40 * lat)) + 200 * np.cos(np.radians(25 * lon)) + random.normal(0, 0.1, SEGMENTS)
            height = height.astype("f4")
            height[random.random(SEGMENTS) < 0.02] = FILL
            g = f.create_group(f"{beam}/land_ice_segments")
            columns = {
                "latitude": lat,
                "longitude": lon,
                "h_li": height,
                "h_li_sigma": random.uniform(0.01, 0.1, SEGMENTS).astype("f4"),
                "atl06_quality_summary": (random.random(SEGMENTS) < 0.1).astype("i1"),
                "delta_time": 2.0e8 + number * 1.0e5 + np.arange(SEGMENTS) * 0.0028,
            }
            for name, values in columns.items():
                d = g.create_dataset(name, data=values, chunks=(10_000,), compression="gzip", compression_opts=6, shuffle=values.dtype.kind == "i")
                if name == "h_li":
                    d.attrs["_FillValue"] = FILL


def footprint(number):
    """Outline of the six beams, 4 km to both sides of the track."""
    lat, lon = (a[:: SEGMENTS // 20] for a in track(number))
    off = 4 / (KM_PER_DEGREE * np.cos(np.radians(lat)))
    ring = [[x, y] for x, y in zip(lon + off, lat)] + [[x, y] for x, y in zip((lon - off)[::-1], lat[::-1])]
    ring.append(ring[0])
    return [[round(x, 6), round(y, 6)] for x, y in ring]


def item(path, number, day):
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": path.name,
        "collection": "ATL06_007",
        "geometry": {"type": "Polygon", "coordinates": [footprint(number)]},
        "properties": {"datetime": day.strftime("%Y-%m-%dT12:00:00Z")},
        "links": [],
        "assets": {"data": {"href": str(path.resolve()), "type": "application/x-hdf5", "roles": ["data"]}},
    }


def main(folder, tracks=12):
    out = pathlib.Path(folder)
    (out / "granules").mkdir(parents=True, exist_ok=True)
    items = []
    for number in range(tracks):
        day = datetime.date(2024, 3, 1) + datetime.timedelta(days=number)
        path = out / "granules" / f"ATL06_{day:%Y%m%d}120000_{100 + number:04d}2203_007_01.h5"
        if not path.exists():
            write(path, number)
        items.append(item(path, number, day))
    (out / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    here = pathlib.Path(__file__).parent
    for name in ("targets.json", "atl06_healpix.yaml", "atl06_rectilinear.yaml"):
        shutil.copy(here / name, out / name)
    (out / "shardmaps").mkdir(exist_ok=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
