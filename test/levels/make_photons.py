"""Writes a granule of one beam of photons on segments of 20 m along a meridian: make_photons.py FILE SEGMENTS ODD

Segments have 0 to 159 photons, which lie up to 10 m before, behind and beside their reference photon. Where ODD is
not 0, some photons belong to no segment, some coordinates are NaN, and some segments have no place."""

import sys

import h5py
import numpy as np


def main(path, segments, odd):
    rng = np.random.default_rng(1)
    count = rng.integers(0, 160, segments).astype("i4")
    count[rng.random(segments) < 0.05] = 0
    stray = np.where(rng.random(segments) < 0.002 * odd, 3, 0)  # photons of no segment, before each segment
    begin = np.cumsum(count + stray) - count + 1
    begin[count == 0] = 0
    photons = int((count + stray).sum())
    degree = 111_000.0
    place = 40 + np.arange(segments) * 20 / degree
    ref_lat, ref_lon = place.copy(), np.full(segments, -100.0)
    lat = np.repeat(place, count + stray) + rng.uniform(-10, 10, photons) / degree
    lon = -100 + rng.uniform(-10, 10, photons) / degree
    lat[rng.random(photons) < 0.0002 * odd] = np.nan
    lost = rng.random(segments) < 0.001 * odd
    ref_lat[lost] = np.nan
    with h5py.File(path, "w", libver=("earliest", "v110")) as f:
        heights, geo = f.create_group("gt1l/heights"), f.create_group("gt1l/geolocation")

        def put(group, name, data, rows):
            group.create_dataset(name, data=data, chunks=(rows, *data.shape[1:]))

        put(heights, "lat_ph", lat, 5000)
        put(heights, "lon_ph", lon, 5000)
        put(heights, "h_ph", rng.normal(100, 5, photons).astype("f4"), 5000)
        put(heights, "delta_time", np.arange(photons) * 1e-4, 5000)
        put(heights, "quality_ph", rng.integers(0, 3, photons).astype("i1"), 5000)
        put(heights, "signal_conf_ph", rng.integers(-2, 5, (photons, 5)).astype("i1"), 5000)
        put(geo, "ph_index_beg", begin.astype("i8"), 1000)
        put(geo, "segment_ph_cnt", count, 1000)
        put(geo, "segment_id", np.arange(segments, dtype="i4") + 7, 1000)
        put(geo, "reference_photon_lat", ref_lat, 1000)
        put(geo, "reference_photon_lon", ref_lon, 1000)
    print(photons)


def sparse(path, segments):
    """A granule of six beams of which only the photons of one in a hundred segments, from the middle on, are written: the rest of the
    file is holes, which no plan reads."""
    rng = np.random.default_rng(2)
    degree = 111_000.0
    with h5py.File(path, "w", libver=("earliest", "v110")) as f:
        for k, beam in enumerate(["gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"]):
            heights, geo = f.create_group(f"{beam}/heights"), f.create_group(f"{beam}/geolocation")
            count = rng.integers(0, 160, segments).astype("i4")
            begin = np.cumsum(count) - count + 1
            begin[count == 0] = 0
            photons = int(count.sum())
            place, west = 40 + np.arange(segments) * 20 / degree, -100 + 0.01 * k
            some = slice(segments // 2 - segments // 100, segments // 2 + segments // 50)
            rows = slice(int(count[: some.start].sum()), int(count[: some.stop].sum()))
            n = rows.stop - rows.start

            def holes(name, dtype, width, values):
                shape, plist = (photons,) if width == 1 else (photons, width), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
                plist.set_chunk((10_000, *shape[1:]))
                plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
                plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
                d = h5py.h5d.create(heights.id, name, h5py.h5t.py_create(np.dtype(dtype)), h5py.h5s.create_simple(shape), plist)
                if values is not None:
                    h5py.Dataset(d)[rows] = values.astype(dtype)

            holes(b"lat_ph", "f8", 1, np.repeat(place[some], count[some]) + rng.uniform(-10, 10, n) / degree)
            holes(b"lon_ph", "f8", 1, west + rng.uniform(-10, 10, n) / degree)
            holes(b"h_ph", "f4", 1, rng.normal(100, 5, n))
            holes(b"signal_conf_ph", "i1", 5, rng.integers(-2, 5, (n, 5)))
            holes(b"delta_time", "f8", 1, None)
            holes(b"dist_ph_along", "f4", 1, None)
            holes(b"quality_ph", "i1", 1, None)
            for name, data in (("ph_index_beg", begin.astype("i8")), ("segment_ph_cnt", count), ("segment_id", np.arange(segments, dtype="i4")),
                               ("reference_photon_lat", place), ("reference_photon_lon", np.full(segments, west))):
                geo.create_dataset(name, data=data, chunks=(10_000,), compression="gzip", compression_opts=1, shuffle=True)
    print(place[segments // 2])


if __name__ == "__main__":
    if sys.argv[3] == "sparse":
        sparse(sys.argv[1], int(sys.argv[2]))
        sys.exit()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
